import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import type pg from 'pg';
import { shared, skipWithoutShared } from '../../test/shared.ts';
import { importedLibrary, listed, temporaryFolder, v030 } from '../../test/support/pictures.ts';
import { feedFromReading } from '../feeds.ts';
import { LibraryRecords } from '../library/read.ts';
import { findSource, type Source } from '../library/sources.ts';
import type { Trouble } from '../model/reading.ts';
import { generate } from '../simulator/generate.ts';
import { type Simulator, startSimulator } from '../simulator/simulator.ts';
import { StashClient } from '../stash/client.ts';
import { openGraphql } from '../stash/graphql/graphql.ts';
import { withoutPicture } from '../stash/pictures.ts';
import { connect } from '../stash/server.ts';
import { pictureFields } from './fields.ts';
import { learnPictures } from './learn.ts';
import { ServedPictures } from './servedPictures.ts';
import { PictureStore } from './store.ts';

const signal = new AbortController().signal;

/** A server, and a library into which its records came through GraphQL: of their pictures it knows nothing. */
async function migratedFrom(t: TestContext, database: string, blobs?: string) {
  const simulator = await startSimulator({
    database,
    ...(blobs && { blobs: { storage: 'FILESYSTEM', dir: blobs } }),
  });
  t.after(() => simulator.close());
  const client = new StashClient({ address: simulator.url, firstPause: 1 });
  t.after(() => client.close());
  const server = await connect(client);
  const reading = openGraphql(server);
  const library = await importedLibrary(
    t,
    feedFromReading(reading, () => {}),
    server.profile,
  );
  await reading.close();
  const store = await PictureStore.open(await temporaryFolder(t));
  const learn = async () => {
    const troubles: Trouble[] = [];
    await learnPictures({
      ...library,
      store,
      served: new ServedPictures(client, server.profile),
      without: (kind, field, stop) => withoutPicture(server, kind, field, stop),
      trouble: (one) => troubles.push(one),
      signal,
    });
    return troubles;
  };
  return { simulator, library, store, learn };
}

async function generated(t: TestContext, version: 'v0.25' | 'v0.30') {
  const folder = await temporaryFolder(t);
  const database = path.join(folder, 'stash.sqlite');
  const blobs = path.join(folder, 'blobs');
  generate(database, { scenes: 30, images: 0, pictures: 'all', blobs, version });
  const groups = version === 'v0.25' ? 'movies' : 'groups';
  using stash = new DatabaseSync(database);
  for (const [table, column] of [
    ['tags', 'image_blob'],
    ['studios', 'image_blob'],
    ['performers', 'image_blob'],
    [groups, 'back_image_blob'],
    ['scenes', 'cover_blob'],
  ]) {
    stash.exec(`update ${table} set ${column} = null where id % 3 = 0`);
  }
  return migratedFrom(t, database, blobs);
}

type Pictures = { [record: string]: string | null | undefined };

/** What the library shows of a source's pictures: `scene 3 cover`. Undefined where it does not know. */
async function shownBy({ client, source }: { client: pg.Client; source: Source }) {
  const pictures: Pictures = {};
  const records = await LibraryRecords.begin([client], source);
  for (const { kind, field } of pictureFields) {
    for await (const batch of records.records(kind)) {
      for (const record of batch) {
        pictures[`${kind} ${record.id} ${field}`] = (record as unknown as Pictures)[field];
      }
    }
  }
  await records.end();
  return pictures;
}

/** What the server's own database holds of them. */
function keptBy({ rows, version }: Simulator): Pictures {
  const pictures: Pictures = {};
  const groups = version === 'v0.25' ? 'movies' : 'groups';
  for (const [kind, field, table, column] of [
    ['tag', 'image', 'tags', 'image_blob'],
    ['studio', 'image', 'studios', 'image_blob'],
    ['performer', 'image', 'performers', 'image_blob'],
    ['group', 'frontImage', groups, 'front_image_blob'],
    ['group', 'backImage', groups, 'back_image_blob'],
    ['scene', 'cover', 'scenes', 'cover_blob'],
  ]) {
    const found = rows(`select id, ${column} as md5 from ${table}`);
    for (const { id, md5 } of found as { id: number; md5: string | null }[]) {
      pictures[`${kind} ${id} ${field}`] = md5;
    }
  }
  return pictures;
}

/** How often pictures were asked for. */
const asked = ({ requests }: Simulator) =>
  requests.filter(({ path }) => /image|screenshot/.test(path)).length;

describe('after an import through GraphQL, which knows no pictures', () => {
  for (const version of ['v0.25', 'v0.30'] as const) {
    test(`all are learned from a ${version}, and held`, async (t) => {
      const { simulator, library, store, learn } = await generated(t, version);
      const { client } = library;
      assert.ok(Object.values(await shownBy(library)).every((md5) => md5 === undefined));
      assert.deepEqual(await learn(), []);

      const kept = keptBy(simulator);
      assert.deepEqual(await shownBy(library), kept);
      const md5s = [...new Set(Object.values(kept))].filter((md5) => md5 != null).sort();
      assert.ok(md5s.length > 5);
      assert.deepEqual(await listed(client), md5s);
      for (const md5 of md5s) assert.ok(await store.check(md5));

      const { rows } = await client.query(
        `SELECT base->'cover' AS cover FROM stowage.links WHERE kind = 7 ORDER BY remote_id`,
      );
      const covers = Object.entries(kept).filter(([name]) => name.endsWith('cover'));
      assert.deepEqual(
        rows.map(({ cover }) => cover),
        covers.map(([, md5]) => md5),
      );
      const edited = await client.query('SELECT FROM stowage.links WHERE edited');
      assert.equal(edited.rowCount, 0);
      assert.deepEqual((await findSource(client, 'main'))?.known, library.source.known);

      const before = asked(simulator);
      assert.deepEqual(await learn(), []);
      assert.equal(asked(simulator), before);
    });
  }

  test('they are those that a real server has', { skip: skipWithoutShared }, async (t) => {
    const { library, learn } = await migratedFrom(t, shared('fixtures/stash-v0.30.1.sqlite'));
    assert.deepEqual(await learn(), []);
    const shown = await shownBy(library);
    const dump = JSON.parse(readFileSync(shared('fixtures/stash-v0.30.1.dump.json'), 'utf8'));
    for (const { id, cover_md5 } of dump.scenes)
      assert.equal(shown[`scene ${id} cover`], cover_md5);
    for (const { id, front_image_md5, back_image_md5 } of dump.groups) {
      assert.equal(shown[`group ${id} frontImage`], front_image_md5);
      assert.equal(shown[`group ${id} backImage`], back_image_md5);
    }
    for (const { id, image_md5 } of dump.performers) {
      assert.equal(shown[`performer ${id} image`], image_md5);
    }
  });

  test('what the server has lost is named, and its stand-in not taken for a picture', {
    skip: skipWithoutShared,
  }, async (t) => {
    // The pictures of this one were on a disk that was not recorded.
    const { simulator, library, learn } = await migratedFrom(
      t,
      shared('fixtures/stash-v0.25.1.sqlite'),
    );
    const troubles = await learn();
    const owned = Object.entries(keptBy(simulator)).filter(([, md5]) => md5 !== null);
    assert.deepEqual(
      troubles.map(({ kind, id, field }) => `${kind} ${id} ${field}`).sort(),
      owned.map(([name]) => name).sort(),
    );
    assert.deepEqual(await listed(library.client), []);
  });

  test('cut off, it goes on from there', async (t) => {
    const { simulator, library, learn } = await generated(t, 'v0.30');
    simulator.faults.add({ kind: 'status', status: 401, on: 'picture', nth: 50 });
    await assert.rejects(learn(), { code: 'source.unauthorized' });
    const before = simulator.requests.length;
    simulator.faults.clear();
    assert.deepEqual(await learn(), []);
    assert.deepEqual(await shownBy(library), keptBy(simulator));
    const asked = simulator.requests.slice(before).map(({ path }) => path);
    assert.ok(asked.some((path) => path.startsWith('/scene/')));
    assert.ok(!asked.some((path) => path.startsWith('/tag/')));
  });

  test('a picture that a person chose meanwhile stays', async (t) => {
    const { simulator, library, learn } = await generated(t, 'v0.30');
    const { client } = library;
    const [{ id, md5 }] = simulator.rows(
      'select id, cover_blob as md5 from scenes where cover_blob is not null',
    ) as [{ id: number; md5: string }];
    const chosen = 'c'.repeat(32);
    await client.query('INSERT INTO qar.pictures (md5, size) VALUES ($1, 1)', [chosen]);
    const link = `FROM stowage.links WHERE kind = 7 AND remote_id = ${id}`;
    await client.query(
      `UPDATE qar.cargo SET cover = $1, revision = 2 WHERE id = (SELECT library_id ${link})`,
      [chosen],
    );
    await learn();
    assert.equal((await shownBy(library))[`scene ${id} cover`], chosen);
    const { rows } = await client.query(`SELECT base->>'cover' AS cover ${link}`);
    assert.deepEqual(rows, [{ cover: md5 }]);
  });
});

test('the bytes of a picture that is held are not fetched', async (t) => {
  const bytes = Buffer.alloc(100_000, 'a picture ');
  const md5 = hash('md5', bytes);
  const store = await PictureStore.open(await temporaryFolder(t));
  await store.put(bytes);
  const server = createServer((_, response) => {
    response.writeHead(200, { etag: `"${md5}"`, 'content-type': 'image/png' });
    response.write(bytes.subarray(0, 1000)); // the rest never comes
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const client = new StashClient({ address: `http://127.0.0.1:${port}` });
  t.after(() => client.close());
  const served = new ServedPictures(client, v030);
  const kept = await served.keep(store, { kind: 'tag', id: 1, field: 'image' }, undefined, signal);
  assert.deepEqual(kept, { md5, size: 100_000 });
});
