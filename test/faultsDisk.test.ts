import assert from 'node:assert/strict';
import { rm, stat, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { openLibrary } from '../src/library/open.ts';
import { call, ownLibrary } from './support/commands.ts';
import { type StashOnDisk, stashOnDisk } from './support/faulty.ts';
import { skipWithoutRoot, smallDisk } from './support/pictures.ts';
import { at, leftovers, type Place, wholeLibrary } from './support/wholeLibrary.ts';

const skip = skipWithoutRoot;

let stored: StashOnDisk;
before(async () => {
  stored = await stashOnDisk();
});
after(() => stored.remove());

const megabyte = 2 ** 20;

/** Fills a disk but for so many bytes, until it is called. */
async function filled(disk: string, left: number): Promise<() => Promise<void>> {
  const { bavail, bsize } = await statfs(disk);
  const ballast = path.join(disk, 'ballast');
  await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - left)));
  return () => rm(ballast);
}

/** Runs out of room there, is told so; and with room again ends as if nothing had been. */
async function runsOut(
  t: TestContext,
  place: Place,
  { via, left }: { via: 'snapshot' | 'tables' | 'graphql'; left: number },
): Promise<void> {
  const stash = await stored.serve(t);
  const words = ['migrate', '--from', stash.url, '--via', via, ...at(place)];
  const makeRoom = await filled(place.data, left);
  const { exitCode, error } = await call(...words);
  assert.deepEqual([exitCode, error?.code], [1, 'disk.full'], error?.message);
  assert.match(error?.remedy ?? '', /room/);
  assert.deepEqual(await leftovers(place, ''), []);
  await makeRoom();
  assert.equal((await call(...words)).exitCode, 0);
  assert.deepEqual(await wholeLibrary(place), await stored.whole(via));
}

for (const [moment, via, room] of [
  ['a copy is downloaded', 'snapshot', -100_000],
  ['tables are mirrored', 'tables', -200_000],
  // The copy finds room, and is there until the end.
  ['pictures are stored', 'snapshot', 100_000],
] as const) {
  test(`a disk that is full while ${moment}`, { skip }, async (t) => {
    const { url } = await ownLibrary(t);
    const { size } = await stat(stored.database);
    await runsOut(t, { data: await smallDisk(t, '16m'), url }, { via, left: size + room });
  });
}

test('a disk that is full while the library is loaded', { skip }, async (t) => {
  const place = { data: await smallDisk(t, '160m') };
  // The database is made, with room enough, but nothing is in it yet.
  await (await openLibrary({ dataDir: place.data })).close();
  await runsOut(t, place, { via: 'graphql', left: 2 * megabyte });
});

test('a disk that is full while the library is exported', { skip }, async (t) => {
  const stash = await stored.serve(t);
  const library = await ownLibrary(t);
  assert.equal((await library.stowage('migrate', '--from', stash.url)).exitCode, 0);
  const disk = await smallDisk(t, '64k');
  const words = ['export', '--as', 'main', '--out', disk];
  const { exitCode, error } = await library.stowage(...words);
  assert.deepEqual([exitCode, error?.code], [1, 'disk.full'], error?.message);
});
