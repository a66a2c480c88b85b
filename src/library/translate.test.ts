import assert from 'node:assert/strict';
import { test } from 'node:test';
import { libraryId } from '../../test/support/changing.ts';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { idsIn, toLibrary, toSource } from './translate.ts';

/** Numbers below 10 are linked, in reverse order, so that sorting shows. */
const toLibraryIds = {
  get: (_: Kind, id: Id) => (id < 10 ? libraryId(10 - id) : undefined),
};
const toSourceIds = {
  get: (_: Kind, id: LibraryId) => {
    const n = 10 - Number(id.slice(-3));
    return n > 0 && n < 10 ? n : undefined;
  },
};

const scene = {
  title: 'A walk',
  studio: 3,
  tags: [1, 2, 30],
  files: [3, 1, 2],
  groups: { 1: null, 2: 12, 30: 1 },
  galleries: [],
};

test('every id that values name is translated there and back, in canonical order', () => {
  const there = toLibrary('scene', scene, toLibraryIds);
  assert.deepEqual(there, {
    title: 'A walk',
    studio: libraryId(7),
    tags: [30, libraryId(8), libraryId(9)],
    files: [libraryId(7), libraryId(8), libraryId(9)],
    groups: { [libraryId(9)]: null, [libraryId(8)]: 12, 30: 1 },
    galleries: [],
  });
  assert.deepEqual(toSource('scene', there, toSourceIds), scene);
});

test('what has no link keeps the id that it has', () => {
  const values = { studio: 30, tags: [40, 30], parent: undefined };
  assert.deepEqual(toLibrary('scene', values, toLibraryIds), { ...values, tags: [30, 40] });
  const here = { studio: libraryId(50), tags: [libraryId(50), libraryId(9)] };
  assert.deepEqual(toSource('scene', here, toSourceIds), {
    studio: libraryId(50),
    tags: [1, libraryId(50)],
  });
});

test('two of a source’s records that are one here are named once', () => {
  const one = { get: () => libraryId(1) };
  assert.deepEqual(toLibrary('scene', { tags: [1, 2] }, one), { tags: [libraryId(1)] });
});

test('ids inside a saved filter are translated, and stay texts', () => {
  const filter = (id: string, other: string) => ({
    mode: 'TAGS',
    objectFilter: { parents: { value: { items: [{ id, label: 'x' }], excluded: [other] } } },
  });
  const there = toLibrary('savedFilter', filter('3', '30'), toLibraryIds);
  assert.deepEqual(there, filter(libraryId(7), '30'));
  assert.deepEqual(toSource('savedFilter', there, toSourceIds), filter('3', '30'));
  // As where nothing but the conditions changed.
  const { mode: _, ...alone } = there;
  const { objectFilter } = filter('3', '30');
  assert.deepEqual(toSource('savedFilter', alone, toSourceIds), { objectFilter });
});

test('the ids that values name are collected by kind', () => {
  const named = idsIn('scene', scene);
  idsIn('savedFilter', { mode: 'SCENES', objectFilter: { performers: { value: ['7'] } } }, named);
  assert.deepEqual(
    new Map([...named].map(([kind, ids]) => [kind, [...ids]])),
    new Map<Kind, number[]>([
      ['studio', [3]],
      ['tag', [1, 2, 30]],
      ['group', [1, 2, 30]],
      ['file', [3, 1, 2]],
      ['performer', [7]],
    ]),
  );
});
