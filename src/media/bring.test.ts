import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { shared, skipWithoutShared } from '../../test/shared.ts';
import {
  importedLibrary,
  libraryOf,
  listed,
  skipWithoutRoot,
  smallDisk,
  temporaryFolder,
  v030,
} from '../../test/support/pictures.ts';
import { feedFromFile } from '../feeds.ts';
import { StowageError } from '../model/errors.ts';
import type { PictureId } from '../model/fields.ts';
import type { Kind } from '../model/kinds.ts';
import type { Trouble } from '../model/reading.ts';
import { BlobsFolder } from './blobsFolder.ts';
import { BlobsTable } from './blobsTable.ts';
import { type BringOptions, bringPictures } from './bring.ts';
import { PictureStore } from './store.ts';
import type { Owner, Supplier } from './supplier.ts';

const picture = (n: number): Buffer => Buffer.alloc(2000, `picture ${n} `);
const md5Of = (bytes: Buffer): PictureId => hash('md5', bytes);
const scenes = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    kind: 'scene' as Kind,
    id: i + 1,
    pictures: { cover: md5Of(picture(i + 1)) },
  }));

/** Has the pictures of the scenes below, and remembers what it was asked for. */
class Shelf implements Supplier {
  readonly name = 'the shelf';
  readonly asked: PictureId[] = [];
  readonly #give: (owner: Owner) => Buffer | Error | undefined;

  constructor(give: (owner: Owner) => Buffer | Error | undefined = ({ id }) => picture(id)) {
    this.#give = give;
  }

  async *offers(md5: PictureId, owners: readonly Owner[]): AsyncGenerator<Uint8Array> {
    this.asked.push(md5);
    for (const owner of owners) {
      const given = this.#give(owner);
      if (given instanceof Error) throw given;
      if (given) yield given;
    }
  }
}

/** Brings, and gathers the troubles. */
async function bring(options: Omit<BringOptions, 'trouble' | 'signal'> & Partial<BringOptions>) {
  const troubles: Trouble[] = [];
  const signal = new AbortController().signal;
  const trouble = (one: Trouble) => troubles.push(one);
  return { ...(await bringPictures({ signal, trouble, ...options })), troubles };
}

const inOrder = (troubles: Trouble[]) => troubles.sort((a, b) => a.id - b.id);

test('the pictures inside a snapshot arrive, each once', { skip: skipWithoutShared }, async (t) => {
  const file = shared('fixtures/stash-v0.30.1.sqlite');
  const { client, source } = await importedLibrary(
    t,
    feedFromFile(file, () => {}),
    v030,
  );
  const store = await PictureStore.open(await temporaryFolder(t));
  using blobs = new BlobsTable(file);
  const steps: [number, number][] = [];
  const progress = (done: number, of: number) => steps.push([done, of]);
  const first = await bring({ client, source, store, suppliers: [blobs], progress });
  assert.deepEqual(first, { fetched: 7, found: 0, missing: 0, bytes: 122_109, troubles: [] });
  assert.deepEqual(
    steps,
    [1, 2, 3, 4, 5, 6, 7].map((done) => [done, 7]),
  );

  using database = new DatabaseSync(file, { readOnly: true });
  for (const { checksum, blob } of database.prepare('SELECT * FROM blobs').all()) {
    assert.deepEqual(await buffer(store.open(checksum as string)), Buffer.from(blob as Uint8Array));
  }
  assert.equal((await listed(client)).length, 7);
  const again = await bring({ client, source, store, suppliers: [] });
  assert.deepEqual(again, { fetched: 0, found: 0, missing: 0, bytes: 0, troubles: [] });
});

test('pictures are taken from the folder in which Stash keeps them', async (t) => {
  const { client, source } = await libraryOf(t, scenes(3));
  const folder = await temporaryFolder(t);
  for (const n of [1, 2]) {
    const md5 = md5Of(picture(n));
    const inner = path.join(folder, md5.slice(0, 2), md5.slice(2, 4));
    await mkdir(inner, { recursive: true });
    await writeFile(path.join(inner, md5), n === 1 ? picture(1) : 'damaged');
  }
  const store = await PictureStore.open(await temporaryFolder(t));
  const suppliers = [await BlobsFolder.open(folder)];
  const { fetched, troubles } = await bring({ client, source, store, suppliers });
  assert.equal(fetched, 1);
  assert.deepEqual(inOrder(troubles), [
    {
      kind: 'scene',
      id: 2,
      field: 'cover',
      why: 'the folder of blobs gives other bytes for it: changed since, lost or damaged',
    },
    { kind: 'scene', id: 3, field: 'cover', why: 'the folder of blobs does not have it' },
  ]);
  assert.deepEqual(await listed(client), [md5Of(picture(1))]);
});

test('a folder in which no Stash keeps pictures is refused', async (t) => {
  const folder = await temporaryFolder(t);
  await assert.rejects(BlobsFolder.open(path.join(folder, 'nowhere')), { code: 'usage' });
  await writeFile(path.join(folder, 'holiday.jpg'), 'x');
  await assert.rejects(BlobsFolder.open(folder), { code: 'usage', item: folder });
});

test('what the first supplier has the second is not asked for', async (t) => {
  const { client, source } = await libraryOf(t, scenes(3));
  const store = await PictureStore.open(await temporaryFolder(t));
  const file = path.join(await temporaryFolder(t), 'snapshot.sqlite');
  using database = new DatabaseSync(file);
  database.exec('CREATE TABLE blobs (checksum varchar(255) PRIMARY KEY, blob blob)');
  const insert = database.prepare('INSERT INTO blobs VALUES (?, ?)');
  insert.run(md5Of(picture(1)), picture(1));
  insert.run(md5Of(picture(2)), null); // kept on disk
  using blobs = new BlobsTable(file);
  const shelf = new Shelf();
  const { fetched } = await bring({ client, source, store, suppliers: [blobs, shelf] });
  assert.equal(fetched, 3);
  assert.deepEqual(shelf.asked.sort(), [md5Of(picture(2)), md5Of(picture(3))].sort());
});

test('a database without a table of pictures has none', async (t) => {
  const file = path.join(await temporaryFolder(t), 'mirror.sqlite');
  using database = new DatabaseSync(file);
  database.exec('CREATE TABLE scenes (id integer PRIMARY KEY)');
  using blobs = new BlobsTable(file);
  assert.deepEqual(await Array.fromAsync(blobs.offers(md5Of(picture(1)))), []);
});

test('a picture that several records have is fetched once, from any that has it still', async (t) => {
  const md5 = md5Of(picture(1));
  const { client, source } = await libraryOf(t, [
    { kind: 'tag', id: 5, pictures: { image: md5 } },
    { kind: 'group', id: 1, pictures: { frontImage: null, backImage: md5 } },
    { kind: 'scene', id: 1, pictures: { cover: md5 } },
  ]);
  const shelf = new Shelf(({ kind }) => (kind === 'tag' ? picture(2) : picture(1)));
  const store = await PictureStore.open(await temporaryFolder(t));
  const { troubles, ...brought } = await bring({ client, source, store, suppliers: [shelf] });
  assert.deepEqual(brought, { fetched: 1, found: 0, missing: 0, bytes: 2000 });
  assert.deepEqual(troubles, []);
});

test('each record is named whose picture cannot be had', async (t) => {
  const md5 = md5Of(picture(9));
  const { client, source } = await libraryOf(t, [
    { kind: 'group', id: 3, pictures: { frontImage: md5, backImage: '../../../etc/passwd' } },
    { kind: 'studio', id: 4, pictures: { image: md5 } },
  ]);
  const store = await PictureStore.open(await temporaryFolder(t));
  const { missing, troubles } = await bring({ client, source, store, suppliers: [new Shelf()] });
  assert.equal(missing, 2);
  assert.deepEqual(troubles.map(({ kind, id, field }) => `${kind} ${id} ${field}`).sort(), [
    'group 3 backImage',
    'group 3 frontImage',
    'studio 4 image',
  ]);
});

test('what is in the store and not listed is listed where it is whole, and fetched where it is not', async (t) => {
  const { client, source } = await libraryOf(t, scenes(3));
  const folder = await temporaryFolder(t);
  const store = await PictureStore.open(folder);
  await store.put(picture(1));
  await store.put(picture(2));
  const md5 = md5Of(picture(2));
  await writeFile(path.join(folder, md5.slice(0, 2), md5.slice(2, 4), md5), 'after a power cut');
  const shelf = new Shelf();
  const { found, fetched } = await bring({ client, source, store, suppliers: [shelf] });
  assert.deepEqual({ found, fetched }, { found: 1, fetched: 2 });
  assert.equal((await listed(client)).length, 3);
  assert.deepEqual(shelf.asked.sort(), [md5, md5Of(picture(3))].sort());
});

test('one picture’s failure is a trouble; too many in a row end it', async (t) => {
  const { client, source } = await libraryOf(t, scenes(60));
  const store = await PictureStore.open(await temporaryFolder(t));
  const failure = new StowageError('source.failed', 'http://stash:9999 failed (HTTP 500).');
  const oneOfThree = new Shelf(({ id }) => (id % 3 === 0 ? failure : picture(id)));
  const { missing, troubles } = await bring({ client, source, store, suppliers: [oneOfThree] });
  assert.equal(missing, 20);
  assert.equal(troubles[0]?.why, failure.message);

  const dead = new Shelf(() => failure);
  await assert.rejects(bring({ client, source, store, suppliers: [dead] }), failure);
});

test('refused by the server, it ends at once, and keeps what it has', async (t) => {
  const { client, source } = await libraryOf(t, scenes(300));
  const store = await PictureStore.open(await temporaryFolder(t));
  const refusal = new StowageError('source.unauthorized', 'The server does not accept the key.');
  const shelf = new Shelf(({ id }) => (id < 280 ? picture(id) : refusal));
  await assert.rejects(bring({ client, source, store, suppliers: [shelf] }), refusal);
  assert.equal((await listed(client)).length, 256);
  assert.ok(shelf.asked.length < 300);

  const { fetched, found } = await bring({ client, source, store, suppliers: [new Shelf()] });
  assert.equal(fetched + found, 44);
  assert.ok(found >= 16, 'what was stored of the second batch is not fetched again');
});

test('interrupted, it ends with the reason', async (t) => {
  const { client, source } = await libraryOf(t, scenes(20));
  const store = await PictureStore.open(await temporaryFolder(t));
  const interruption = new AbortController();
  const reason = new StowageError('interrupted', 'Interrupted.');
  const shelf = new Shelf(({ id }) => {
    if (id === 10) interruption.abort(reason);
    return picture(id);
  });
  const { signal } = interruption;
  await assert.rejects(bring({ client, source, store, suppliers: [shelf], signal }), reason);
  assert.ok(shelf.asked.length < 20);
});

test('a full disk ends it; with room made, it goes on', { skip: skipWithoutRoot }, async (t) => {
  const { client, source } = await libraryOf(t, scenes(400));
  const disk = await smallDisk(t, '1m');
  const store = await PictureStore.open(disk);
  const suppliers = [new Shelf()];
  await assert.rejects(bring({ client, source, store, suppliers }), { code: 'disk.full' });
  assert.deepEqual(await readdir(path.join(disk, 'incoming')), []);
  for (const md5 of await listed(client)) assert.ok(await store.check(md5));

  execFileSync('mount', ['-o', 'remount,size=16m', disk]);
  const { missing } = await bring({ client, source, store, suppliers });
  assert.equal(missing, 0);
  assert.equal((await listed(client)).length, 400);
});

test('killed at any moment and run again, it has everything', async (t) => {
  const { client, source, url } = await libraryOf(t, scenes(600));
  const folder = await temporaryFolder(t);
  for (const moment of [40, 300, 560]) {
    const child = spawn(process.execPath, [
      ...['--input-type=module', '--eval'],
      `import pg from 'pg';
       import { bringPictures } from ${JSON.stringify(import.meta.resolve('./bring.ts'))};
       import { PictureStore } from ${JSON.stringify(import.meta.resolve('./store.ts'))};
       const client = new pg.Client(${JSON.stringify(url)});
       await client.connect();
       const shelf = {
         name: 'the shelf',
         async *offers(md5, [{ id }]) {
           if (id === ${moment}) process.kill(process.pid, 'SIGKILL');
           yield Buffer.alloc(2000, 'picture ' + id + ' ');
         },
       };
       await bringPictures({
         client, source: ${JSON.stringify(source)}, suppliers: [shelf], trouble: () => {},
         store: await PictureStore.open(${JSON.stringify(folder)}),
         signal: new AbortController().signal,
       });`,
    ]);
    const [, signal] = await once(child, 'exit');
    assert.equal(signal, 'SIGKILL');
    const store = await PictureStore.open(folder);
    for (const md5 of await listed(client)) assert.ok(await store.check(md5));
  }
  const store = await PictureStore.open(folder);
  const { fetched, found } = await bring({ client, source, store, suppliers: [new Shelf()] });
  assert.ok(fetched > 0 && found > 0 && fetched < 344, `${fetched} fetched, ${found} found`);
  assert.equal((await listed(client)).length, 600);
  assert.deepEqual(await readdir(path.join(folder, 'incoming')), []);
  for (const { pictures } of scenes(600)) assert.ok(await store.check(pictures.cover));
});
