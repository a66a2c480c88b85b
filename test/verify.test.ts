import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import type pg from 'pg';
import type { ServerVersion } from '../src/contract/schema.ts';
import { kindNumber, type StoredField, storedFields } from '../src/library/layout.ts';
import { LibraryRecords } from '../src/library/read.ts';
import { findSource, type Source } from '../src/library/sources.ts';
import type { Id } from '../src/model/fields.ts';
import { type Kind, kindNames, type Rec } from '../src/model/kinds.ts';
import { generate } from '../src/simulator/generate.ts';
import { startSimulator } from '../src/simulator/simulator.ts';
import { TablesReader } from '../src/stash/tables/reader.ts';
import { compareKind, type Difference } from '../src/sync/compare.ts';
import { ownLibrary } from './support/commands.ts';
import { withClient } from './support/database.ts';
import { temporaryFolder } from './support/pictures.ts';
import { isEmpty, plants } from './support/plants.ts';

describe('a difference in any single field is found', () => {
  // A newer server has every field but three, which only an old one has.
  const old = ['performer.twitter', 'performer.instagram', 'performer.careerLength'];
  const versions: { [V in ServerVersion]?: (field: string) => boolean } = {
    newer: (field) => !old.includes(field),
    'v0.25': (field) => old.includes(field),
  };
  for (const [version, chosen] of Object.entries(versions)) {
    test(`in the records of a ${version} server`, async (t) => {
      const { library, records } = await migrated(t, version as ServerVersion);
      await withClient(library.url, async (client) => {
        const source = (await findSource(client, 'main')) as Source;
        await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
        for (const kind of kindNames) {
          const ways = storedFields[kind]
            .filter(({ name }) => chosen(`${kind}.${name}`))
            .map((field) => waysToDiffer(kind, field, records[kind]));
          // Each in one way at a time: no field's difference may hide another's.
          for (let way = 0; ways.some((plants) => plants[way]); way++) {
            const planted = ways.flatMap((plants) => plants[way] ?? []);
            await client.query('SAVEPOINT unharmed');
            for (const plant of planted) await carryOut(client, plant);
            const found: Difference[] = [];
            const ours = new LibraryRecords([client], source).records(kind);
            await compareKind(kind, [records[kind]], ours, (difference) => found.push(difference));
            assert.deepEqual(found.map(inWords).sort(), planted.map(inWords).sort());
            await client.query('ROLLBACK TO unharmed');
          }
        }
        await client.query('ROLLBACK');
      });
    });
  }
});

describe('stowage verify', () => {
  for (const via of ['tables', 'graphql']) {
    test(`lists every field that differs, read through ${via}`, async (t) => {
      const { simulator, library, records } = await migrated(t, 'newer');
      const verify = () => library.stowage('verify', '--from', simulator.url, '--via', via);
      assert.equal((await verify()).exitCode, 0);

      const planted = kindNames.flatMap((kind) =>
        storedFields[kind]
          .filter(({ name }) => name in (records[kind][0] as object))
          .flatMap((field) => waysToDiffer(kind, field, records[kind]).slice(0, 1)),
      );
      await withClient(library.url, async (client) => {
        for (const plant of planted) await carryOut(client, plant);
      });
      const { exitCode, troubles, summary } = await verify();
      assert.equal(exitCode, 3);
      // Which picture was chosen as a gallery's cover is the one thing that GraphQL cannot tell.
      const untold = via === 'graphql' ? ['gallery.cover'] : [];
      const told = planted.filter(({ kind, field }) => !untold.includes(`${kind}.${field}`));
      assert.deepEqual(troubles.map(inWords).sort(), told.map(inWords).sort());
      assert.equal(summary.differences, told.length);
      assert.deepEqual(summary.untold, untold);
    });
  }

  test('ends where the server fails half way', { timeout: 120_000 }, async (t) => {
    const { simulator, library } = await migrated(t, 'v0.30');
    simulator.faults.add({ kind: 'status', status: 403, on: 'Scenes' });
    const { exitCode } = await library.stowage('verify', '--from', simulator.url);
    assert.equal(exitCode, 1);
  });

  test('lists records that only one side has', async (t) => {
    const { simulator, library } = await migrated(t, 'v0.30');
    await library.query(
      `UPDATE qar.markers SET deleted_at = now()
        WHERE id = (SELECT library_id FROM stowage.links WHERE kind = $1 AND remote_id = 2)`,
      [kindNumber.marker],
    );
    await library.query('DELETE FROM stowage.links WHERE kind = $1 AND remote_id = 1', [
      kindNumber.savedFilter,
    ]);
    await library.query(
      `WITH added AS (INSERT INTO qar.chapters (id) VALUES (gen_random_uuid()) RETURNING id)
       INSERT INTO stowage.links (source_id, kind, remote_id, library_id, base, facts, seen, run_id)
       SELECT 1, $1, 999, id, '{}', '{}', '', 1 FROM added`,
      [kindNumber.chapter],
    );
    const { exitCode, troubles } = await library.stowage('verify', '--from', simulator.url);
    assert.equal(exitCode, 3);
    assert.deepEqual(
      troubles.map((one) => `${inWords(one)}: ${one.why}`),
      [
        'marker 2 null: is not in the library (changed here, or by another source, and not sent yet)',
        'chapter 999 null: is only in the library',
        'savedFilter 1 null: is not in the library',
      ],
    );
  });

  for (const via of ['tables', 'graphql']) {
    test(`misses a picture that is gone from the store, read through ${via}`, async (t) => {
      const { simulator, library, records } = await migrated(t, 'v0.30');
      const owner = records.performer.find(({ image }) => image) as Rec<'performer'>;
      const md5 = String(owner.image);
      await rm(path.join(library.data, 'pictures', md5.slice(0, 2), md5.slice(2, 4), md5));
      const from = ['--from', simulator.url, '--via', via];
      const { exitCode, troubles } = await library.stowage('verify', ...from);
      assert.equal(exitCode, 3);
      assert.deepEqual(troubles.map(inWords), [`performer ${owner.id} image`]);

      assert.equal((await library.stowage('migrate', ...from)).exitCode, 0);
      assert.equal((await library.stowage('verify', ...from)).exitCode, 0);
    });
  }

  test('sees through GraphQL which pictures a server has exchanged, and which it has lost', async (t) => {
    const { simulator, library } = await migrated(t, 'v0.30');
    simulator.sql(`
      update performers set image_blob = (select cover_blob from scenes where id = 1) where id = 2;
      update blobs set blob = null where checksum = (select image_blob from performers where id = 3)`);
    const verified = await library.stowage('verify', '--from', simulator.url, '--via', 'graphql');
    assert.equal(verified.exitCode, 3);
    const [exchanged, lost, ...others] = verified.troubles.map(
      (one) => `${inWords(one)}: ${one.why}`,
    );
    assert.match(
      String(exchanged),
      /^performer 2 image: source "[0-9a-f]{32}", library "[0-9a-f]{32}"$/,
    );
    assert.match(String(lost), /^performer 3 image: the server has lost it/);
    assert.deepEqual(others, []);
  });

  test('knows the stand-in for a picture where a server keeps it as one', async (t) => {
    const { simulator, library } = await migrated(t, 'v0.30');
    const answer = await fetch(`${simulator.url}/group/1/frontimage?default=true`);
    const front_image = `data:image/svg+xml;base64,${Buffer.from(await answer.arrayBuffer()).toString('base64')}`;
    await fetch(`${simulator.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query: 'mutation($input:GroupUpdateInput!){groupUpdate(input:$input){id}}',
        variables: { input: { id: 1, front_image } },
      }),
    });
    assert.equal((await library.stowage('sync')).exitCode, 0);
    const verified = await library.stowage('verify', '--via', 'graphql');
    assert.deepEqual(verified.troubles, []);
  });
});

interface Plant {
  kind: Kind;
  id: Id;
  field: string;
  sql: string;
}

/** Each in a record that has something in the field, where there is one. */
function waysToDiffer(kind: Kind, field: StoredField, records: Rec<Kind>[]): Plant[] {
  const value = (record: object) => (record as { [field: string]: unknown })[field.name];
  const told = records.filter((record) => value(record) !== undefined);
  const record = told.find((record) => !isEmpty(value(record))) ?? told[0];
  assert.ok(record, `no ${kind} tells its ${field.name}`);
  return plants(kind, field, value(record)).map((sql) => ({
    kind,
    id: record.id,
    field: field.name,
    sql,
  }));
}

async function carryOut(client: pg.Client, { kind, id, sql }: Plant): Promise<void> {
  const { rows } = await client.query<{ library: string }>(
    'SELECT library_id AS library FROM stowage.links WHERE kind = $1 AND remote_id = $2',
    [kindNumber[kind], id],
  );
  const { rowCount } = await client.query(sql, [rows[0]?.library]);
  assert.equal(rowCount, 1, sql);
}

const inWords = ({ kind, id, field }: Pick<Difference, 'kind' | 'id' | 'field'>): string =>
  `${kind} ${id} ${field}`;

/** A server with a made-up library, migrated, and its records. */
async function migrated(t: TestContext, version: ServerVersion) {
  const database = path.join(await temporaryFolder(t), 'stash.sqlite');
  generate(database, { scenes: 30, images: 40, pictures: 'all', version });
  if (version !== 'v0.25') {
    // Numbers that a JavaScript number does not hold exactly, or PostgreSQL writes in another way.
    using stash = new DatabaseSync(database);
    stash.exec(`insert into performer_custom_fields (performer_id, field, value)
      values (1, 'huge', 9223372036854775807), (1, 'large', 1e20), (1, 'tiny', 1e-10)`);
  }
  const library = await ownLibrary(t);
  const simulator = await startSimulator({ database });
  t.after(() => simulator.close());
  const { exitCode } = await library.stowage('migrate', '--from', simulator.url);
  assert.equal(exitCode, 0);
  const reader = new TablesReader(database);
  const records = Object.fromEntries(
    kindNames.map((kind) => [kind, [...reader.records(kind)].flat()]),
  ) as { [K in Kind]: Rec<K>[] };
  reader.close();
  return { simulator, library, records };
}
