import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { StowageError } from '../model/errors.ts';
import { StashClient } from './client.ts';
import { answer, inTurn, listen, open, serve } from './testing.ts';
import { QuerySqlDocument, ServerStatusDocument } from './types.ts';

const version = JSON.stringify({ data: { version: { version: 'v0.30.1' } } });
const key = 'eyJhbGciOi.secret/key+1';

const askVersion = (client: StashClient, signal?: AbortSignal) =>
  client.request(ServerStatusDocument, {}, { signal });

const fine = answer(200, version);
const errors = (status: number, message: string, code?: string) =>
  answer(
    status,
    JSON.stringify({ errors: [{ message, ...(code && { extensions: { code } }) }], data: null }),
  );

async function failure(promise: Promise<unknown>): Promise<StowageError> {
  const error = await promise.then(
    () => assert.fail('it should have failed'),
    (e: unknown) => e,
  );
  assert.ok(error instanceof StowageError, inspect(error));
  return error;
}

describe('a request', () => {
  test('carries the key and the extra headers, and posts GraphQL to the base path', async (t) => {
    const seen: unknown[] = [];
    const { client } = await serve(
      t,
      async (request, response) => {
        const body = JSON.parse((await request.toArray()).join(''));
        const { apikey, 'cf-id': extra } = request.headers;
        seen.push(request.method, request.url, apikey, extra, body.variables);
        response.end(JSON.stringify({ data: { querySQL: { columns: ['a'], rows: [[1]] } } }));
      },
      { apiKey: ` ${key}\n`, headers: { 'CF-Id': 'me' } },
    );
    const { querySQL } = await client.request(QuerySqlDocument, { sql: 'select 1 a' });
    assert.deepEqual(querySQL.rows, [[1]]);
    assert.deepEqual(seen, ['POST', '/graphql', key, 'me', { sql: 'select 1 a' }]);
  });

  test('keeps integers beyond 2^53 exact', async (t) => {
    const { client } = await serve(
      t,
      answer(200, '{"data":{"querySQL":{"columns":["a"],"rows":[[9007199254740993,"9",1.5]]}}}'),
    );
    const { querySQL } = await client.request(QuerySqlDocument, { sql: 'select' });
    assert.deepEqual(querySQL.rows, [[9007199254740993n, '9', 1.5]]);
  });

  test('is given up when its signal says so, with the reason that it gives', async (t) => {
    const { client } = await serve(t, () => {});
    const abort = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => abort.abort(reason), 20);
    await assert.rejects(askVersion(client, abort.signal), reason);
  });

  test('is given up between two tries', async (t) => {
    const { client } = await serve(t, answer(503, ''), { firstPause: 60_000 });
    await assert.rejects(askVersion(client, AbortSignal.timeout(50)), { name: 'TimeoutError' });
  });
});

test('what is waited out is told, once it takes longer than a moment', async (t) => {
  const told: string[] = [];
  const busy = Array.from({ length: 4 }, () => answer(503, ''));
  const onWaiting = ({ code }: { code: string }) => void told.push(code);
  const { client } = await serve(t, inTurn(...busy, fine), { onWaiting });
  await askVersion(client);
  assert.deepEqual(told, ['source.failed', 'source.failed']);
});

describe('what may pass is tried again:', () => {
  const passing: { [what: string]: RequestListener } = {
    'a server error': answer(500, 'oops'),
    'a gateway without its server': answer(502, '<html>Bad Gateway</html>'),
    'a request to slow down': answer(429, ''),
    'a connection that is reset before the answer': (request) => request.socket.resetAndDestroy(),
    'a connection that is reset in mid-answer': (request, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write(version.slice(0, 9), () => {
        request.socket.resetAndDestroy();
      });
    },
    'an answer that ends before it should': (request, response) => {
      response
        .writeHead(200, { 'content-length': 1000 })
        .write(version, () => request.socket.end());
    },
    'a truncated document': answer(200, version.slice(0, -5)),
    'a locked database': errors(200, 'sqlite: database is locked'),
  };
  for (const [what, listener] of Object.entries(passing)) {
    test(what, async (t) => {
      const listeners = inTurn(listener, listener, fine);
      const { client } = await serve(t, listeners);
      assert.equal((await askVersion(client)).version.version, 'v0.30.1');
      assert.equal(listeners.asked, 3);
    });
  }

  test('but a mutation is not, unless it changes nothing', async (t) => {
    const listeners = inTurn(
      answer(503, ''),
      answer(503, ''),
      answer(200, '{"data":{"querySQL":{"columns":[],"rows":[]}}}'),
    );
    const { client } = await serve(t, listeners);
    const sql = { sql: 'select 1' };
    await assert.rejects(client.request(QuerySqlDocument, sql), { code: 'source.failed' });
    assert.equal(listeners.asked, 1);
    await client.request(QuerySqlDocument, sql, { repeatable: true });
    assert.equal(listeners.asked, 3);
  });

  test('after as long as Retry-After says', async (t) => {
    const { client } = await serve(t, inTurn(answer(429, '', { 'retry-after': '1' }), fine));
    const start = performance.now();
    await askVersion(client);
    assert.ok(performance.now() - start >= 990);
  });

  test('but not where Retry-After says to come back much later', async (t) => {
    const listeners = inTurn(answer(503, '', { 'retry-after': '3600' }), fine);
    const { client } = await serve(t, listeners);
    await assert.rejects(askVersion(client), { code: 'source.failed' });
    assert.equal(listeners.asked, 1);
  });

  test('and not for ever', async (t) => {
    const listeners = inTurn(answer(503, ''));
    const { client } = await serve(t, listeners);
    await assert.rejects(askVersion(client), { code: 'source.failed' });
    assert.equal(listeners.asked, 5);
  });
});

describe('what will not pass fails at once, and says why:', () => {
  const lasting: [string, RequestListener, string, RegExp][] = [
    ['a wrong key', answer(401, ''), 'source.unauthorized', /does not accept the API key/],
    ['a refusal', answer(403, 'exposed to the internet'), 'source.forbidden', /exposed to the/],
    [
      'a login page',
      answer(200, '<!doctype html><title>Log in</title>', { 'content-type': 'text/html' }),
      'source.not-a-stash',
      /not a Stash/,
    ],
    ['another server', answer(404, 'not found'), 'source.not-a-stash', /not a Stash/],
    ['another API', answer(200, '[]'), 'source.not-a-stash', /not a Stash/],
    [
      'a login elsewhere',
      answer(302, '', { location: 'https://auth.example/login?rd=x' }),
      'source.redirect',
      /another host: auth\.example/,
    ],
    [
      'another scheme',
      (request, response) =>
        response.writeHead(308, { location: `https://${request.headers.host}/graphql` }).end(),
      'source.redirect',
      /on to https:\/\/127\.0\.0\.1:\d+\.$/,
    ],
    ['a body too large', answer(413, ''), 'source.too-large', /of this size/],
    [
      'a query that it does not know',
      errors(422, 'Cannot query field "x"', 'GRAPHQL_VALIDATION_FAILED'),
      'source.unsupported',
      /does not know ServerStatus.*Cannot query field "x"/,
    ],
    [
      'a failed resolver',
      errors(200, 'scene with id 9 not found'),
      'source.refused',
      /scene with id 9/,
    ],
    [
      'an HTTPS server asked in HTTP',
      answer(400, 'Client sent an HTTP request to an HTTPS server.', {
        'content-type': 'text/plain',
      }),
      'source.tls',
      /speaks HTTPS only/,
    ],
  ];
  for (const [what, listener, code, message] of lasting) {
    test(what, async (t) => {
      const listeners = inTurn(listener);
      const { client } = await serve(t, listeners, { apiKey: key });
      const error = await failure(askVersion(client));
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.ok(error.remedy);
      assert.equal(listeners.asked, 1);
    });
  }

  test('no key where one is needed', async (t) => {
    const { client } = await serve(t, answer(401, ''));
    const error = await failure(askVersion(client));
    assert.match(error.message, /asks for an API key/);
    assert.match(error.remedy ?? '', /--api-key/);
  });

  test('a host that is not there', async (t) => {
    const client = open(t, { address: 'http://stash.invalid' });
    const error = await failure(askVersion(client));
    assert.equal(error.code, 'source.unreachable');
    assert.match(error.message, /stash\.invalid is not known/);
  });

  test('a port where nothing listens, with others to try', async (t) => {
    const server = createTcpServer();
    const port = await listen(server);
    server.close();
    await once(server, 'close');
    const error = await failure(askVersion(open(t, { address: `127.0.0.1:${port}` })));
    assert.equal(error.code, 'source.unreachable');
    assert.match(error.remedy ?? '', new RegExp(`Try https://127\\.0\\.0\\.1:${port}\\.`));
  });

  test('a server that does not answer in time, after one more try', async (t) => {
    const listeners = inTurn(() => {});
    const { client } = await serve(t, listeners, { timeout: 50 });
    await assert.rejects(askVersion(client), { code: 'source.timeout' });
    assert.equal(listeners.asked, 2);
  });

  test('something that does not speak HTTP', async (t) => {
    const server = createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    const port = await listen(server);
    t.after(() => server.close());
    const client = open(t, { address: `http://127.0.0.1:${port}` });
    await assert.rejects(askVersion(client), { code: 'source.not-a-stash' });
  });

  test('a stream without an end that is not a Stash', async (t) => {
    const { client } = await serve(t, (_request, response) => {
      response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace' });
      const timer = setInterval(() => response.write('frame'.repeat(1000)), 1);
      response.on('close', () => clearInterval(timer));
    });
    await assert.rejects(askVersion(client), { code: 'source.not-a-stash' });
  });
});

describe('a secret stays out of every message', () => {
  const echoes: { [what: string]: (secret: string) => RequestListener } = {
    'that echoes an error': (secret) => errors(200, `bad token ${secret}`),
    'that echoes a page': (secret) => answer(500, `?apikey=${encodeURIComponent(secret)}`),
    'that refuses': (secret) => answer(403, `no entry with ${secret}`),
    'that redirects': (secret) =>
      answer(302, '', { location: `/x/${encodeURIComponent(secret)}?apikey=${secret}` }),
  };
  for (const [what, listener] of Object.entries(echoes)) {
    test(`of a server ${what}`, async (t) => {
      for (const options of [{ apiKey: key }, { headers: { 'X-Token': key } }]) {
        const { client } = await serve(t, listener(key), options);
        const error = await failure(askVersion(client));
        const everything = inspect(error, { depth: 9, showHidden: true }) + error.remedy;
        assert.ok(!everything.includes(key), everything);
        assert.ok(!everything.includes(encodeURIComponent(key)), everything);
      }
    });
  }

  test('and out of what a client shows of itself', (t) => {
    const address = `http://user:${encodeURIComponent(key)}@stash:9999?apikey=${key}`;
    const client = open(t, { address, headers: { 'X-Token': key } });
    assert.ok(!inspect(client, { depth: 9, showHidden: true }).includes(key));
    assert.equal(client.base.href, 'http://stash:9999/');
  });

  test('and out of the refusal to send one that no header can hold', () => {
    const options = { address: 'stash', apiKey: `${key}\n${key}` };
    assert.throws(
      () => new StashClient(options),
      (error: StowageError) => error.code === 'usage' && !inspect(error).includes(key),
    );
  });
});

test('the clock of the server is read off its answers', async (t) => {
  const ahead = new Date(Date.now() + 3_600_000).toUTCString();
  const { client } = await serve(t, answer(200, version, { date: ahead }));
  assert.equal(client.clockOffset, null);
  await askVersion(client);
  assert.ok(Math.abs((client.clockOffset ?? 0) - 3_600_000) < 5000);
});
