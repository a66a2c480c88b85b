import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customValueOf, documentOf, flagOf, momentOf, numberOf } from './texts.ts';

test('numbers are written in digits', () => {
  assert.equal(numberOf('rating', '80'), 80);
  assert.equal(numberOf('seconds', '-1.25'), -1.25);
  for (const text of ['', ' 1', '1e3', '0x10', 'Infinity', '1,5', 'many']) {
    assert.throws(() => numberOf('rating', text), { code: 'usage', message: /rating is a number/ });
  }
});

test('flags are true or false', () => {
  assert.deepEqual([flagOf('organized', 'TRUE'), flagOf('organized', 'false')], [true, false]);
  for (const text of ['', 'yes', '1']) {
    assert.throws(() => flagOf('organized', text), { code: 'usage' });
  }
});

test('instants have a zone, are real, and are kept in UTC', () => {
  const now = Date.UTC(2026, 4, 6, 7, 8, 9, 123);
  const moment = (text: string) => momentOf('plays', text, now);
  assert.equal(moment('now'), '2026-05-06T07:08:09Z');
  assert.equal(moment('2024-01-02T03:04:05Z'), '2024-01-02T03:04:05Z');
  assert.equal(moment('2024-01-01t23:04:05.25-01:30'), '2024-01-02T00:34:05.25Z');
  const none = [
    '',
    '2024-01-02',
    '2024-01-02T03:04:05',
    '2024-02-30T00:00:00Z',
    '2024-01-02T24:00:00Z',
  ];
  for (const text of none) assert.throws(() => moment(text), { code: 'usage', remedy: /zone/ });
});

test('a custom field’s value is JSON where it reads as such', () => {
  const values: [string, unknown][] = [
    ['calm', 'calm'],
    ['', ''],
    ['5', 5],
    ['"5"', '5'],
    ['007', '007'],
    ['true', true],
    ['[1,2]', [1, 2]],
    ['12345678901234567890', 12345678901234567890n],
  ];
  for (const [text, value] of values) assert.deepEqual(customValueOf(text), value);
});

test('a document is JSON', () => {
  assert.deepEqual(documentOf('findFilter', '{"q":"x"}'), { q: 'x' });
  assert.equal(documentOf('findFilter', ''), null);
  assert.throws(() => documentOf('findFilter', '{q:x}'), { code: 'usage' });
});
