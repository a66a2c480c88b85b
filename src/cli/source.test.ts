import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { start } from '../../test/support/program.ts';
import { settle } from '../settings.ts';
import type { CommandContext } from './command.ts';
import { Redactor } from './redactor.ts';
import { type SourceOptions, sourceOf } from './source.ts';

const sample = fileURLToPath(new URL('../../test/support/sampleCommands.ts', import.meta.url));
const key = 'eyJhbGciOiJub3QtYS1rZXkifQ';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'stowage-source-'));
});
after(() => rm(folder, { recursive: true }));

const file = async (name: string, text: string) => {
  await writeFile(path.join(folder, name), text);
  return path.join(folder, name);
};
const read = (options: SourceOptions, environment = {}) =>
  sourceOf(options, {
    settings: settle(environment),
    redactor: new Redactor(),
  } as CommandContext);

test('an address is a server, a path a database file', async () => {
  const present = await file('snapshot', '');
  const files = ['/a/b', './x', '../x', '~/x', 'stash-go.sqlite', 'C:\\stash\\x', present];
  for (const from of files) assert.deepEqual(await read({ from }), { file: from });
  for (const from of ['stash', 'stash:9999', 'http://stash:9999/', 'https://home.example/stash']) {
    assert.deepEqual(await read({ from }), { server: { address: from, headers: {} } });
  }
});

test('the key comes from the option, else from a file, else from the environment', async () => {
  const from = 'http://stash:9999';
  const apiKeyFile = await file('key', 'from-file\n');
  const STOWAGE_API_KEY = 'from-environment';
  const all = { from, apiKey: 'from-option', apiKeyFile };
  const keyOf = async (options: SourceOptions, environment = {}) => {
    const source = await read(options, environment);
    return 'server' in source ? source.server.apiKey : undefined;
  };
  assert.equal(await keyOf(all, { STOWAGE_API_KEY }), 'from-option');
  assert.equal(await keyOf({ from, apiKeyFile }, { STOWAGE_API_KEY }), 'from-file');
  assert.equal(await keyOf({ from }, { STOWAGE_API_KEY }), 'from-environment');
  assert.equal(await keyOf({ from }), undefined);
});

test('a gateway in front of the server is got through: headers, certificates, proxy, patience', async () => {
  const words = [
    'tell',
    '--from',
    'https://home.example/stash',
    '--proxy',
    'socks5://127.0.0.1:1080',
  ];
  words.push('--header', 'X-One: first', '--header', 'X-Two:two: parts', '--timeout', '90');
  words.push('--ca', await file('ca.pem', 'CA'));
  words.push('--cert', await file('cert.pem', 'CERT'), '--cert-key', await file('cert.key', 'KEY'));
  const { code, stdout } = await start(sample, words).ended;
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout), {
    server: {
      address: 'https://home.example/stash',
      headers: { 'X-One': '***', 'X-Two': '***' }, // secret, as far as we can know
      ca: 'CA',
      certificate: { cert: 'CERT', key: 'KEY' },
      proxy: 'socks5://127.0.0.1:1080',
      timeout: 90_000,
    },
  });
});

test('a key is never written, however it came and wherever it is mentioned', async () => {
  const keyFile = await file('secret-key', `${key}\n`);
  const odd = 'quo"te & per%cent/slash';
  const ways: [words: string[], env: { [name: string]: string }, secret: string][] = [
    [['--from', 'http://h', '--api-key', key], {}, key],
    [['--from', 'http://h', '--api-key', odd], {}, odd],
    [['--from', 'http://h', '--api-key-file', keyFile], {}, key],
    [['--from', 'http://h'], { STOWAGE_API_KEY: key }, key],
    [['--from', `http://h/graphql?apikey=${key}`], {}, key],
    [['--from', `http://me:${key}@h/`], {}, key],
    [['--from', 'http://h', '--proxy', `http://me:${key}@proxy:3128`], {}, key],
    [['--from', 'http://h', '--header', `Authorization: Bearer ${key}`], {}, key],
    [['--from', 'http://h', '--header', key], {}, key], // the name forgotten
    [['--from', 'http://h', `--apikey=${key}`], {}, key], // misspelt
    [['--from', 'http://h', '--api-key-file', keyFile, key], {}, key], // one word too many
  ];
  for (const [words, env, secret] of ways) {
    for (const json of [[], ['--json']]) {
      const { stdout, stderr } = await start(sample, ['tell', ...words, ...json], {
        env: { ...env, STOWAGE_DEBUG: '1' },
      }).ended;
      assert.notEqual(stdout + stderr, '');
      const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
      for (const form of [...forms, Buffer.from(`me:${secret}`).toString('base64')]) {
        assert.ok(!`${stdout}${stderr}`.includes(form), `${words.join(' ')}\n${stdout}${stderr}`);
      }
    }
  }
});

test('events stay readable when a secret is taken out of them', async () => {
  const words = ['tell', '--json', '--from', 'http://h/?apikey=abcd', '--api-key', '"}\\n'];
  const { stdout } = await start(sample, words).ended;
  const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  assert.equal(summary.source.server.apiKey, '***');
});

test('at a terminal a server that asks for a key gets one that was typed unseen', async () => {
  // util-linux's script(1) gives the program a terminal of its own.
  const program = start('script', [
    '-qec',
    `${process.execPath} ${sample} enter --from h`,
    '/dev/null',
  ]);
  await program.wrote('API key of http://h: ');
  program.child.stdin.write('typed-secret\n');
  const { code, stdout } = await program.ended;
  assert.equal(code, 0, stdout);
  assert.match(stdout, /in, with a key of 12 characters/);
  assert.doesNotMatch(stdout, /typed-secret/);
});

test('Ctrl-C at that question ends the command', async () => {
  const program = start('script', [
    '-qec',
    `${process.execPath} ${sample} enter --from h`,
    '/dev/null',
  ]);
  await program.wrote('API key of http://h: ');
  program.child.stdin.write('\u0003');
  assert.equal((await program.ended).code, 130);
});

test('without a terminal nobody is asked', async () => {
  const { code, stderr } = await start(sample, ['enter', '--from', 'h']).ended;
  assert.equal(code, 1);
  assert.match(stderr, /^error: The server wants a key\.\n$/);
});
