import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, type TestContext, test } from 'node:test';
import { shared, skipWithoutShared } from '../../test/shared.ts';
import { type ServerVersion, serverVersions } from '../contract/schema.ts';
import { kindNames, type Rec } from '../model/kinds.ts';
import type { Reading } from '../model/reading.ts';
import { generate } from '../simulator/generate.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../simulator/simulator.ts';
import { openRoad } from './roads.ts';
import { servedBy } from './serve.ts';
import { connect } from './server.ts';
import { open } from './testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'stowage-roads-'));
after(() => rmSync(folder, { recursive: true }));

for (const version of serverVersions) {
  test(`snapshot and tables of ${version} are the same library`, async (t) => {
    const { server, tempDir } = await serverOf(t, version);
    const snapshot = await openRoad(server, 'snapshot', { tempDir });
    const tables = await openRoad(server, 'tables', { tempDir });
    assert.deepEqual(await everything(tables.reading), await everything(snapshot.reading));
    for (const about of ['profile', 'unknown', 'troubles'] as const) {
      assert.deepEqual(tables.reading[about], snapshot.reading[about]);
    }
    assert.equal(tables.reading.profile.version, server.profile.version);
    for (const { reading } of [snapshot, tables]) await reading.close();
    assert.deepEqual(readdirSync(tempDir), []);
  });
}

describe('snapshot and tables', { skip: skipWithoutShared }, () => {
  for (const version of ['v0.25', 'v0.28', 'v0.30'] as const) {
    test(`of the library recorded from ${version}.1 are the same`, async (t) => {
      const database = shared(`fixtures/stash-${version}.1.sqlite`);
      const { server, tempDir } = await serverOf(t, version, { database });
      const snapshot = await openRoad(server, 'snapshot', { tempDir });
      const tables = await openRoad(server, 'tables', { tempDir });
      assert.deepEqual(await everything(tables.reading), await everything(snapshot.reading));
      for (const { reading } of [snapshot, tables]) await reading.close();
    });
  }
});

for (const version of serverVersions) {
  for (const via of ['snapshot', 'tables', 'graphql'] as const) {
    test(`some records of ${version} through ${via} are as among all of them`, async (t) => {
      const { simulator, server, tempDir } = await serverOf(t, version);
      const { reading } = await openRoad(server, via, { tempDir });
      const all = await everything(reading);
      const highest = await reading.highest();
      for (const kind of kindNames) {
        const records = all[kind] as Rec<'tag'>[];
        assert.ok(records.length > 0, kind);
        const chosen = records.filter((_, i) => i % 3 === 1 || i === records.length - 1);
        // In no order, one twice, and one that is not there.
        const ids = [...chosen.map(({ id }) => id).reverse(), 1_000_000, chosen[0]?.id as number];
        assert.deepEqual((await Array.fromAsync(reading.some(kind, ids))).flat(), chosen, kind);
        assert.deepEqual(await Array.fromAsync(reading.some(kind, [])), []);
        assert.deepEqual(
          await reading.created(kind, ids),
          new Map(kind === 'savedFilter' ? [] : chosen.map((r) => [r.id, r.createdAt as string])),
        );
        if (highest[kind] !== undefined) assert.ok(highest[kind] >= (records.at(-1)?.id as number));
        else assert.ok(via === 'graphql' && ['chapter', 'file'].includes(kind));
      }
      simulator.sql('delete from scene_markers where id = (select max(id) from scene_markers)');
      await reading.close();
      if (via === 'graphql') return;
      const { reading: later } = await openRoad(server, via, { tempDir });
      assert.equal((await later.highest()).marker, highest.marker);
      assert.equal((await later.counts()).marker, (all.marker?.length ?? 0) - 1);
      await later.close();
    });
  }
}

test('nothing but our SELECTs is ever sent to querySQL', async (t) => {
  const { simulator, server, tempDir } = await serverOf(t, 'v0.30');
  simulator.sql('create table moods (mood text)');
  for (const via of ['auto', 'snapshot', 'tables', 'graphql'] as const) {
    await (await openRoad(server, via, { tempDir })).reading.close();
  }
  const mutations = simulator.requests.filter(({ query }) =>
    query?.trimStart().startsWith('mutation'),
  );
  for (const { names } of mutations) {
    assert.ok(names.includes('querySQL') || names.includes('backupDatabase'), names.join(' '));
  }
  const statements = mutations
    .filter(({ names }) => names.includes('querySQL'))
    .map(({ variables }) => String(variables?.sql));
  assert.ok(statements.length > 50);
  for (const sql of statements) {
    assert.match(sql, /^select /);
    assert.doesNotMatch(sql, /;/);
  }
});

test('a library that changes while its tables are read ends up as it is afterwards', async (t) => {
  const { simulator, server, tempDir } = await serverOf(t, 'v0.30');
  const edits = [
    "update scenes set title = 'changed' where id = 3",
    'delete from scenes_tags where scene_id = 5',
    'update images set o_counter = o_counter + 1 where id = 7',
    "insert into scenes_view_dates (scene_id, view_date) values (9, '2021-01-01T00:00:00Z')",
    'delete from scenes where id = 11',
  ];
  edits.forEach((sql, i) => {
    simulator.faults.add({ kind: 'edit', sql, on: 'querySQL', nth: 8 + 10 * i, times: 1 });
  });
  const { reading } = await openRoad(server, 'tables', { tempDir });
  const read = await everything(reading);
  await reading.close();
  assert.equal(simulator.faults.fired, edits.length);
  const later = await openRoad(server, 'snapshot', { tempDir });
  assert.deepEqual(read, await everything(later.reading));
  await later.reading.close();
});

test('a column or table that we do not know is named on both roads, with its rows', async (t) => {
  const { simulator, server, tempDir } = await serverOf(t, 'v0.30');
  simulator.sql(`create table moods (mood text); insert into moods values ('calm'), ('glad');
    alter table scenes add column mood text; update scenes set mood = 'calm' where id = 1`);
  for (const via of ['snapshot', 'tables'] as const) {
    const { reading } = await openRoad(server, via, { tempDir });
    assert.deepEqual(reading.unknown, [
      { what: 'table moods', rows: 2 },
      { what: 'column scenes.mood', rows: 1 },
    ]);
    await reading.close();
  }
});

test('a first reading takes the snapshot, a later one the tables', async (t) => {
  const { server, tempDir } = await serverOf(t, 'v0.28');
  const first = await openRoad(server, 'auto', { tempDir });
  assert.equal(first.how, 'a snapshot: the whole library at one moment');
  const later = await openRoad(server, 'auto', { tempDir, again: true });
  assert.equal(later.how, 'its tables: every change, in seconds');
  for (const { reading } of [first, later]) await reading.close();
});

test('where the server refuses a road, the next is taken, and it is said why', async (t) => {
  const { simulator, server, tempDir } = await serverOf(t, 'v0.30');
  const no: { kind: 'status'; status: number } = { kind: 'status', status: 403 };
  simulator.faults.add({ ...no, on: 'backupDatabase' });
  const tables = await openRoad(server, 'auto', { tempDir });
  assert.match(
    tables.how,
    /^its tables: every change, in seconds; not from a snapshot: .+ refuses to answer/,
  );
  await tables.reading.close();
  simulator.faults.add({ ...no, on: 'querySQL' });
  const graphql = await openRoad(server, 'auto', { tempDir });
  assert.match(graphql.how, /^GraphQL: .+; not from a snapshot: .+; not from its tables: /);
  await graphql.reading.close();
  assert.deepEqual(readdirSync(tempDir), []);
});

test('a saved filter that is no object is an empty one on every road', async (t) => {
  const database = join(folder, 'filters.sqlite');
  generate(database, { scenes: 5, images: 5 });
  const { simulator, server, tempDir } = await serverOf(t, 'v0.30', { database });
  simulator.sql(`update saved_filters set object_filter = '[1]', ui_options = '5' where id = 1`);
  for (const via of ['snapshot', 'tables', 'graphql'] as const) {
    const { reading } = await openRoad(server, via, { tempDir });
    const [filter] = (await Array.fromAsync(reading.records('savedFilter'))).flat();
    assert.deepEqual([filter?.objectFilter, filter?.uiOptions], [{}, {}], via);
    await reading.close();
  }
});

test('a Windows library on another system has its own paths on every road, and that server’s when served', async (t) => {
  const database = join(folder, 'moved.sqlite');
  generate(database, { scenes: 5, images: 5, version: 'v0.25', windows: true });
  const { simulator, server, tempDir } = await serverOf(t, 'v0.25', { database, os: 'linux' });
  simulator.sql('update images set title = null where id = 1');
  const serve = servedBy(server.profile);
  const paths: { [road: string]: unknown } = {};
  for (const via of ['snapshot', 'tables', 'graphql'] as const) {
    const { reading } = await openRoad(server, via, { tempDir });
    const files = (await Array.fromAsync(reading.records('file'))).flat();
    const images = (await Array.fromAsync(reading.records('image'))).flat();
    const [image] = images;
    // Through GraphQL a title that is the file's name may be none.
    assert.ok(image && !image.title);
    const own = files.filter(({ id }) => image.files?.includes(id));
    const served = serve('image', { ...image, title: '' }, { files: own, galleries: [] });
    const { basename, path } = (served.visual_files as { [name: string]: string }[])[0] ?? {};
    assert.equal(served.title, basename);
    assert.ok(path?.startsWith('D:\\') && path.endsWith(`/${basename}`), path);
    paths[via] = files.map((file) => file.path);
    await reading.close();
  }
  assert.deepEqual(paths.tables, paths.snapshot);
  assert.deepEqual(paths.graphql, paths.snapshot);
  assert.ok((paths.snapshot as string[]).every((path) => !path.includes('/')));
});

test('tables newer than we know are left to GraphQL', async (t) => {
  const future = join(folder, 'future.sqlite');
  generate(future, { scenes: 5, images: 5, version: 'newer' });
  {
    using db = new DatabaseSync(future);
    db.exec('update schema_migrations set version = 999');
  }
  const { server, tempDir } = await serverOf(t, 'newer', { database: future });
  const { reading, how } = await openRoad(server, 'auto', { tempDir });
  assert.match(how, /^GraphQL: .+; its tables \(schema 999\) are newer than we know$/);
  await reading.close();
});

async function serverOf(
  t: TestContext,
  version: ServerVersion,
  options?: Partial<SimulatorOptions>,
) {
  const database = join(folder, `${version}.sqlite`);
  if (!existsSync(database)) generate(database, { scenes: 60, images: 60, version });
  const simulator: Simulator = await startSimulator({ database, ...options });
  t.after(() => simulator.close());
  const server = await connect(open(t, { address: simulator.url }));
  const tempDir = mkdtempSync(join(folder, 'temp-'));
  return { simulator, server, tempDir };
}

async function everything(reading: Reading): Promise<{ [kind: string]: unknown[] }> {
  const all: { [kind: string]: Rec<never>[] } = {};
  for (const kind of kindNames) {
    all[kind] = [];
    for await (const batch of reading.records(kind)) all[kind].push(...(batch as Rec<never>[]));
    // Before v0.29 GraphQL does not count files.
    if (kind === 'file' && reading.road === 'graphql') continue;
    assert.equal(all[kind].length, (await reading.counts())[kind]);
  }
  return all;
}
