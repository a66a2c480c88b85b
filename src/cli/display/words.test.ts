import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { harmless } from '../harmless.ts';
import { Stage } from '../stage.ts';
import { amount, duration, progress, troubleLine, wrapped } from './words.ts';

test('amounts are written as people write them', () => {
  assert.equal(amount(1234567.4, 'records'), '1,234,567');
  const bytes = [0, 999, 1000, 236_000_000, 5.3e12].map((value) => amount(value, 'bytes'));
  assert.deepEqual(bytes, ['0 B', '999 B', '1.0 kB', '236.0 MB', '5.3 TB']);
});

test('what is told cannot steer a terminal', () => {
  assert.equal(harmless('a\tb\n\u001b[2Jc\r\u0007\u009b1A é 🏴'), 'a\tb\n␛[2Jc␍␇\ufffd1A é 🏴');
  const trouble = { kind: 'scene', id: 1, field: null, why: 'named \u001b]0;x\u0007' } as const;
  assert.equal(troubleLine(trouble), 'scene 1: named ␛]0;x␇');
});

test('durations are as exact as their length asks for', () => {
  const written = [0.04, 9.94, 10.4, 59.4, 59.6, 185, 3599.6, 7800].map(duration);
  assert.deepEqual(written, [
    '0.0 s',
    '9.9 s',
    '10 s',
    '59 s',
    '1 min 00 s',
    '3 min 05 s',
    '1 h 00 min',
    '2 h 10 min',
  ]);
});

test('what is not known of a stage is left out', async () => {
  const stage = new Stage('tags', {}, () => {});
  assert.equal(progress(stage), '0');
  stage.advance(1000);
  await sleep(20);
  stage.sample();
  assert.match(progress(stage), /^1,000 · [\d,]+\/s$/);
  stage.total = 2000;
  assert.match(progress(stage), /^1,000 of 2,000 · [\d,]+\/s · 0\.\d s left$/);
});

test('the rate follows the last seconds, not the whole past', async () => {
  const stage = new Stage('tags', { total: 1e9 }, () => {});
  stage.advance(1_000_000);
  await sleep(10);
  stage.sample();
  const fast = stage.rate ?? 0;
  await sleep(400);
  stage.sample();
  assert.ok((stage.rate ?? 0) < fast * 0.97 && (stage.rate ?? 0) > 0);
});

test('long lines break between words, and keep their indentation', () => {
  assert.equal(wrapped('  two words that go on', 14), '  two words\n  that go on');
  assert.equal(wrapped('a  b\n\nc', 14), 'a  b\n\nc');
  assert.equal(wrapped(`${'x'.repeat(20)} y`, 14), `${'x'.repeat(20)}\ny`);
});
