import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flag, instant } from './values.ts';

test('an instant is told in every form that Stash’s driver reads, as Go prints it', () => {
  const forms = {
    '2020-01-02T03:04:05Z': '2020-01-02T03:04:05Z',
    '2020-01-02T03:04:05+02:00': '2020-01-02T03:04:05+02:00',
    '2020-01-02T03:04:05-00:30': '2020-01-02T03:04:05-00:30',
    '2020-01-02 10:00:00+02:00': '2020-01-02T10:00:00+02:00',
    '2020-01-02 10:00:00.120-07:00': '2020-01-02T10:00:00.12-07:00',
    '2020-01-02T03:04:05+00:00': '2020-01-02T03:04:05Z',
    '2020-01-02T03:04:05.123456789Z': '2020-01-02T03:04:05.123456789Z',
    '2020-01-02T03:04:05.000Z': '2020-01-02T03:04:05Z',
    '2020-01-02 03:04:05': '2020-01-02T03:04:05Z',
    '2020-01-02 03:04': '2020-01-02T03:04:00Z',
    '2020-01-02': '2020-01-02T00:00:00Z',
  };
  for (const [stored, served] of Object.entries(forms)) assert.equal(instant(stored), served);
  assert.equal(instant(1577934245), '2020-01-02T03:04:05Z');
  assert.equal(instant(1577934245120), '2020-01-02T03:04:05.12Z');
  const days = ['2020-02-30', '2021-02-29T00:00:00Z', '2020-13-01T00:00:00Z', '0000-00-00'];
  const others = [
    '',
    'soon',
    '2020',
    '2020-13-01T00:00:00',
    '03:04:05',
    null,
    8.7e15,
    Number.POSITIVE_INFINITY,
  ];
  for (const none of [...days, ...others]) assert.equal(instant(none), undefined);
});

test('a flag is set by a number above 0 or a word for true', () => {
  for (const set of [1, 2, 'true', 'T', '1']) assert.equal(flag(set), true);
  for (const clear of [0, -1, 'false', '', 'yes', null]) assert.equal(flag(clear), false);
});
