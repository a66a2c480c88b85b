import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import type { ServerVersion } from '../../contract/schema.ts';
import type { Kind, Rec } from '../../model/kinds.ts';
import type { Reading } from '../../model/reading.ts';
import { generate } from '../../simulator/generate.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { StashClient } from '../client.ts';
import { connect } from '../server.ts';
import { inFrontOf, open, serve } from '../testing.ts';
import { openGraphql } from './graphql.ts';

const folder = mkdtempSync(join(tmpdir(), 'stowage-refusals-'));
after(() => rmSync(folder, { recursive: true }));

const library = (version: ServerVersion) => {
  const path = join(folder, `${version}.sqlite`);
  if (!existsSync(path)) generate(path, { scenes: 120, images: 120, version });
  return path;
};

interface Opened {
  simulator: Simulator;
  graphql: Reading;
}

async function opened(
  t: TestContext,
  version: ServerVersion,
  sql: string,
  { tables = true } = {},
): Promise<Opened> {
  const simulator = await startSimulator({ database: library(version), version });
  t.after(() => simulator.close());
  simulator.sql(`pragma foreign_keys = off; ${sql}`);
  if (!tables) simulator.faults.add({ kind: 'status', status: 403, on: 'querySQL' });
  const graphql = openGraphql(await connect(open(t, { address: simulator.url })), {
    batchSize: 40,
  });
  t.after(() => graphql.close());
  return { simulator, graphql };
}

async function all<K extends Kind>(graphql: Reading, kind: K): Promise<Map<number, Rec<K>>> {
  const records = new Map<number, Rec<K>>();
  for await (const batch of graphql.records(kind))
    for (const one of batch) records.set(one.id, one);
  return records;
}

interface Whole {
  records: { [K in Kind]?: Map<number, Rec<K>> };
  highest: { [K in Kind]?: number };
}

/** What a server tells of which nothing is amiss. */
async function readWhole(version: ServerVersion): Promise<Whole> {
  const simulator = await startSimulator({ database: library(version), version });
  const client = new StashClient({ address: simulator.url });
  const graphql = openGraphql(await connect(client));
  try {
    const records: { [kind: string]: Map<number, unknown> } = {};
    for (const kind of new Set(states.map((state) => state.kind))) {
      records[kind] = await all(graphql, kind);
    }
    return { records: records as Whole['records'], highest: await graphql.highest() };
  } finally {
    await graphql.close();
    await client.close();
    await simulator.close();
  }
}

const ids = (simulator: Simulator, select: string): number[] =>
  (simulator.rows(select) as { id: number }[]).map(({ id }) => id);
const asked = (simulator: Simulator, query: string) =>
  simulator.requests.filter(({ names }) => names.includes(query)).length;
const named = (graphql: Reading, kind: Kind) =>
  graphql.troubles.filter((one) => one.kind === kind).map(({ id, field }) => [id, field]);

const zero = "'0001-01-01T00:00:00Z'";

interface Refused {
  state: string;
  sql: string;
  kind: Kind;
  /** What is not told: of which record which field, or (null) nothing of it. */
  untold: [id: number, field: string | null][];
  why: RegExp;
  /** False where only the tables tell which record it is. */
  isNamed?: false;
}

/** Each on servers of every age. Scene 1 and so on are whole but for this. */
const states: Refused[] = [
  {
    state: 'a time of the year 1',
    sql: `update tags set created_at = ${zero} where id in (3, 7, 9); update tags set updated_at = ${zero} where id = 9`,
    kind: 'tag',
    untold: [
      [3, 'createdAt'],
      [7, 'createdAt'],
      [9, 'createdAt'],
      [9, 'updatedAt'],
    ],
    why: /null/,
  },
  {
    state: 'a marker of a time of the year 1',
    sql: `update scene_markers set created_at = ${zero} where id in (2, 50)`,
    kind: 'marker',
    untold: [
      [2, 'createdAt'],
      [50, 'createdAt'],
    ],
    why: /null/,
  },
  {
    state: 'a play of the year 1',
    sql: `insert into scenes_view_dates values (5, ${zero})`,
    kind: 'scene',
    untold: [[5, 'plays']],
    why: /null/,
  },
  {
    state: 'two primary files',
    sql: `drop index if exists unique_index_scenes_files_on_primary;
          insert into scenes_files select 4, file_id, 1 from scenes_files where scene_id = 6 and "primary" = 1`,
    kind: 'scene',
    untold: [[4, null]],
    why: /^the server refuses to tell the record: internal error: multiple rows returned for single scene id 4$/,
  },
  {
    state: 'a file of the wrong kind',
    sql: 'delete from video_files where file_id = (select file_id from scenes_files where scene_id = 8 and "primary" = 1)',
    kind: 'scene',
    untold: [
      [8, 'files'],
      [8, 'interactive'],
      [8, 'interactive_speed'],
    ],
    why: /is not a video file/,
  },
  {
    // Its number may be that of another scene, which is not gone.
    state: 'a file that is gone',
    sql: 'delete from files where id = (select file_id from scenes_files where scene_id = 9 and "primary" = 1)',
    kind: 'scene',
    untold: [
      [9, 'files'],
      [9, 'interactive'],
      [9, 'interactive_speed'],
    ],
    why: /getting file by id \d+/,
  },
  {
    state: 'a performer who is gone',
    sql: 'insert into performers_scenes (performer_id, scene_id) values (9999, 12)',
    kind: 'scene',
    untold: [[12, 'performers']],
    why: /performer with id 9999 not found/,
  },
  {
    state: 'a performer who is gone, of the number of a scene',
    sql: 'insert into performers_scenes (performer_id, scene_id) values (115, 100)',
    kind: 'scene',
    untold: [[100, 'performers']],
    why: /performer with id 115 not found/,
  },
  {
    state: 'a studio that is gone',
    sql: 'update scenes set studio_id = 9999 where id = 13',
    kind: 'scene',
    untold: [[13, 'studio']],
    why: /studio with id 9999 not found/,
  },
  {
    state: 'a text in the place of a number',
    sql: "update performers set rating = 'abc' where id = 5",
    kind: 'performer',
    untold: [[5, null]],
    isNamed: false,
    why: /Scan error/,
  },
  {
    state: 'a marker without its tag, and one without its scene',
    sql: 'update scene_markers set primary_tag_id = 9999 where id = 2; update scene_markers set scene_id = 9999 where id = 3',
    kind: 'marker',
    untold: [
      [2, 'primaryTag'],
      [3, 'scene'],
    ],
    why: /null/,
  },
];

describe('a server that cannot tell', () => {
  const servers = [
    { version: 'v0.25', tables: true },
    { version: 'v0.30', tables: true },
    { version: 'v0.30', tables: false },
  ] as const;
  const whole = new Map<ServerVersion, Promise<Whole>>();
  for (const { version, tables } of servers) {
    const before = async () => {
      const known = whole.get(version) ?? readWhole(version);
      whole.set(version, known);
      return known;
    };
    for (const { state, sql, kind, untold, why, isNamed = true } of states) {
      const where = `${version}${tables ? '' : ', its tables refused'}`;
      test(`${state} tells all else, and that is named (${where})`, async (t) => {
        const { records, highest } = await before();
        const expected = records[kind] as Map<number, Rec<Kind>>;
        const { graphql, simulator } = await opened(t, version, sql, { tables });
        const counted = await graphql.counts();
        const told = await all(graphql, kind);
        const gone = new Set(untold.flatMap(([id, field]) => (field === null ? [id] : [])));
        assert.equal(counted[kind], expected.size);
        assert.deepEqual(
          [...told.keys()],
          [...expected.keys()].filter((id) => !gone.has(id)),
        );
        for (const [id, record] of told) {
          const lost = untold.flatMap(([of, field]) => (of === id && field ? [field] : []));
          for (const [field, value] of Object.entries(record)) {
            assert.ok(!lost.includes(field), `${kind} ${id}.${field} is told`);
            assert.deepEqual(value, expected.get(id)?.[field as never], `${kind} ${id}.${field}`);
          }
          const unknown = Object.keys(expected.get(id) ?? {}).filter((one) => !(one in record));
          // What a scene says of its file is no field of its own.
          assert.deepEqual(
            unknown.sort(),
            lost.filter((one) => !one.includes('interactive')),
          );
        }
        const isKnown = isNamed || tables;
        assert.deepEqual(named(graphql, kind), isKnown ? untold : [[0, null]]);
        assert.match(graphql.troubles[0]?.why ?? '', why);
        assert.deepEqual([...graphql.untold(kind).ids], isKnown ? [...gone] : []);
        assert.equal(graphql.untold(kind).isOpen, !isKnown);
        assert.deepEqual(await graphql.highest(), highest);
        assert.ok(simulator.requests.length < 120, `${simulator.requests.length} requests`);
      });
    }
  }

  test('a field of any record is asked twice for each batch, not a thousand times', async (t) => {
    const { graphql, simulator } = await opened(
      t,
      'v0.30',
      `update scenes set created_at = ${zero}`,
    );
    const scenes = await all(graphql, 'scene');
    assert.equal(scenes.size, 120);
    assert.equal(named(graphql, 'scene').length, 120);
    assert.equal(asked(simulator, 'Scenes'), 6);
  });

  test('an image tells nothing of its gallery’s images, rather than that they are gone', async (t) => {
    const sql = `drop index if exists unique_index_images_files_on_primary;
      insert into images_files select 3, file_id, 1 from images_files where image_id = 6`;
    const { graphql } = await opened(t, 'v0.30', sql);
    const galleries = await all(graphql, 'gallery');
    assert.ok([...galleries.values()].every((gallery) => !('images' in gallery)));
    assert.deepEqual(named(graphql, 'image'), [[3, null]]);
    assert.equal(named(graphql, 'gallery').length, galleries.size);
  });

  test('an image of an old server, whose file it cannot tell, is not named after that file', async (t) => {
    const sql = `update images set title = '' where id = 2;
      delete from image_files where file_id = (select file_id from images_files where image_id = 2)`;
    const { graphql } = await opened(t, 'v0.25', sql);
    const images = await all(graphql, 'image');
    assert.deepEqual(named(graphql, 'image'), [[2, 'files']]);
    const titled = [...images.values()].filter((image) => 'title' in image);
    assert.ok(titled.length > 0 && titled.every(({ id }) => id !== 2));
  });

  test('a gallery may have chapters that nobody tells of', async (t) => {
    const sql = "update galleries set rating = 'abc' where id = 1";
    const { graphql } = await opened(t, 'v0.30', sql);
    const chapters = await all(graphql, 'chapter');
    assert.ok(chapters.size > 0);
    assert.equal(graphql.untold('chapter').isOpen, true);
  });

  test('one saved filter tells the others', async (t) => {
    const simulator = await startSimulator({ database: library('v0.30') });
    t.after(() => simulator.close());
    const errors = [{ message: 'converting NULL to string is unsupported' }];
    const listener = inFrontOf(simulator.url, (told, operation) =>
      operation.startsWith('SavedFilter') && /"id":"2"/.test(told)
        ? JSON.stringify({ errors, data: null })
        : told,
    );
    const graphql = openGraphql(await connect((await serve(t, listener)).client));
    t.after(() => graphql.close());
    const filters = await all(graphql, 'savedFilter');
    const there = ids(simulator, 'select id from saved_filters order by id');
    assert.deepEqual(
      [...filters.keys()],
      there.filter((id) => id !== 2),
    );
    assert.deepEqual(named(graphql, 'savedFilter'), [[2, null]]);
  });

  for (const kind of ['scene', 'file'] as const) {
    test(`and says neither which ${kind} nor which field it is, is asked until that is known`, async (t) => {
      const simulator = await startSimulator({ database: library('v0.30') });
      t.after(() => simulator.close());
      const errors = [{ message: 'internal system error' }];
      const listener = inFrontOf(simulator.url, (told, operation) => {
        if (!['Scenes', 'SceneAlone', 'Files'].includes(operation)) return told;
        const [list] = Object.values(JSON.parse(told).data) as { [list: string]: unknown }[];
        const records = Object.values(list ?? {})[0] as { id: string; created_at?: string }[];
        const isBad = records.some(
          ({ id, created_at }) => id === '7' || (id === '90' && created_at),
        );
        return isBad ? JSON.stringify({ errors, data: null }) : told;
      });
      const graphql = openGraphql(await connect((await serve(t, listener)).client), {
        batchSize: 40,
      });
      t.after(() => graphql.close());
      const told = await all(graphql, kind);
      const there = ids(simulator, `select id from ${kind}s order by id`);
      assert.deepEqual(
        [...told.keys()],
        there.filter((id) => id !== 7),
      );
      assert.deepEqual(named(graphql, kind), [
        [7, null],
        [90, 'createdAt'],
      ]);
    });
  }
});
