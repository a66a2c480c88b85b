import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../model/kinds.ts';
import { foldRecord, retarget } from './fold.ts';

test('a record gains what only the other has, and keeps its own values', () => {
  const [x, y] = ['2021-02-02T03:04:05Z', '2022-01-01T00:00:00Z'];
  const destination = {
    id: 'd',
    values: {
      title: 'mine',
      code: '',
      rating: null,
      organized: false,
      tags: ['1', '2'],
      urls: ['a'],
      groups: { g: 3 },
      plays: [x, x],
      playDuration: 10,
      files: ['f2', 'f1'],
      createdAt: '2020-01-01T00:00:00Z',
    },
  };
  const origin = {
    id: 'o',
    values: {
      title: 'theirs',
      code: 'c',
      rating: 40,
      organized: true,
      tags: ['2', '3'],
      urls: ['b', 'a'],
      groups: { g: 4, h: null },
      plays: [x, y],
      playDuration: 5,
      files: ['f1', 'f3'],
      createdAt: '2019-01-01T00:00:00Z',
    },
  };
  assert.deepEqual(foldRecord('scene', destination, origin), {
    code: 'c',
    rating: 40,
    organized: true,
    tags: ['1', '2', '3'],
    urls: ['a', 'b'],
    groups: { g: 3, h: null },
    plays: [x, x, y],
    playDuration: 15,
    files: ['f2', 'f1', 'f3'],
  });
});

test('the other’s name becomes an alias, its own never does', () => {
  const fold = (name: string, aliases: string[], other: string, others: string[]) =>
    foldRecord(
      'tag',
      { id: 'd', values: { name, aliases } },
      { id: 'o', values: { name: other, aliases: others } },
    ).aliases;
  assert.deepEqual(fold('Anna', ['x'], 'Ann', ['y', 'ANNA']), ['Ann', 'x', 'y']);
  assert.equal(fold('Anna', [], 'anna', []), undefined);
  assert.equal(fold('Anna', ['ann'], 'Ann', []), undefined);
});

test('no record stands above itself after a fold', () => {
  const fold = (parents: string[], others: string[]) =>
    foldRecord(
      'tag',
      { id: 'd', values: { parents } },
      { id: 'o', values: { parents: others } },
      (_, id) => id === 'below',
    );
  assert.deepEqual(fold(['o', '1'], ['d', '2', 'below']), { parents: ['1', '2'] });
  const { subGroups } = foldRecord(
    'group',
    {
      id: 'd',
      values: {
        subGroups: { o: { position: 0, description: 'x' }, s: { position: 1, description: 'y' } },
      },
    },
    { id: 'o', values: { subGroups: { d: { position: 0, description: 'z' } } } },
  );
  assert.deepEqual(subGroups, { s: { position: 0, description: 'y' } });
});

test('what named the other names the one that is left, once', () => {
  const { parent } = kinds.studio;
  assert.equal(retarget(parent, 'o', 'o', 'd', 'x'), 'd');
  assert.equal(retarget(parent, 'o', 'o', 'd', 'd'), null, 'a studio is not its own parent');
  assert.equal(retarget(parent, 'y', 'o', 'd', 'x'), 'y');
  assert.deepEqual(retarget(kinds.scene.tags, ['d', 'o', 'a'], 'o', 'd', 's'), ['a', 'd']);
  assert.deepEqual(retarget(kinds.scene.groups, { o: 1, d: 2 }, 'o', 'd', 's'), { d: 2 });
  assert.deepEqual(retarget(kinds.scene.groups, { o: 1 }, 'o', 'd', 's'), { d: 1 });
  const places = { a: { position: 0, description: '' }, o: { position: 1, description: 'x' } };
  assert.deepEqual(retarget(kinds.group.subGroups, places, 'o', 'd', 'g'), {
    a: { position: 0, description: '' },
    d: { position: 1, description: 'x' },
  });
  assert.deepEqual(retarget(kinds.group.subGroups, places, 'o', 'd', 'd'), {
    a: { position: 0, description: '' },
  });
});
