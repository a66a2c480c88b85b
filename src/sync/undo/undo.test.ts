import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type ChangingLibrary,
  changingLibrary,
  libraryId,
} from '../../../test/support/changing.ts';
import type { LibraryChange } from '../../library/change.ts';
import { heldRecords } from '../../library/heldRecords.ts';
import { beginRun } from '../../library/runs.ts';
import type { LibraryId, Values } from '../../model/held.ts';
import type { Kind } from '../../model/kinds.ts';
import { foldInto } from '../foldInto.ts';
import { undoHere } from './undoHere.ts';

const red = libraryId(1);
const blue = libraryId(2);
const walk = libraryId(3);
const swim = libraryId(4);
const mark = libraryId(5);
const green = libraryId(6);

const change =
  (action: LibraryChange['action']) =>
  (kind: Kind, id: LibraryId, values: Values = {}): LibraryChange => ({ kind, id, action, values });
const create = change('create');
const update = change('update');
const remove = change('delete');

const some: LibraryChange[] = [
  create('tag', red, { name: 'red' }),
  create('tag', blue, { name: 'blue', parents: [red] }),
  create('scene', walk, {
    title: 'A walk',
    rating: 20,
    tags: [red, blue],
    customFields: { mood: 'calm', light: 3 },
    plays: ['2020-01-01T00:00:00Z'],
  }),
  create('scene', swim, { title: 'A swim', tags: [red] }),
  create('marker', mark, { title: 'start', seconds: 1, scene: walk, primaryTag: red }),
];

const all: [Kind, LibraryId][] = some.map(({ kind, id }) => [kind, id]);

async function whole({ client }: ChangingLibrary, records = all) {
  const found: { [id: LibraryId]: unknown } = {};
  for (const [kind, id] of records) {
    const record = (await heldRecords(client, kind, [id])).get(id);
    found[id] = record && { values: record.values, isDeleted: record.deletedAt !== null };
  }
  return found;
}

/** Takes a run back, in a run and a transaction of its own. */
async function undo({ client }: ChangingLibrary, undone: number) {
  const id = await beginRun(client, { command: 'undo', undoes: undone });
  await client.query('BEGIN');
  const kept = await undoHere(client, undone, { id });
  await client.query('COMMIT');
  return { run: id, kept: kept.map(({ libraryId, field, why }) => [libraryId, field, why]) };
}

describe('an undo', () => {
  test('takes back edits, deletions and what was made; undone itself, it gives them back', async (t) => {
    const library = await changingLibrary(t, some);
    const before = await whole(library);
    const { run } = await library.apply([
      update('scene', walk, {
        title: 'A longer walk',
        rating: null,
        tags: [green],
        plays: [],
        customFields: { mood: 'gay' },
      }),
      create('tag', green, { name: 'green', parents: [blue] }),
      remove('scene', swim),
      remove('tag', red),
    ]);
    const after = await whole(library, [...all, ['tag', green]]);
    const undone = await undo(library, run);
    assert.deepEqual(undone.kept, []);
    assert.deepEqual(await whole(library), before);
    assert.equal(
      (await heldRecords(library.client, 'tag', [green])).get(green)?.deletedAt === null,
      false,
    );
    const again = await undo(library, undone.run);
    assert.deepEqual(again.kept, []);
    assert.deepEqual(await whole(library, [...all, ['tag', green]]), after);
    await undo(library, again.run);
    assert.deepEqual(await whole(library), before);
  });

  test('leaves what was changed since, says so, and takes back the rest', async (t) => {
    const library = await changingLibrary(t, some);
    const { run } = await library.apply([
      update('scene', walk, {
        title: 'x',
        rating: 30,
        tags: [red],
        customFields: { mood: 'x', light: 4 },
        plays: ['2020-01-01T00:00:00Z', '2021-01-01T00:00:00Z'],
      }),
    ]);
    await library.apply([
      update('scene', walk, {
        title: 'mine',
        tags: [],
        customFields: { mood: 'mine', light: 4 },
        plays: ['2020-01-01T00:00:00Z', '2021-01-01T00:00:00Z', '2022-01-01T00:00:00Z'],
      }),
    ]);
    const { kept } = await undo(library, run);
    assert.deepEqual(kept, [
      [walk, 'title', 'was changed since'],
      [walk, 'customFields', 'was changed since (mood)'],
    ]);
    assert.deepEqual(
      await library.held('scene', walk, 'title', 'rating', 'tags', 'customFields', 'plays'),
      {
        title: 'mine',
        rating: 20,
        tags: [blue],
        customFields: { mood: 'mine', light: 3 },
        plays: ['2020-01-01T00:00:00Z', '2022-01-01T00:00:00Z'],
      },
    );
  });

  test('leaves what was made and used since, or deleted', async (t) => {
    const library = await changingLibrary(t, some);
    const { run } = await library.apply([
      create('tag', green, { name: 'green' }),
      create('scene', libraryId(20), { title: 'new', tags: [green] }),
      create('scene', libraryId(21), { title: 'newer', tags: [green] }),
      update('scene', swim, { title: 'A dive' }),
    ]);
    await library.apply([update('scene', libraryId(21), { rating: 5 }), remove('scene', swim)]);
    const { kept } = await undo(library, run);
    assert.deepEqual(kept, [
      [swim, null, 'was deleted since'],
      [libraryId(21), null, 'was changed since'],
      [green, null, 'is named by other records'],
    ]);
    assert.notEqual(
      (await heldRecords(library.client, 'scene', [libraryId(20)])).get(libraryId(20))?.deletedAt,
      null,
    );
  });

  test('makes two of what was made one, and one again', async (t) => {
    const library = await changingLibrary(t, some);
    const before = await whole(library);
    const run = await beginRun(library.client, { command: 'merge' });
    await library.client.query('BEGIN');
    await foldInto(library.client, { id: run }, 'tag', blue, red);
    await library.client.query('COMMIT');
    const after = await whole(library);
    const folded = async () =>
      (await library.client.query('SELECT origin, destination FROM stowage.folds')).rows;
    assert.deepEqual(await folded(), [{ origin: red, destination: blue }]);
    const undone = await undo(library, run);
    assert.deepEqual(undone.kept, []);
    assert.deepEqual(await whole(library), before);
    assert.deepEqual(await folded(), []);
    assert.deepEqual((await undo(library, undone.run)).kept, []);
    assert.deepEqual(await whole(library), after);
    assert.deepEqual(await folded(), [{ origin: red, destination: blue }]);
  });
});
