import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { StowageError } from '../model/errors.ts';
import { answer, inTurn, serve } from './testing.ts';
import { ServerStatusDocument } from './types.ts';

const fine = JSON.stringify({
  data: { version: { version: 'v0.30.1' }, systemStatus: { status: 'OK' } },
});
const json = { 'content-type': 'application/json' };
const key = 'eyJhbGciOi.secret/key+1';

/** Goes on and on until the caller leaves. */
const endless =
  (type: string, begins: string): RequestListener =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': type }).write(begins);
    const more = Buffer.alloc(2 ** 20, 'a');
    const write = () => {
      while (!response.destroyed && response.write(more));
      if (!response.destroyed) response.once('drain', write);
    };
    write();
  };

const dripping: RequestListener = (_request, response) => {
  response.writeHead(200, json);
  let at = 0;
  const timer = setInterval(() => response.write(fine[at++ % fine.length]), 5);
  response.on('close', () => clearInterval(timer));
};

const compressed = (coding: string, bytes: Buffer): RequestListener =>
  answer(200, bytes as never, { 'content-encoding': coding });

const bomb = Buffer.alloc(2 ** 24);

describe('an answer that would do harm is given up:', () => {
  const cases: { [what: string]: [RequestListener, code: string, says: RegExp] } = {
    'one without an end': [endless('application/json', '{"data":"'), 'source.too-large', /MB/],
    'one that drips': [dripping, 'source.timeout', /too slowly: \d+ bytes/],
    'one that drips before it begins': [
      (request) => {
        const timer = setInterval(() => request.socket.write('H'), 20);
        request.socket.on('close', () => clearInterval(timer));
      },
      'source.not-a-stash',
      /does not speak HTTP/,
    ],
    'a gzip that unfolds': [compressed('gzip', gzipSync(bomb)), 'source.not-a-stash', /gzip/],
    'a brotli that unfolds': [
      compressed('br', brotliCompressSync(bomb)),
      'source.not-a-stash',
      /compressed \(br\)/,
    ],
    'a deflate that unfolds': [
      compressed('deflate', deflateSync(bomb)),
      'source.not-a-stash',
      /deflate/,
    ],
    'one longer than it says': [
      (_request, response) => {
        response.writeHead(200, { ...json, 'content-length': 9 });
        response.socket?.write(`HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n${fine}`);
      },
      'source.incomplete',
      /cut off|hung up/,
    ],
    'one shorter than it says': [
      (request, response) => {
        response.writeHead(200, { ...json, 'content-length': 9999 });
        response.write(fine, () => request.socket.end());
      },
      'source.incomplete',
      /hung up/,
    ],
    'one whose last chunk is missing': [
      (request, response) => {
        response.writeHead(200, json);
        response.write(fine, () => request.socket.end());
      },
      'source.incomplete',
      /hung up/,
    ],
    'one that is nested without an end': [
      answer(200, '['.repeat(1e6)),
      'source.not-a-stash',
      /not a Stash/,
    ],
    'one nested so deep, that is cut off': [
      answer(200, `{"data":{"version":1234567890123456789${',['.repeat(1e6)}`),
      'source.incomplete',
      /cut off/,
    ],
    'errors that are none': [
      answer(200, JSON.stringify({ errors: { length: 3 }, data: null })),
      'source.incomplete',
      /cut off/,
    ],
    'errors without words': [
      answer(200, JSON.stringify({ errors: [null, 5, { message: [7] }], data: null })),
      'source.refused',
      /refused ServerStatus/,
    ],
    'a redirection in a circle': [
      (request, response) => response.writeHead(307, { location: request.url }).end(),
      'source.redirect',
      /round and round/,
    ],
    'a redirection to nowhere': [
      (_request, response) => response.writeHead(302).end(),
      'source.redirect',
      /sends us on/,
    ],
  };
  for (const [what, [listener, code, says]] of Object.entries(cases)) {
    test(what, { timeout: 20_000 }, async (t) => {
      const { client } = await serve(t, listener, { timeout: 300 });
      const began = process.memoryUsage().rss;
      const error = await client.request(ServerStatusDocument, {}).then(
        () => assert.fail('it should have failed'),
        (e: unknown) => e,
      );
      assert.ok(error instanceof StowageError, inspect(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, says);
      assert.ok(process.memoryUsage().rss - began < 600e6);
    });
  }
});

test('a picture without an end is given up, and eight of them do not fill the memory', async (t) => {
  const { client } = await serve(t, endless('image/jpeg', ''), { timeout: 3000 });
  const began = process.memoryUsage().rss;
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss - began);
  }, 10);
  t.after(() => clearInterval(timer));
  const eight = Array.from({ length: 8 }, (_, i) => client.bytes(`tag/${i}/image`));
  for (const one of await Promise.allSettled(eight)) {
    assert.equal(one.status === 'rejected' && one.reason.code, 'source.too-large');
  }
  t.diagnostic(`${Math.round(most / 1e6)} MB more`);
  assert.ok(most < 500e6);
});

describe('a redirection', () => {
  test('on the same server is followed, with the key', async (t) => {
    const seen: unknown[] = [];
    const { client } = await serve(
      t,
      async (request, response) => {
        seen.push([request.url, request.headers.apikey, (await request.toArray()).length > 0]);
        if (request.url === '/graphql') response.writeHead(308, { location: '/x/graphql' }).end();
        else response.writeHead(200, json).end(fine);
      },
      { apiKey: key },
    );
    await client.request(ServerStatusDocument, {});
    assert.deepEqual(seen, [
      ['/graphql', key, true],
      ['/x/graphql', key, true],
    ]);
  });

  for (const status of [301, 302, 303, 307, 308]) {
    test(`to another one (${status}) is not: neither the key nor the question goes there`, async (t) => {
      const elsewhere = inTurn(answer(200, fine));
      const { port } = await serve(t, elsewhere);
      const location = `http://127.0.0.1:${port}/graphql`;
      const { client } = await serve(t, answer(status, '', { location }), { apiKey: key });
      await assert.rejects(client.request(ServerStatusDocument, {}), { code: 'source.redirect' });
      await assert.rejects(client.bytes('tag/1/image'), { code: 'source.redirect' });
      assert.equal(elsewhere.asked, 0);
    });
  }
});

test('of a secret that a long answer says back again and again no part is told', async (t) => {
  for (const between of ['', ' ', 'a'.repeat(17)]) {
    const { client } = await serve(t, answer(403, `${key}${between}`.repeat(5000)), {
      apiKey: key,
    });
    const error = await client.request(ServerStatusDocument, {}).catch((e: Error) => e);
    assert.doesNotMatch(inspect(error), /eyJ|secret|key\+1/);
  }
});
