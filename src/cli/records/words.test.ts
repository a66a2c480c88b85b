import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../../model/kinds.ts';
import { changeWords, inShort, valueLines } from './words.ts';

const names = new Map([
  ['a', 'harbour'],
  ['b', 'Dawn'],
]);

test('records in a value are called by their names', () => {
  const { tags, groups, studio } = kinds.scene;
  assert.deepEqual(valueLines(tags, ['a', 'b', 'c'], names), ['c, Dawn, harbour']);
  assert.deepEqual(valueLines(groups, { a: 2, b: null }, names), ['harbour, scene 2', 'Dawn']);
  assert.deepEqual(valueLines(studio, 'a', names), ['harbour']);
  const parts = { a: { position: 1, description: '' }, b: { position: 0, description: 'first' } };
  assert.deepEqual(valueLines(kinds.group.subGroups, parts, names), [
    '1. Dawn: first',
    '2. harbour',
  ]);
});

test('what is empty has no line', () => {
  const { title, tags, organized, rating, customFields } = kinds.scene;
  for (const [field, value] of [
    [title, ''],
    [tags, []],
    [organized, false],
    [rating, null],
    [customFields, {}],
  ] as const) {
    assert.deepEqual(valueLines(field, value, names), []);
  }
  assert.equal(inShort(organized, false, names), 'false');
  assert.equal(inShort(title, '', names), 'nothing');
  assert.equal(inShort(title, 'x'.repeat(60), names).length, 56);
});

test('a change says what was added and what was taken away', () => {
  const { title, tags, plays, customFields, urls } = kinds.scene;
  assert.equal(changeWords(title, 'a', 'b', names), 'a → b');
  assert.equal(changeWords(title, '', 'b', names), 'nothing → b');
  assert.equal(changeWords(tags, ['a'], ['b'], names), '+ Dawn  − harbour');
  const at = '2024-01-02T03:04:05Z';
  assert.equal(changeWords(plays, [at], [at, at], names), `+ ${at}`);
  assert.equal(changeWords(urls, ['x', 'y'], ['y', 'x'], names), 'x, y → y, x');
  const before = { mood: 'calm', n: 1, kept: true };
  assert.equal(
    changeWords(customFields, before, { n: 2, kept: true }, names),
    '+ n: 2  − mood: calm',
  );
});
