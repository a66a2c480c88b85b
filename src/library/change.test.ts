import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type pg from 'pg';
import { connected } from '../../test/support/filled.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { applyChanges, type LibraryChange } from './change.ts';
import { heldRecords } from './heldRecords.ts';
import { type JournalLine, runChanges } from './journal.ts';
import { beginRun } from './runs.ts';

const ids = (n: number): LibraryId => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const [red, blue, harbour, ann, walk, swim, album, cover, mark] = Array.from(
  { length: 9 },
  (_, i) => ids(i + 1),
) as [string, string, string, string, string, string, string, string, string];

const someLibrary: LibraryChange[] = [
  // What is referred to comes after what refers to it.
  create('chapter', ids(10), { gallery: album, title: 'one', imageIndex: 1 }),
  create('marker', mark, {
    title: 'start',
    seconds: 1.5,
    scene: walk,
    primaryTag: red,
    tags: [blue],
  }),
  create('scene', walk, {
    title: 'A walk',
    tags: [red, blue],
    performers: [ann],
    studio: harbour,
    galleries: [album],
    plays: ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z', '2021-01-01T00:00:00.25Z'],
    stashIds: {
      'https://box.example': [{ stashId: 'x', updatedAt: '2021-01-01T00:00:00.123456789Z' }],
    },
    customFields: { big: 2n ** 63n, list: [1, null] },
  }),
  create('scene', swim, { title: 'A swim', tags: [red] }),
  create('gallery', album, { title: 'Album', cover, images: [cover] }),
  create('image', cover, { title: 'Cover', tags: [red] }),
  create('performer', ann, { name: 'Ann', tags: [red], aliases: ['A', 'B'] }),
  create('studio', harbour, { name: 'Harbour', tags: [red] }),
  create('tag', blue, { name: 'blue', parents: [red] }),
  create('tag', red, { name: 'red' }),
];

function create(kind: LibraryChange['kind'], id: LibraryId, values: Values): LibraryChange {
  return { kind, id, action: 'create', values };
}

describe('records', () => {
  test('that refer to each other are made whatever their order', async (t) => {
    const { client, apply } = await filled(t);
    assert.deepEqual(
      await held(
        client,
        'scene',
        walk,
        'title',
        'tags',
        'performers',
        'studio',
        'galleries',
        'plays',
        'customFields',
      ),
      someLibrary[2]?.values && {
        title: 'A walk',
        tags: [red, blue],
        performers: [ann],
        studio: harbour,
        galleries: [album],
        plays: ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z', '2021-01-01T00:00:00.25Z'],
        customFields: { big: 2n ** 63n, list: [1, null] },
      },
    );
    assert.deepEqual(await held(client, 'marker', mark, 'scene', 'primaryTag', 'tags'), {
      scene: walk,
      primaryTag: red,
      tags: [blue],
    });
    // Again: they are there already.
    assert.deepEqual((await apply(someLibrary)).stale, someLibrary);
  });
});

async function filled(t: Parameters<typeof connected>[0]) {
  const { client } = await connected(t);
  const apply = async (changes: readonly LibraryChange[], sourceId?: number) => {
    const run = await beginRun(client, { command: 'test' });
    await client.query('BEGIN');
    const stale = await applyChanges(client, { id: run, ...(sourceId && { sourceId }) }, changes);
    await client.query('COMMIT');
    return { run, stale, lines: await runChanges(client, run) };
  };
  assert.deepEqual((await apply(someLibrary)).stale, []);
  return { client, apply };
}

async function held(
  client: pg.Client,
  kind: LibraryChange['kind'],
  id: LibraryId,
  ...fields: string[]
): Promise<Values> {
  const values = (await heldRecords(client, kind, [id])).get(id)?.values ?? {};
  return Object.fromEntries(fields.map((field) => [field, values[field]]));
}
