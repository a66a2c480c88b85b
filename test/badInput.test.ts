import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';
import { after, before, type TestContext, test } from 'node:test';
import { type Simulator, startSimulator } from '../src/simulator/simulator.ts';
import { selfSigned, skipWithoutOpenssl } from './support/certificate.ts';
import { ownLibrary } from './support/commands.ts';
import { type StashOnDisk, stashOnDisk } from './support/faulty.ts';
import { harmless } from './support/harmless.ts';
import { stowage } from './support/program.ts';

let stored: StashOnDisk;
before(async () => {
  stored = await stashOnDisk();
});
after(() => stored.remove());

interface Case {
  from: (t: TestContext) => Promise<string>;
  words?: string[];
  code: string;
  says: RegExp;
}

const key = 'the-key-of-a-stash';
const stash = async (
  t: TestContext,
  options: Partial<Parameters<typeof startSimulator>[0]> = {},
) => {
  const simulator = await startSimulator({ database: stored.database, ...options });
  t.after(() => simulator.close());
  return simulator;
};
const inState = (state: Simulator['status']) => async (t: TestContext) => {
  const simulator = await stash(t);
  simulator.status = state;
  return simulator.url;
};
const listening = async (t: TestContext, server: Server) => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
};
const answering = (status: number, type: string, body: string) => (t: TestContext) =>
  listening(
    t,
    createServer((_, response) => response.writeHead(status, { 'content-type': type }).end(body)),
  );
/** What a stash-box says to a question that it does not know (provider-facts.md). */
const unknownField = JSON.stringify({
  errors: [
    {
      message: 'Cannot query field "systemStatus" on type "Query".',
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    },
  ],
  data: null,
});

const servers: { [what: string]: Case } = {
  'a Stash that wants a key, without one': {
    from: async (t) => (await stash(t, { apiKey: key })).url,
    code: 'source.unauthorized',
    says: /asks for an API key.*Settings → Security/s,
  },
  'a Stash that wants another key': {
    from: async (t) => (await stash(t, { apiKey: key })).url,
    words: ['--api-key', 'some-other-key'],
    code: 'source.unauthorized',
    says: /does not accept the API key.*Settings → Security/s,
  },
  'a Stash that was not set up': {
    from: inState('SETUP'),
    code: 'source.not-ready',
    says: /not been set up.*finish its setup/s,
  },
  'a Stash that has to migrate its database': {
    from: inState('NEEDS_MIGRATION'),
    code: 'source.not-ready',
    says: /waits to migrate its database.*let it migrate/s,
  },
  'a web server': {
    from: answering(200, 'text/html', '<!DOCTYPE html><title>Welcome</title>'),
    code: 'source.not-a-stash',
    says: /is not a Stash.*web page/s,
  },
  'a web server without such a page': {
    from: answering(404, 'text/plain', 'not found'),
    code: 'source.not-a-stash',
    says: /is not a Stash.*address/s,
  },
  'a stash-box': {
    from: answering(422, 'application/json', unknownField),
    code: 'source.not-a-stash',
    says: /not a Stash.*stash-box/s,
  },
  'a server that does not speak HTTP': {
    from: (t) =>
      listening(
        t,
        createTcpServer((socket) => socket.on('error', () => {}).end('220 mail ready\r\n')),
      ),
    code: 'source.not-a-stash',
    says: /does not speak HTTP/,
  },
  'a port that is closed': {
    from: async () => '127.0.0.1:9',
    code: 'source.unreachable',
    says: /Nothing answers.*Is Stash running/s,
  },
  'a host that is not there': {
    from: async () => 'http://no-such-host.invalid:9999',
    code: 'source.unreachable',
    says: /no-such-host\.invalid is not known.*how its name is spelt/s,
  },
  'a server that speaks no HTTPS': {
    from: async (t) => (await stash(t)).url.replace('http:', 'https:'),
    code: 'source.tls',
    says: /does not speak HTTPS.*http:/s,
  },
  'a proxy that is not there': {
    from: async (t) => (await stash(t)).url,
    words: ['--proxy', 'http://127.0.0.1:9'],
    code: 'source.unreachable',
    says: /proxy 127\.0\.0\.1:9 cannot be reached.*--proxy/s,
  },
  'a proxy of a host that is not there': {
    from: async (t) => (await stash(t)).url,
    words: ['--proxy', 'socks5://user:pass@no-such-host.invalid:1080'],
    code: 'source.unreachable',
    says: /proxy no-such-host\.invalid:1080 cannot be reached.*--proxy/s,
  },
};

for (const [what, { from, words = [], code, says }] of Object.entries(servers)) {
  test(`${what} is told, and nothing is begun`, async (t) => {
    const library = await ownLibrary(t);
    const address = await from(t);
    for (const command of ['migrate', 'verify']) {
      await harmless(library, [command, '--from', address, ...words], code, says);
    }
  });
}

test('a certificate that nobody vouches for is refused, and taken with --ca', {
  skip: skipWithoutOpenssl,
}, async (t) => {
  const { key, cert, file } = await selfSigned(t);
  const { url } = await stash(t, { tls: { key, cert } });
  const library = await ownLibrary(t);
  await harmless(library, ['migrate', '--from', url], 'source.tls', /No safe connection.*--ca/s);
  const { exitCode } = await library.stowage(
    'migrate',
    '--from',
    url,
    '--ca',
    file,
    '--pictures',
    'none',
  );
  assert.equal(exitCode, 0);
});

test('words that nobody understands are wrong usage', async () => {
  const from = ['--from', 'http://127.0.0.1:9'];
  for (const [words, says] of [
    [['migrat', ...from], /unknown command.*migrat/i],
    [['migrate'], /required option.*--from/i],
    [['migrate', ...from, '--wrong'], /unknown option.*--wrong/i],
    [['migrate', ...from, 'more'], /too many arguments/i],
    [['migrate', ...from, '--via', 'road'], /--via.*snapshot, tables, graphql/],
    [['migrate', ...from, '--pictures', 'some'], /--pictures.*all, none/],
    [['migrate', ...from, '--timeout', 'soon'], /--timeout.*whole number/],
    [['migrate', ...from, '--header', 'nothing'], /--header.*Name: value/],
    [['migrate', ...from, '--proxy', 'ftp://x'], /not the address of a proxy/],
    [['migrate', ...from, '--cert', 'package.json'], /--cert-key/],
    [['migrate', ...from, '--ca', 'no-such-file'], /cannot be read: ENOENT/],
    [['migrate', ...from, '--database', 'mysql://x/y'], /URL of a PostgreSQL/],
    [['migrate', '--from', 'ftp://stash'], /not the address of a Stash/],
    [['export', '--as', 'main'], /required option.*--out/i],
  ] as const) {
    const { code, stderr } = await stowage(words);
    assert.equal(code, 2, `${words.join(' ')}: ${stderr}`);
    assert.match(stderr, says);
  }
});
