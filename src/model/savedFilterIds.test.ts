import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from './fields.ts';
import { mapFilterIds } from './savedFilterIds.ts';

const there = new Map([
  ['tag 5', 'five'],
  ['performer 5', 'another five'],
]);
const back = new Map([...there].map(([named, library]) => [library, named.split(' ')[1] ?? '']));

const toLibrary = (document: Json) =>
  mapFilterIds('SCENES', document, (kind, id) => there.get(`${kind} ${id}`) ?? id);
const toSource = (document: Json) =>
  mapFilterIds('SCENES', document, (_, id) => back.get(id) ?? id);

test('ids are translated where a condition names records, whether they are text or numbers', () => {
  const document = {
    tags: {
      value: { items: [{ id: '5', label: '5' }, { id: 5 }], depth: 5 },
      modifier: 'INCLUDES',
    },
    performers: { value: [5, '5', 6, '6'] },
    rating100: { value: 5 },
    name: { value: '5' },
  };
  const library = toLibrary(document);
  assert.deepEqual(library, {
    tags: {
      value: { items: [{ id: 'five', label: '5' }, { id: '#five' }], depth: 5 },
      modifier: 'INCLUDES',
    },
    performers: { value: ['#another five', 'another five', 6, '6'] },
    rating100: { value: 5 },
    name: { value: '5' },
  });
  assert.deepEqual(toSource(library), document);
});

test('what looks like our mark stays as it is', () => {
  const document = { tags: { value: ['#5', '#', '#five'] } };
  assert.deepEqual(toLibrary(document), document);
});
