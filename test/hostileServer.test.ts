import assert from 'node:assert/strict';
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, type TestContext, test } from 'node:test';
import type { Simulator } from '../src/simulator/simulator.ts';
import { ownLibrary } from './support/commands.ts';
import { type StashOnDisk, stashOnDisk } from './support/faulty.ts';
import { harmless } from './support/harmless.ts';
import { shortenWaits } from './support/waits.ts';

shortenWaits();

let stored: StashOnDisk;
let stash: Simulator;
before(async () => {
  stored = await stashOnDisk();
  stash = await stored.serve({ after: () => {} });
});
after(async () => {
  await stash.close();
  await stored.remove();
});

/** What becomes of an answer on its way. */
interface Spoiling {
  /** Of the operation with this name: its data. */
  data?: ((data: Data, operation: string) => unknown) | undefined;
  /** Of anything else, by its path; false where it goes through as it is. */
  file?: (path: string, response: ServerResponse, request: IncomingMessage) => boolean;
}
// biome-ignore lint/suspicious/noExplicitAny: whatever a server may answer
type Data = any;

/** A server in front of the Stash, which spoils some of its answers. */
async function spoilt(t: TestContext, { data, file }: Spoiling): Promise<string> {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const path = request.url ?? '';
    if (path !== '/graphql' && file?.(path, response, request)) return;
    const { host, ...headers } = request.headers;
    const { method } = request;
    const forwarded = send(stash.url + path, { method, headers, agent: false });
    forwarded.on('error', () => response.destroy());
    forwarded.on('response', async (answered) => {
      if (path !== '/graphql' || !data) {
        response.writeHead(answered.statusCode ?? 0, answered.headers);
        answered.pipe(response);
        return;
      }
      const answer = JSON.parse((await answered.toArray()).join(''));
      const { operationName } = JSON.parse(body.toString());
      const changed = answer.data ? { ...answer, data: data(answer.data, operationName) } : answer;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(typeof changed.data === 'string' ? changed.data : JSON.stringify(changed));
    });
    forwarded.end(body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Only the answers to one operation. */
const of =
  (name: string, change: (data: Data) => void): Spoiling['data'] =>
  (data, operation) => {
    if (operation === name) change(data);
    return data;
  };

const endless = (response: ServerResponse, type: string, begins: Buffer | string = '') => {
  response.writeHead(200, { 'content-type': type }).write(begins);
  const more = Buffer.alloc(2 ** 20, 'a');
  const write = () => {
    while (!response.destroyed && response.write(more));
    if (!response.destroyed) response.once('drain', write);
  };
  write();
  return true;
};

const refused: {
  [what: string]: Spoiling & { via?: string; code: string; says: RegExp };
} = {
  'a version that is none': {
    data: of('ServerStatus', (data) => {
      data.version = [];
    }),
    code: 'source.not-a-stash',
    says: /not a Stash/,
  },
  'an introspection that is none': {
    data: of('IntrospectionQuery', (data) => {
      data.__schema = { types: [{ kind: 'OBJECT', name: 7 }] };
    }),
    code: 'source.unsupported',
    says: /introspection/,
  },
  'ids beyond all numbers': {
    via: 'graphql',
    data: of('TagIds', (data) => {
      for (const tag of data.findTags.tags) tag.id = '9007199254740993';
    }),
    code: 'source.unsupported',
    says: /findTags\.tags\.id/,
  },
  'names that are numbers': {
    via: 'graphql',
    data: of('Tags', (data) => {
      data.findTags.tags[0].name = 7;
    }),
    code: 'source.unsupported',
    says: /findTags\.tags\.name is a number/,
  },
  'lists that are none': {
    via: 'graphql',
    data: of('Scenes', (data) => {
      data.findScenes.scenes[0].tags = { length: 3 };
    }),
    code: 'source.unsupported',
    says: /findScenes\.scenes\.tags is an object/,
  },
  'more records than it has': {
    via: 'graphql',
    data: of('TagIds', (data) => {
      data.findTags.count = 2e9;
    }),
    code: 'source.incomplete',
    says: /counts 2,000,000,000 of kind tag/,
  },
  'tables that are no tables': {
    via: 'tables',
    data: of('QuerySql', (data) => {
      data.querySQL.rows = [['no JSON']];
    }),
    code: 'source.unsupported',
    says: /tables/,
  },
  'rows that are no rows': {
    via: 'tables',
    data: of('QuerySql', (data) => {
      data.querySQL.rows = data.querySQL.rows.map((row: unknown[]) =>
        row.map((cell) => (String(cell).startsWith('[1') ? '{"0":{}}' : cell)),
      );
    }),
    code: 'source.unsupported',
    says: /tables/,
  },
  'rows that come twice': {
    via: 'tables',
    data: of('QuerySql', (data) => {
      for (const row of data.querySQL.rows) {
        row.forEach((cell: unknown, i: number) => {
          if (/^\[1,2,/.test(String(cell))) row[i] = String(cell).replace('[1,2,', '[1,1,');
        });
      }
    }),
    code: 'source.unsupported',
    says: /tables/,
  },
  'a database without an end': {
    via: 'snapshot',
    file: (path, response) =>
      path.startsWith('/downloads') && endless(response, 'application/octet-stream', header),
    code: 'source.too-large',
    says: /more than its database has/,
  },
  'a page without an end for a database': {
    via: 'snapshot',
    file: (path, response) =>
      path.startsWith('/downloads') && endless(response, 'text/html', '<!DOCTYPE html>'),
    code: 'source.not-a-stash',
    says: /not a copy of the server’s database/,
  },
  'a database larger than any disk': {
    via: 'snapshot',
    file: (path, response) =>
      path.startsWith('/downloads') && endless(response, 'application/octet-stream', huge),
    code: 'disk.full',
    says: /needs \d+ MB/,
  },
};

/** Of a database of two pages, and of one of 281 TB. */
const header = Buffer.alloc(100);
header.write('SQLite format 3\0');
header.writeUInt16BE(4096, 16);
header.writeUInt32BE(2, 28);
const huge = Buffer.from(header);
huge.writeUInt16BE(1, 16);
huge.writeUInt32BE(0xfffffffe, 28);

for (const [what, { via = 'graphql', code, says, ...spoiling }] of Object.entries(refused)) {
  test(`${what}: it is told, and the library is as it was`, { timeout: 60_000 }, async (t) => {
    const library = await ownLibrary(t);
    const from = await spoilt(t, spoiling);
    await harmless(library, ['migrate', '--from', from, '--via', via], code, says);
  });
}

const taken: { [what: string]: Spoiling & { troubles: RegExp | null; equal?: true } } = {
  'records in any order': {
    data: (data, operation) => {
      if (operation === 'Scenes') data.findScenes.scenes.reverse();
      return data;
    },
    troubles: null,
    equal: true,
  },
  'records twice, and records that nobody asked for': {
    data: of('Tags', (data) => {
      const [first] = data.findTags.tags;
      data.findTags.tags.push(first, { ...first, id: '123456' });
    }),
    troubles: null,
    equal: true,
  },
  'references to nothing': {
    data: of('Scenes', (data) => {
      for (const scene of data.findScenes.scenes) scene.studio = { id: '123456' };
    }),
    troubles: /^scene \d+ studio: /,
  },
  'web pages for pictures': {
    file: (path, response) => {
      if (!/^\/tag\/\d\/image$/.test(path)) return false;
      response.writeHead(200, { 'content-type': 'image/jpeg' });
      response.end('<!DOCTYPE html><title>Log in</title>');
      return true;
    },
    troubles: /^tag \d+ image: .*(instead of a picture|gives a web page instead)/,
  },
  'a picture without an end': {
    file: (path, response) => /^\/tag\/1\/image$/.test(path) && endless(response, 'image/jpeg'),
    troubles: /^tag \d+ image: .*larger than/,
  },
};

for (const [what, { troubles, equal, ...spoiling }] of Object.entries(taken)) {
  test(`${what}: the rest is brought, and what is not is named`, { timeout: 60_000 }, async (t) => {
    const library = await ownLibrary(t);
    const from = await spoilt(t, spoiling);
    const migrated = await library.stowage('migrate', '--from', from, '--via', 'graphql');
    assert.equal(migrated.exitCode, troubles ? 3 : 0, migrated.error?.message);
    const told = migrated.troubles.map(
      ({ kind, id, field, why }) => `${kind} ${id} ${field}: ${why}`,
    );
    if (troubles) assert.ok(told.length > 0);
    for (const one of told) assert.match(one, troubles as RegExp);
    if (equal) {
      const verified = await library.stowage('verify', '--from', stash.url, '--via', 'graphql');
      assert.equal(verified.summary.differences, 0, JSON.stringify(verified.troubles));
    }
  });
}

test('what a server calls itself and its tasks cannot steer a terminal, nor begin a line', async (t) => {
  const evil = 'v1\n\u001b[2Jerror: \u202eall is lost\u009b1A';
  const from = await spoilt(t, {
    data: (data, operation) => {
      if (operation === 'ServerStatus') data.version.version = evil;
      if (operation === 'RunningJobs') {
        data.jobQueue = [{ id: '1', status: 'RUNNING', description: evil, progress: null }];
      }
      return data;
    },
  });
  const library = await ownLibrary(t);
  const { lines, warnings, error } = await library.stowage(
    'migrate',
    '--from',
    from,
    '--pictures',
    'none',
  );
  assert.equal(error, undefined);
  const said = [...lines, ...warnings];
  assert.ok(said.some((line) => line.includes('all is lost')));
  for (const line of said) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]|^error/mu);
});
