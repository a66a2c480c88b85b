import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { answer, inTurn, serve } from '../testing.ts';
import { download } from './download.ts';

const folder = mkdtempSync(join(tmpdir(), 'stowage-download-'));
after(() => rmSync(folder, { recursive: true }));

const bytes = randomBytes(300_000);
const whole: RequestListener = (request, response) => {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(from ? 206 : 200, { 'content-length': bytes.length - from });
  response.end(bytes.subarray(from));
};
const half: RequestListener = (request, response) => {
  response.writeHead(200, { 'content-length': bytes.length });
  response.write(bytes.subarray(0, 100_000), () => setTimeout(() => request.socket.end(), 20));
};

describe('a download', () => {
  test('arrives whole, in a file that only its owner may read', async (t) => {
    const { client } = await serve(t, whole);
    const path = join(folder, 'whole');
    const progress: unknown[] = [];
    const onProgress = (...now: unknown[]) => progress.push(now);
    assert.equal(await download(client, '/downloads/x', path, { onProgress }), bytes.length);
    assert.deepEqual(readFileSync(path), bytes);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(progress.at(-1), [bytes.length, bytes.length]);
  });

  test('that stops half way goes on where it stopped', async (t) => {
    const listeners = inTurn(half, (request, response) => {
      assert.equal(request.headers.range, 'bytes=100000-');
      whole(request, response);
    });
    const { client } = await serve(t, listeners);
    const path = join(folder, 'resumed');
    await download(client, '/downloads/x', path, { firstPause: 1 });
    assert.deepEqual(readFileSync(path), bytes);
  });

  test('starts again where the server knows no ranges, and leaves nothing of what was longer', async (t) => {
    const short = bytes.subarray(0, 1000);
    const { client } = await serve(
      t,
      inTurn(half, (_request, response) => response.end(short)),
    );
    const path = join(folder, 'again');
    assert.equal(await download(client, '/downloads/x', path, { firstPause: 1 }), 1000);
    assert.deepEqual(readFileSync(path), short);
  });

  test('that stops again and again is whole in the end, as long as it gets on', async (t) => {
    const large = randomBytes(3_200_000);
    let stops = 0;
    const { client } = await serve(t, (request, response) => {
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const some = large.subarray(from, from + 300_000);
      response.writeHead(from ? 206 : 200, { 'content-length': large.length - from });
      if (from + some.length === large.length) response.end(some);
      else response.write(some, () => setTimeout(() => request.socket.end(), 5));
      stops++;
    });
    const path = join(folder, 'often');
    await download(client, '/downloads/x', path, { firstPause: 1 });
    assert.ok(stops > 10);
    assert.deepEqual(readFileSync(path), large);
  });

  test('that never gets whole fails', async (t) => {
    const { client } = await serve(t, inTurn(half));
    const done = download(client, '/downloads/x', join(folder, 'never'), { firstPause: 1 });
    await assert.rejects(done, { code: 'source.incomplete' });
  });

  test('of what the server no longer has fails', async (t) => {
    const { client } = await serve(t, answer(404, ''));
    const done = download(client, '/downloads/x', join(folder, 'gone'), { firstPause: 1 });
    await assert.rejects(done, { code: 'source.incomplete' });
  });
});

describe('a download that says how large it is', () => {
  const most = async () => bytes.length;

  test('may be so large', async (t) => {
    const { client } = await serve(t, inTurn(half, whole));
    const path = join(folder, 'said');
    await download(client, '/downloads/x', path, { firstPause: 1, most });
    assert.deepEqual(readFileSync(path), bytes);
  });

  test('and no larger: what has no end fills no disk', async (t) => {
    const { client } = await serve(t, (_request, response) => {
      const write = () => {
        while (!response.destroyed && response.write(bytes));
        if (!response.destroyed) response.once('drain', write);
      };
      write();
    });
    const path = join(folder, 'endless');
    const done = download(client, '/downloads/x', path, { firstPause: 1, most });
    await assert.rejects(done, { code: 'source.too-large' });
    assert.ok(statSync(path).size <= bytes.length);
  });
});

test('a part of a download that nobody asked for is not taken for the rest of it', async (t) => {
  const other: RequestListener = (_request, response) =>
    response.writeHead(206, { 'content-range': 'bytes 5-299999/300000' }).end(bytes.subarray(5));
  const { client } = await serve(t, inTurn(half, other));
  const done = download(client, '/downloads/x', join(folder, 'other'), { firstPause: 1 });
  await assert.rejects(done, { code: 'source.incomplete' });
});

describe('media', () => {
  const picture: RequestListener = (request, response) => {
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
    if (request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end();
    else response.writeHead(200, { etag, 'content-type': 'image/jpeg' }).end(bytes);
  };

  test('comes from the configured base, whatever host and key the address names', async (t) => {
    const asked: unknown[] = [];
    const listener: RequestListener = (request, response) => {
      asked.push(request.url);
      picture(request, response);
    };
    const { port } = await serve(t, listener);
    const { client } = await serve(t, listener, { address: `http://127.0.0.1:${port}/stash` });
    for (const address of [
      'http://wrong.example:9999/stash/tag/1/image?t=5&apikey=secret',
      '/tag/1/image?t=5',
      'tag/1/image?t=5',
      '//evil.example/tag/1/image?t=5',
    ]) {
      assert.deepEqual((await client.bytes(address))?.bytes, bytes);
    }
    assert.deepEqual(new Set(asked), new Set(['/stash/tag/1/image?t=5']));
  });

  test('that is held already does not cross again', async (t) => {
    const { client } = await serve(t, picture);
    const first = await client.bytes('/tag/1/image');
    const again = await client.bytes('/tag/1/image', { etag: first?.media.etag ?? '' });
    assert.equal(again?.media.status, 304);
    assert.equal(again.bytes.length, 0);
  });

  test('that breaks off is fetched again', async (t) => {
    const { client } = await serve(t, inTurn(half, half, picture));
    assert.deepEqual((await client.bytes('/tag/1/image'))?.bytes, bytes);
  });

  test('that is not there is null', async (t) => {
    const { client } = await serve(t, answer(404, 'not found'));
    assert.equal(await client.media('/tag/9/image'), null);
  });
});
