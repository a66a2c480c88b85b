import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { schemaOf } from '../contract/schema.ts';
import { type CacheOptions, StashCache } from './cache.ts';
import { StashServer } from './server.ts';
import { serve } from './testing.ts';
import { ServerStatusDocument } from './types.ts';

/** A server of pictures that can be changed, and of its version, which says how often it was asked. */
async function pictures(t: TestContext, options: CacheOptions) {
  const held = new Map<string, Buffer>();
  const asked: string[] = [];
  const listener: RequestListener = (request, response) => {
    const path = request.url ?? '';
    const bytes = held.get(path);
    const etag = bytes && `"${createHash('md5').update(bytes).digest('hex')}"`;
    const status =
      path === '/graphql'
        ? 200
        : !bytes
          ? 404
          : request.headers['if-none-match'] === etag
            ? 304
            : 200;
    asked.push(`${status} ${path}`);
    response.writeHead(status, etag ? { etag, 'content-type': 'image/png' } : {});
    const version = { version: `${asked.length}` };
    const systemStatus = { databaseSchema: 75, status: 'OK', os: 'linux' };
    response.end(
      path === '/graphql'
        ? JSON.stringify({ data: { version, systemStatus } })
        : status === 200
          ? bytes
          : '',
    );
  };
  const { client } = await serve(t, listener);
  const profile = { version: 'v0.30.1', schema: 75, types: {} };
  const server = new StashServer(client, profile, schemaOf('v0.30'));
  return { held, asked, cache: new StashCache(server, options) };
}

test('what is young is not asked for again, even by two at once', async (t) => {
  const { held, asked, cache } = await pictures(t, {});
  held.set('/tag/1/image', Buffer.from('first'));
  const both = await Promise.all([cache.picture('/tag/1/image'), cache.picture('/tag/1/image')]);
  held.set('/tag/1/image', Buffer.from('second'));
  for (const picture of [...both, await cache.picture('/tag/1/image')]) {
    assert.equal(picture?.bytes.toString(), 'first');
    assert.equal(picture?.type, 'image/png');
  }
  const versions = [
    await cache.request(ServerStatusDocument, {}),
    await cache.request(ServerStatusDocument, {}),
  ];
  assert.deepEqual(versions[0], versions[1]);
  assert.deepEqual(asked, ['200 /tag/1/image', '200 /graphql']);
});

test('a picture that has grown old only crosses again if it has changed', async (t) => {
  const { held, asked, cache } = await pictures(t, { maxAge: 20 });
  held.set('/tag/1/image', Buffer.from('first'));
  await cache.picture('/tag/1/image');
  await sleep(30);
  assert.equal((await cache.picture('/tag/1/image'))?.bytes.toString(), 'first');
  await sleep(30);
  held.set('/tag/1/image', Buffer.from('second'));
  assert.equal((await cache.picture('/tag/1/image'))?.bytes.toString(), 'second');
  assert.deepEqual(asked, ['200 /tag/1/image', '304 /tag/1/image', '200 /tag/1/image']);
});

test('what was not used for longest makes room, by its bytes', async (t) => {
  const { held, asked, cache } = await pictures(t, { maxBytes: 2500 });
  for (const path of ['/a', '/b', '/c']) held.set(path, Buffer.alloc(1000));
  for (const path of ['/a', '/b', '/a', '/c', '/a', '/b']) await cache.picture(path);
  assert.deepEqual(asked, ['200 /a', '200 /b', '200 /c', '200 /b']);
});

test('that there is no picture is remembered too', async (t) => {
  const { asked, cache } = await pictures(t, {});
  assert.equal(await cache.picture('/none'), null);
  assert.equal(await cache.picture('/none'), null);
  assert.deepEqual(asked, ['404 /none']);
});
