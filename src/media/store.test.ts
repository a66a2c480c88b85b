import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { skipWithoutRoot, smallDisk, temporaryFolder } from '../../test/support/pictures.ts';
import { PictureStore } from './store.ts';

const picture = Buffer.from('a picture');
const md5 = hash('md5', picture);
const fileOf = (folder: string) => path.join(folder, md5.slice(0, 2), md5.slice(2, 4), md5);

test('keeps bytes under their MD5, for nobody else to read', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'pictures');
  const store = await PictureStore.open(folder);
  assert.deepEqual(await store.put(picture), { md5, size: 9 });
  await store.settle([{ md5, size: 9 }]);

  assert.equal((await store.stat(md5))?.size, 9);
  assert.deepEqual(await buffer(store.open(md5)), picture);
  assert.deepEqual(await store.check(md5), { md5, size: 9 });
  assert.deepEqual(await readFile(fileOf(folder)), picture);
  const mode = async (name: string) => (await stat(name)).mode & 0o777;
  assert.equal(await mode(fileOf(folder)), 0o600);
  for (let at = path.dirname(fileOf(folder)); at !== path.dirname(folder); at = path.dirname(at)) {
    assert.equal(await mode(at), 0o700, at);
  }
});

test('takes no bytes but those that were expected', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await PictureStore.open(folder);
  assert.equal(await store.put(Buffer.from('another'), md5), undefined);
  assert.deepEqual(await readdir(folder), ['incoming']);
  assert.deepEqual(await readdir(path.join(folder, 'incoming')), []);
});

test('does not take a damaged file for the picture, and puts the picture in its place', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await PictureStore.open(folder);
  assert.equal(await store.check(md5), undefined);
  await mkdir(path.dirname(fileOf(folder)), { recursive: true });
  await writeFile(fileOf(folder), 'a pict');
  assert.equal(await store.check(md5), undefined);
  await store.put(picture, md5);
  assert.deepEqual(await store.check(md5), { md5, size: 9 });
});

test('looks nowhere outside its folder', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(path.join(folder, 'private'), 'private');
  const store = await PictureStore.open(path.join(folder, 'pictures'));
  assert.throws(() => store.open('../private'), RangeError);
  assert.equal(await store.check('../private'), undefined);
});

test('clears away what killed processes left, and leaves alone what others are writing', async (t) => {
  const folder = await temporaryFolder(t);
  const incoming = path.join(folder, 'incoming');
  const killed = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(killed, 'exit');
  await mkdir(incoming);
  const ours = `${hostname()}.${process.pid}.a`;
  const elsewhere = `elsewhere.${killed.pid}.a`;
  for (const name of [ours, elsewhere, `${hostname()}.${killed.pid}.a`, 'elsewhere.1.b']) {
    await writeFile(path.join(incoming, name), 'half a pic');
  }
  const yesterday = new Date(Date.now() - 86_400_000);
  await utimes(path.join(incoming, 'elsewhere.1.b'), yesterday, yesterday);

  await PictureStore.open(folder);
  assert.deepEqual((await readdir(incoming)).sort(), [ours, elsewhere].sort());
});

test('on a full disk says so, and leaves nothing half written', {
  skip: skipWithoutRoot,
}, async (t) => {
  const folder = await smallDisk(t, '256k');
  const store = await PictureStore.open(folder);
  const small = await store.put(Buffer.alloc(50_000, 'a'));
  await assert.rejects(store.put(Buffer.alloc(400_000, 'b')), { code: 'disk.full', item: folder });
  assert.deepEqual(await readdir(path.join(folder, 'incoming')), []);
  assert.equal(await store.stat(hash('md5', Buffer.alloc(400_000, 'b'))), undefined);
  assert.deepEqual(await store.check(small?.md5 ?? ''), small);
});
