import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { generate } from '../src/simulator/generate.ts';
import { startSimulator } from '../src/simulator/simulator.ts';
import { call, ownLibrary } from './support/commands.ts';
import { emptyDatabase, withClient } from './support/database.ts';
import { harmless } from './support/harmless.ts';
import { temporaryFolder } from './support/pictures.ts';

let folder: string;
let file: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'stowage-bad-'));
  file = path.join(folder, 'stash-go.sqlite');
  generate(file, { scenes: 40, images: 20, seed: 7 });
});
after(() => rm(folder, { recursive: true }));

const withPart = (url: string, part: Partial<URL>) => Object.assign(new URL(url), part).href;

/** What is wrong with a database, as its address; and what is said. */
const databases: {
  [what: string]: { url: (t: TestContext) => Promise<string>; code: string; says: RegExp };
} = {
  'where nothing listens': {
    url: async () => 'postgres://someone@127.0.0.1:9/stowage',
    code: 'library.unreachable',
    says: /cannot be reached.*--database/s,
  },
  'of a host that is not there': {
    url: async () => 'postgres://someone@no-such-host.invalid/stowage',
    code: 'library.unreachable',
    says: /cannot be reached.*--database/s,
  },
  'that does not exist': {
    url: async (t) => withPart(await emptyDatabase(t), { pathname: '/no_such_database' }),
    code: 'library.unreachable',
    says: /no such database.*CREATE DATABASE/s,
  },
  'for a user who is not let in': {
    url: async (t) =>
      withPart(await emptyDatabase(t), { username: 'nobody_known', password: 'guessed' }),
    code: 'library.forbidden',
    says: /does not let this user in.*user and password/s,
  },
  'that can only be read': {
    url: async (t) => {
      const url = await emptyDatabase(t);
      const name = new URL(url).pathname.slice(1);
      await withClient(url, (client) =>
        client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`),
      );
      return url;
    },
    code: 'library.forbidden',
    says: /only be read/,
  },
};

for (const [what, { url, code, says }] of Object.entries(databases)) {
  test(`a database ${what} is told`, async (t) => {
    const words = ['--database', await url(t), '--data', await temporaryFolder(t)];
    const { exitCode, error } = await call('migrate', '--from', file, ...words);
    assert.deepEqual([exitCode, error?.code], [1, code], error?.message);
    assert.match(`${error?.message}\n${error?.remedy}`, says);
    assert.doesNotMatch(`${error?.message}${error?.remedy}${error?.item}`, /guessed/);
  });
}

test('a library of a newer Stowage is left alone', async (t) => {
  const library = await ownLibrary(t);
  await library.query(`INSERT INTO stowage.migrations (number, file) VALUES (9999, 'x')`);
  await harmless(library, ['migrate', '--from', file], 'library.too-new', /newer.*Update Stowage/s);
  await harmless(library, ['verify', '--from', file], 'library.too-new', /newer.*Update Stowage/s);
});

test('while another run writes, a migration is refused; what only reads is not', async (t) => {
  const library = await ownLibrary(t);
  assert.equal((await library.stowage('migrate', '--from', file)).exitCode, 0);
  await withClient(library.url, async (client) => {
    await client.query(`SELECT pg_advisory_lock(hashtext('stowage'), hashtext('write'))`);
    await harmless(library, ['migrate', '--from', file], 'library.busy', /Another run.*Wait/s);
    assert.equal((await library.stowage('verify', '--from', file)).exitCode, 0);
    await library.exported();
  });
});

test('two migrations at once: one does it, the other finds it done, or is refused', async (t) => {
  const library = await ownLibrary(t);
  const both = await Promise.all(
    [1, 2].map(() => library.stowage('migrate', '--from', file, '--via', 'snapshot')),
  );
  const [first, second] = both.map(({ exitCode, error }) => error?.code ?? exitCode).sort();
  assert.equal(first, 0);
  assert.ok(second === 0 || second === 'library.busy', String(second));
  assert.equal((await library.stowage('verify', '--from', file)).exitCode, 0);
});

test('a source that the library does not have is wrong usage, with those that it has', async (t) => {
  const library = await ownLibrary(t);
  const verify = ['verify', '--from', file, '--name', 'mian'];
  const before = await library.stowage(...verify);
  assert.deepEqual([before.exitCode, before.error?.code], [2, 'usage']);
  assert.match(before.error?.remedy ?? '', /empty.*migrate/);
  assert.equal((await library.stowage('migrate', '--from', file)).exitCode, 0);
  for (const words of [verify, ['export', '--as', 'mian', '--out', path.join(folder, 'out')]]) {
    const { exitCode, error } = await library.stowage(...words);
    assert.deepEqual([exitCode, error?.code], [2, 'usage']);
    assert.match(error?.remedy ?? '', /main/);
  }
});

test('a data directory that cannot be written to is told', async (t) => {
  const data = path.join(await temporaryFolder(t), 'a file');
  await writeFile(data, '');
  const { url } = await ownLibrary(t);
  for (const [words, code] of [
    [[], 'library.embedded'],
    [['--database', url], 'disk.failed'],
  ] as const) {
    const { exitCode, error } = await call('migrate', '--from', file, '--data', data, ...words);
    assert.deepEqual([exitCode, error?.code, error?.item], [1, code, data], error?.message);
    assert.match(error?.remedy ?? '', /choose another/i);
  }
});

test('a database that goes away in the middle is told, and the next run does it all', async (t) => {
  const stash = await startSimulator({ database: file });
  t.after(() => stash.close());
  const library = await ownLibrary(t);
  const cutOff = () =>
    library.query(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`);
  for (const on of ['Tags', 'Scenes', 'picture']) {
    stash.faults.add({ kind: 'delay', ms: 400, on, times: 1 });
    const asked = stash.requests.length;
    const running = library.stowage('migrate', '--from', stash.url, '--via', 'graphql');
    while (!stash.requests.slice(asked).some(({ names }) => names.includes(on))) {
      await new Promise((soon) => setTimeout(soon, 5));
    }
    await cutOff();
    const { exitCode, error } = await running;
    assert.deepEqual(
      [exitCode, error?.code],
      [1, 'library.unreachable'],
      `${on}: ${error?.message}`,
    );
    stash.faults.clear();
  }
  assert.equal((await library.stowage('migrate', '--from', stash.url)).exitCode, 0);
});
