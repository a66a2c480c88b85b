import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { shared, skipWithoutShared } from '../../../test/shared.ts';
import { type ServerVersion, serverVersions } from '../../contract/schema.ts';
import { fieldsOf, type Kind, kindNames, type Rec } from '../../model/kinds.ts';
import type { Reading } from '../../model/reading.ts';
import { generate } from '../../simulator/generate.ts';
import {
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../../simulator/simulator.ts';
import { connect } from '../server.ts';
import { TablesReader } from '../tables/reader.ts';
import { open } from '../testing.ts';
import { openGraphql } from './graphql.ts';

const folder = mkdtempSync(join(tmpdir(), 'stowage-graphql-'));
after(() => rmSync(folder, { recursive: true }));

const library = (version: ServerVersion) => {
  const path = join(folder, `${version}.sqlite`);
  if (!existsSync(path)) generate(path, { scenes: 120, images: 120, version });
  return path;
};

async function reading(t: TestContext, options: SimulatorOptions, batchSize = 50) {
  const simulator = await startSimulator(options);
  t.after(() => simulator.close());
  const server = await connect(open(t, { address: simulator.url }));
  const graphql = openGraphql(server, { batchSize });
  t.after(() => graphql.close());
  return { simulator, graphql };
}

async function all<K extends Kind>(graphql: Reading, kind: K): Promise<Rec<K>[]> {
  const records: Rec<K>[] = [];
  for await (const batch of graphql.records(kind)) records.push(...batch);
  return records;
}

const idsOf = (records: { id: number }[]) => records.map(({ id }) => id);
const batches = (simulator: Simulator, query: string) =>
  simulator.requests.filter(({ names }) => names.includes(query)).length;

/** Holds the two roads together in every field that both know. Returns the fields that only the tables do. */
async function compare(t: TestContext, graphql: Reading, path: string): Promise<string[]> {
  const tables = new TablesReader(path);
  t.after(() => tables.close());
  const onlyTables = new Set<string>();
  for (const kind of kindNames) {
    const records = await all(graphql, kind);
    const others = [...tables.records(kind)].flat();
    assert.deepEqual(idsOf(records), idsOf(others), kind);
    for (const [i, record] of records.entries()) {
      const other = others[i] as Rec<typeof kind>;
      for (const [field] of fieldsOf[kind]) {
        const [told, truth] = [record[field as never], other[field as never]] as unknown[];
        if (told === undefined && truth !== undefined) onlyTables.add(`${kind}.${field}`);
        if (told === undefined || truth === undefined) continue;
        const expected = field === 'captions' ? withoutFilename(truth) : truth;
        assert.deepEqual(told, expected, `${kind} ${record.id}.${field}`);
      }
      const unknownToTables = Object.keys(record).filter((field) => !(field in other));
      assert.deepEqual(unknownToTables, [], `${kind} ${record.id}`);
    }
  }
  return [...onlyTables];
}

const withoutFilename = (captions: unknown) =>
  (captions as { filename: string }[]).map(({ filename: _, ...caption }) => caption);

/** Pictures' checksums, a gallery's chosen cover; what a scene says of a file it says of its primary one only. */
const untold = [
  'tag.image',
  'studio.image',
  'performer.image',
  'group.frontImage',
  'group.backImage',
  'gallery.cover',
  'scene.cover',
  'file.interactive',
  'file.interactiveSpeed',
  'file.captions',
];

describe('on a recorded library, GraphQL tells what its tables do:', {
  skip: skipWithoutShared,
}, () => {
  for (const [version, more] of [
    ['v0.25.1', ['image.title', 'file.format']],
    ['v0.28.1', ['file.format']],
    ['v0.30.1', []],
  ] as const) {
    test(version, async (t) => {
      const path = shared(`fixtures/stash-${version}.sqlite`);
      const { graphql } = await reading(t, { database: path }, 3);
      const onlyTables = await compare(t, graphql, path);
      assert.deepEqual(
        onlyTables.filter((field) => !untold.includes(field)),
        more,
      );
      assert.deepEqual(graphql.troubles, []);
      assert.deepEqual(graphql.unknown, []);
    });
  }
});

describe('on a generated library, GraphQL tells what its tables do:', () => {
  for (const version of serverVersions) {
    test(version, async (t) => {
      const path = library(version);
      const { graphql } = await reading(t, { database: path, version });
      const onlyTables = await compare(t, graphql, path);
      const more = onlyTables.filter((field) => !untold.includes(field));
      assert.ok(
        more.every((field) => ['image.title', 'file.format'].includes(field)),
        `${more}`,
      );
    });
  }

  test('in whatever order its kinds are asked for', async (t) => {
    const path = library('v0.28');
    const { graphql } = await reading(t, { database: path });
    const chapters = await all(graphql, 'chapter');
    const galleries = await all(graphql, 'gallery');
    const files = await all(graphql, 'file');
    const tables = new TablesReader(path);
    t.after(() => tables.close());
    assert.deepEqual(chapters, [...tables.records('chapter')].flat());
    const images = ({ images }: Rec<'gallery'>) => images;
    assert.deepEqual(galleries.map(images), [...tables.records('gallery')].flat().map(images));
    assert.deepEqual(idsOf(files), idsOf([...tables.records('file')].flat()));
  });

  test('and counts as many', async (t) => {
    const path = library('v0.30');
    const { graphql } = await reading(t, { database: path });
    const tables = new TablesReader(path);
    t.after(() => tables.close());
    assert.deepEqual(await graphql.counts(), tables.counts());
  });
});

describe('while rows come and go', () => {
  for (const version of ['v0.25', 'v0.30'] as const) {
    test(`${version}: each record is read once, those gone left out, those new read too`, async (t) => {
      const { simulator, graphql } = await reading(t, { database: library(version) }, 10);
      const [{ n }] = simulator.rows('select max(id) n from scene_markers') as [{ n: number }];
      const edit = (nth: number, sql: string) =>
        simulator.faults.add({ kind: 'edit', on: 'findSceneMarkers', nth, times: 1, sql });
      edit(4, 'delete from scene_markers where id in (1, 2, 3, 15, 16, 35)');
      edit(6, 'delete from scene_markers where id in (4, 36, 37)');
      edit(
        6,
        `insert into scene_markers (id, title, seconds, primary_tag_id, scene_id, created_at, updated_at)
           select ${n + 1}, 'new', 1, primary_tag_id, scene_id, created_at, updated_at from scene_markers where id = 7`,
      );
      const read = idsOf(await all(graphql, 'marker'));
      assert.ok(read.includes(n + 1));
      assert.deepEqual(
        read,
        [...new Set(read)].sort((a, b) => a - b),
      );
      const left = simulator.rows('select id from scene_markers') as { id: number }[];
      assert.deepEqual(
        idsOf(left).filter((id) => !read.includes(id)),
        [],
      );
      assert.ok(!read.includes(35));
      assert.deepEqual(graphql.troubles, []);
    });
  }
});

test('v0.25: an image that goes meanwhile takes none of its batch along', async (t) => {
  const { simulator, graphql } = await reading(t, { database: library('v0.25') }, 10);
  const sql = 'delete from images where id = 3';
  simulator.faults.add({ kind: 'edit', on: 'Images', nth: 1, times: 1, sql });
  const read = idsOf(await all(graphql, 'image'));
  assert.deepEqual(
    read,
    idsOf(simulator.rows('select id from images order by id') as { id: number }[]),
  );
  assert.ok(read.length > 10 && !read.includes(3));
});

describe('a server in trouble', () => {
  test('that cannot take a batch is asked for smaller ones', async (t) => {
    const { simulator, graphql } = await reading(t, { database: library('v0.30') }, 120);
    simulator.faults.add({ kind: 'status', status: 413, on: 'Scenes', times: 1 });
    assert.equal((await all(graphql, 'scene')).length, 120);
    assert.equal(batches(simulator, 'Scenes'), 3);
  });

  test('that stays broken is not asked for ever', async (t) => {
    const { simulator, graphql } = await reading(t, { database: library('v0.30') }, 120);
    simulator.faults.add({ kind: 'status', status: 502, on: 'Scenes' });
    await assert.rejects(all(graphql, 'scene'), { code: 'source.failed' });
    assert.ok(batches(simulator, 'Scenes') <= 20);
  });

  test('lets go when it is told to', async (t) => {
    const { simulator, graphql } = await reading(t, { database: library('v0.30') });
    simulator.faults.add({ kind: 'delay', ms: 2000, on: 'Scenes', nth: 2 });
    const abort = new AbortController();
    const reason = new Error('enough');
    await assert.rejects(async () => {
      for await (const _ of graphql.records('scene', abort.signal)) abort.abort(reason);
    }, reason);
  });
});
