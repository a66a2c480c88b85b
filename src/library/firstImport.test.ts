import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import pg from 'pg';
import { connected, importOf, type Records } from '../../test/support/filled.ts';
import { kindNames } from '../model/kinds.ts';
import { firstImport } from './firstImport.ts';
import { columnType, ownerColumn, storedFields, tableOf } from './layout.ts';
import { LibraryRecords } from './read.ts';
import { findSource, type Source } from './sources.ts';

const nasty = [
  'plain',
  '',
  '\\N',
  'O\'Brien "quoted" `tick` $1 %s \\ {brace} semi;colon --sql',
  'tab\there\nnew line\r\nand \u0001 control \u007f',
  'RTL \u202eעברית \u200bzero\u200dwidth',
  'emoji 🏴‍☠️ é vs e\u0301',
  'NULL',
  '{"a":[1,2]}',
  'x'.repeat(200_000),
];

const at = '2021-02-03T04:05:06+02:00';
const times = { createdAt: at, updatedAt: '2021-02-03T04:05:06.123456789Z' };

const library: Records = {
  tag: nasty.map((name, i) => ({
    id: i + 1,
    name,
    sortName: '',
    description: name,
    aliases: [...new Set([name, `${name}!`])].sort(),
    ignoreAutoTag: i % 2 === 0,
    favorite: false,
    parents: i > 1 ? [1, 2] : [],
    stashIds: { 'https://box.example': [{ stashId: name, updatedAt: times.updatedAt }] },
    customFields: { [name || 'key']: name, n: 1.5, list: [null, true, 'x'], big: 2n ** 63n - 1n },
    image: null,
    ...times,
  })),
  group: [
    {
      id: 1,
      name: 'Outer',
      rating: 0,
      date: '2018-05',
      studio: null,
      urls: ['https://a.example', '', 'https://a.example', 'a,b"c\\d}'],
      subGroups: { 2: { position: 1, description: 'x' }, 3: { position: 0, description: '' } },
      ...times,
    },
    {
      id: 2,
      name: 'Inner',
      rating: null,
      date: null,
      studio: null,
      urls: [],
      subGroups: {},
      ...times,
    },
    {
      id: 3,
      name: 'Inner',
      rating: 100,
      date: '2018',
      studio: null,
      urls: [],
      subGroups: {},
      ...times,
    },
  ],
  file: [
    {
      id: 7,
      path: '/data/media/ä.mp4',
      type: 'video',
      size: 2 ** 41,
      modTime: at,
      zipFile: null,
      fingerprints: [{ type: 'phash', value: 'aa75c38858e3b72c' }],
      duration: 8.000001,
      ...times,
    },
  ],
  scene: [
    {
      id: 2 ** 33,
      title: 'A walk',
      groups: { 1: null, 2: 12 },
      tags: [1, 2, 3],
      plays: ['2020-01-01T00:00:00.25Z', '2021-02-02T03:04:05Z', '2021-02-02T03:04:05Z'],
      os: [],
      resumeTime: 1.25,
      playDuration: 0.1 + 0.2,
      cover: null,
      files: [7],
      ...times,
    },
  ],
  savedFilter: [
    {
      id: 1,
      mode: 'SCENES',
      name: 'tags',
      findFilter: null,
      objectFilter: { tags: { value: { items: [{ id: '3', label: 'three' }, { id: '99' }] } } },
      uiOptions: { display_mode: 1 },
    },
  ],
};

describe('a first import', () => {
  test('gives back what it was given, whatever texts it holds', async (t) => {
    const { client } = await connected(t);
    const { source, troubles } = await firstImport(importOf(client, library));
    assert.deepEqual(troubles, []);
    assert.deepEqual(await readBack(client, source), library);
  });

  test('stores the ids inside a saved filter as the library’s own', async (t) => {
    const { client } = await connected(t);
    await firstImport(importOf(client, library));
    const { rows } = await client.query(
      `SELECT object_filter #>> '{tags,value,items,0,id}' AS named, object_filter #>> '{tags,value,items,1,id}' AS dangling,
              (SELECT id::text FROM qar.tags WHERE name = $1) AS tag FROM qar.saved_filters`,
      [nasty[2]],
    );
    assert.equal(rows[0].named, rows[0].tag);
    assert.equal(rows[0].dangling, '99');
  });

  test('leaves out what PostgreSQL cannot hold, says so, and brings the rest', async (t) => {
    const { client } = await connected(t);
    const { source, troubles } = await firstImport(
      importOf(client, {
        tag: [
          {
            id: 5,
            name: 'a\0b',
            description: 'whole',
            aliases: ['c\0d'],
            customFields: { 'k\0': 'v\0', s: '\\u0000' },
          },
        ],
      }),
    );
    assert.deepEqual(
      troubles.map(({ kind, id, field }) => [kind, id, field]),
      [
        ['tag', 5, 'name'],
        ['tag', 5, 'aliases'],
        ['tag', 5, 'customFields'],
      ],
    );
    assert.deepEqual((await readBack(client, source)).tag, [
      {
        id: 5,
        name: 'ab',
        description: 'whole',
        aliases: ['cd'],
        customFields: { k: 'v', s: '\\u0000' },
      },
    ]);
    const { rows } = await client.query('SELECT count(*)::int AS kept FROM stowage.troubles');
    assert.equal(rows[0].kept, 3);
  });

  test('takes out references to records that never came, and names their owners', async (t) => {
    const { client } = await connected(t);
    const { source, troubles } = await firstImport(
      importOf(client, {
        tag: [{ id: 1, name: 'one', parents: [] }],
        scene: [
          { id: 1, title: 'kept', tags: [1, 2], studio: 9 },
          { id: 2, title: 'whole', tags: [1], studio: null },
        ],
      }),
    );
    assert.deepEqual(troubles.map(({ kind, id, field }) => [kind, id, field]).sort(), [
      ['scene', 1, 'studio'],
      ['scene', 1, 'tags'],
    ]);
    assert.deepEqual((await readBack(client, source)).scene, [
      { id: 1, title: 'kept', tags: [1], studio: null },
      { id: 2, title: 'whole', tags: [1], studio: null },
    ]);
  });

  test('that is interrupted leaves nothing, and all indexes, constraints and triggers where they were', async (t) => {
    const { client, url } = await connected(t);
    const before = await definitions(client);
    const stop = new AbortController();
    await assert.rejects(
      firstImport({
        ...importOf(client, library),
        progress: (done) => done === 5 && stop.abort(new Error('stopped')),
        signal: stop.signal,
      }),
      /stopped/,
    );
    assert.deepEqual(await definitions(client), before);
    assert.equal(await findSource(client, 'main'), undefined);
    const again = new pg.Client(url);
    await again.connect();
    const { source } = await firstImport(importOf(again, library));
    assert.deepEqual(await readBack(again, source), library);
    assert.deepEqual(await definitions(again), before);
    await again.end();
  });

  test('is refused where the library holds a source already', async (t) => {
    const { client } = await connected(t);
    await firstImport(importOf(client, library));
    await assert.rejects(firstImport(importOf(client, library)), { code: 'library.occupied' });
  });

  test('is refused where records are there that came from no source', async (t) => {
    const { client } = await connected(t);
    await client.query(
      `INSERT INTO qar.tags (id, name) VALUES ('00000000-0000-7000-8000-000000000001', 'by hand')`,
    );
    await assert.rejects(firstImport(importOf(client, library)), { code: 'library.occupied' });
    const { rows } = await client.query('SELECT name FROM qar.tags');
    assert.deepEqual(rows, [{ name: 'by hand' }]);
  });
});

test('every field has its place in the schema, of the type that its values have', async (t) => {
  const { client } = await connected(t);
  const { rows } = await client.query<{ table: string; column: string; type: string }>(
    `SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, NULL) AS type
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      WHERE c.relnamespace = 'qar'::regnamespace AND c.relkind = 'r' AND a.attnum > 0`,
  );
  const types = new Map(rows.map(({ table, column, type }) => [`${table}.${column}`, type]));
  for (const kind of kindNames) {
    for (const { storage, shape } of storedFields[kind]) {
      if (storage.in === 'column') {
        // A folder is kept whole; every other column is of its shape's type.
        const type = columnType[shape as keyof typeof columnType];
        assert.equal(
          types.get(`${tableOf(kind)}.${storage.column}`),
          type,
          `${kind} ${storage.column}`,
        );
      } else {
        assert.equal(types.get(`${storage.table}.${ownerColumn[kind]}`), 'uuid', storage.table);
        const others = storage.in === 'join' ? [storage.target, ...storage.extra] : [];
        for (const column of others) assert.ok(types.has(`${storage.table}.${column}`), column);
      }
    }
  }
});

async function readBack(client: pg.Client, source: Source): Promise<Records> {
  const records = await LibraryRecords.begin([client], source);
  const found: { [kind: string]: unknown[] } = {};
  for (const kind of kindNames) {
    const all = (await Array.fromAsync(records.records(kind))).flat();
    if (all.length > 0) found[kind] = all;
  }
  await records.end();
  return found as Records;
}

async function definitions(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ definition: string }>(
    `SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) AS definition
       FROM pg_constraint WHERE connamespace IN ('qar'::regnamespace, 'stowage'::regnamespace)
     UNION ALL
     SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
     UNION ALL
     SELECT indexdef FROM pg_indexes WHERE schemaname IN ('qar', 'stowage') ORDER BY 1`,
  );
  return rows.map(({ definition }) => definition);
}
