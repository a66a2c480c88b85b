import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { openLibrary } from '../src/library/open.ts';
import { generate } from '../src/simulator/generate.ts';
import { type Simulator, startSimulator } from '../src/simulator/simulator.ts';
import { ownLibrary } from './support/commands.ts';
import { temporaryFolder } from './support/pictures.ts';
import { start, stowage, stowageProgram } from './support/program.ts';
import { at, type Place } from './support/wholeLibrary.ts';

/** Of characters that are written otherwise in an address, in JSON and in HTML. */
const secrets = {
  key: 'Kq7+vX/2mZ==.%41&"Zt9',
  wrongKey: 'Wr0ng+Ap1/Key=%42&"x7',
  password: 'Pa55+w0rd/%43=&x8',
  proxyPassword: 'Pr0xy/Pa55+%44=&x9',
  databasePassword: 'Db/Pa55+%45=&x0',
  header: 'T0ken+of/Gate=%46&"y1',
  secret: 'S3cret+to/Seal=%47&"y2',
};

/** Every way in which a secret may be written. */
function forms(secret: string): string[] {
  const inAddress = encodeURIComponent(secret);
  // Inside a longer text, base64 depends on where the secret begins; the first and last characters on what is around.
  const base64 = [0, 1, 2].map((before) =>
    Buffer.from('\0'.repeat(before) + secret)
      .toString('base64')
      .slice(before === 0 ? 0 : 4, -4),
  );
  return [
    secret,
    inAddress,
    inAddress.toLowerCase(),
    new URLSearchParams({ x: secret }).toString().slice(2),
    JSON.stringify(secret).slice(1, -1),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    Buffer.from(secret).toString('hex'),
  ];
}

/** The secrets that a text tells, by name. */
const told = (text: string): string[] =>
  Object.entries(secrets).flatMap(([name, secret]) =>
    forms(secret)
      .filter((form) => text.includes(form))
      .map((form) => `${name} as ${form}`),
  );

test('no secret is in any output, file or row, whatever goes well or wrong', async (t) => {
  const folder = await temporaryFolder(t);
  const temporary = path.join(folder, 'tmp');
  await mkdir(temporary);
  const keyFile = path.join(folder, 'key');
  await writeFile(keyFile, secrets.key);
  const stash = await library(t);
  const gateway = await echoing(t);
  const outputs: { [run: string]: string } = {};
  const places: Place[] = [
    { data: path.join(folder, 'embedded') },
    { data: path.join(folder, 'external'), url: (await ownLibrary(t)).url },
  ];
  for (const place of places) {
    const run = async (words: string[], exitCode: number, env = {}) => {
      const more = { TMPDIR: temporary, STOWAGE_DEBUG: '1', STOWAGE_SECRET: secrets.secret };
      const { code, stdout, stderr } = await stowage([...words, ...at(place)], {
        env: { ...more, ...env },
      });
      assert.equal(code, exitCode, `${words[0]}: ${stdout}${stderr}`);
      outputs[`${Object.keys(outputs).length} ${words.join(' ')}`] = stdout + stderr;
    };
    const from = ['--from', stash.url];
    const inEnvironment = { STOWAGE_API_KEY: secrets.key };
    const withKey = ['--api-key', secrets.key];
    await run(['migrate', ...from, '--api-key', secrets.wrongKey], 1);
    stash.faults.add(echo(stash, 'Scenes', 403));
    await run(['migrate', ...from, '--via', 'graphql', '--json'], 1, inEnvironment);
    stash.faults.clear();
    await killed(['migrate', ...from, '--via', 'graphql', ...at(place)], inEnvironment, stash);
    stash.faults.add(echo(stash, 'picture', 500));
    await run(['migrate', ...from, '--api-key-file', keyFile], 3);
    stash.faults.clear();
    await run(['migrate', ...from, '--header', `X-Gate: ${secrets.header}`, ...withKey], 0);
    const asked = `${stash.url}?apikey=${encodeURIComponent(secrets.key)}`;
    await run(['verify', '--from', asked, '--json'], 0);
    const user = `//someone:${encodeURIComponent(secrets.password)}@`;
    await run(
      ['verify', '--from', stash.url.replace('//', user), '--via', 'tables'],
      0,
      inEnvironment,
    );
    // By the key that is remembered, which a server says back.
    stash.faults.add(echo(stash, 'Counts', 500));
    await run(['verify', '--via', 'graphql', '--json'], 1);
    stash.faults.clear();
    await run(['sync', '--json'], 0);
    await run(['sources', '--json'], 0);
    await run(['sources', 'resolve', 'main', '--as-new', 'other'], 0);
    await run(['sync', '--name', 'other', ...from.with(1, asked)], 0);
    await run(['doctor', ...from, ...withKey], 0);
    await run(['export', '--as', 'main', '--out', path.join(folder, 'out')], 0);
    if (place.url !== undefined) continue; // these come to no library
    for (const address of [gateway, gateway.replace('//', user)]) {
      for (const command of ['migrate', 'doctor']) {
        const words = [command, '--from', address, '--header', `X-Gate: ${secrets.header}`];
        await run([...words, ...withKey], command === 'doctor' ? 3 : 1);
      }
    }
    const proxy = `http://a:${encodeURIComponent(secrets.proxyPassword)}@127.0.0.1:9`;
    await run(['migrate', ...from, '--proxy', proxy], 1, inEnvironment);
  }
  const database = `postgres://a:${encodeURIComponent(secrets.databasePassword)}@127.0.0.1:9/x`;
  const { stdout, stderr } = await stowage(
    ['verify', '--from', stash.url, '--database', database, ...['--data', folder]],
    { env: { STOWAGE_DEBUG: '1', STOWAGE_API_KEY: secrets.key } },
  );
  outputs.database = stdout + stderr;

  const leaks: string[] = [];
  for (const [run, output] of Object.entries(outputs)) {
    for (const leak of told(output)) leaks.push(`${leak}: ${run}\n${output}`);
  }
  for (const place of places) {
    for (const leak of told(await rowsOf(place))) leaks.push(`${leak}: a row`);
  }
  for (const file of await filesBelow(folder)) {
    if (file === keyFile) continue;
    for (const leak of told(await readFile(file, 'latin1'))) leaks.push(`${leak}: ${file}`);
  }
  assert.deepEqual(leaks, []);
  // That it would be found: what was sent is there.
  assert.ok(stash.requests.some(({ headers }) => headers.apikey === secrets.key));
  assert.ok(stash.requests.some(({ headers }) => headers['x-gate'] === secrets.header));
});

/** A Stash that wants the key, and writes it into the addresses that it tells. */
async function library(t: TestContext): Promise<Simulator> {
  const file = path.join(await temporaryFolder(t), 'stash-go.sqlite');
  const dir = path.join(path.dirname(file), 'blobs');
  generate(file, { scenes: 40, images: 40, seed: 9, pictures: 'few', blobs: dir });
  const blobs = { storage: 'FILESYSTEM', dir } as const;
  const stash = await startSimulator({ database: file, apiKey: secrets.key, blobs });
  t.after(() => stash.close());
  return stash;
}

/** A failure that says back what it was asked with. */
function echo(stash: Simulator, on: string, status: number) {
  const written = [secrets.key, encodeURIComponent(secrets.key), JSON.stringify(secrets.key)];
  const body = `GET ${stash.url}/?apikey=${encodeURIComponent(secrets.key)}: ${written.join(' ')}`;
  return { kind: 'status', status, body, on } as const;
}

/** A gateway that says back every header that it was sent. */
async function echoing(t: TestContext): Promise<string> {
  const gateway = createServer(({ headers, url }, response) =>
    response.writeHead(403).end(`${url} ${JSON.stringify(headers)} ${Object.values(headers)}`),
  );
  await new Promise<void>((done) => gateway.listen(0, '127.0.0.1', done));
  t.after(() => gateway.close());
  return `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
}

/** Leaves what a killed run leaves. */
async function killed(words: string[], env: object, stash: Simulator): Promise<void> {
  stash.faults.add({ kind: 'delay', ms: 1000, on: 'Scenes' });
  const program = start(stowageProgram, [...words, '--json'], { env: { ...env } });
  await program.wrote('"stage":"records"');
  program.child.kill('SIGKILL');
  await program.ended;
  stash.faults.clear();
}

/** Every row of every table, as text. */
async function rowsOf({ data, url }: Place): Promise<string> {
  const library = await openLibrary({ dataDir: data, databaseUrl: url });
  try {
    const { rows: tables } = await library.pool.query(
      `SELECT oid::regclass::text AS name FROM pg_class
        WHERE relkind = 'r' AND relnamespace IN ('qar'::regnamespace, 'stowage'::regnamespace)`,
    );
    let text = '';
    for (const { name } of tables) {
      const { rows } = await library.pool.query(`SELECT t::text AS row FROM ${name} t`);
      text += rows.map(({ row }) => row).join('\n');
    }
    assert.match(text, /v0\.30\.1/);
    return text;
  } finally {
    await library.close();
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
