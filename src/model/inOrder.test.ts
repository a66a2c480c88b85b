import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inOrder } from './inOrder.ts';

test('results come in the order of the inputs, so many at a time, the next under way meanwhile', async () => {
  const started: number[] = [];
  let underWay = 0;
  const results: number[] = [];
  const work = async (milliseconds: number) => {
    started.push(milliseconds);
    assert.ok(++underWay <= 2);
    await sleep(milliseconds);
    underWay--;
    return milliseconds;
  };
  for await (const result of inOrder([30, 1, 20, 2], 2, work)) {
    results.push(result);
    if (result === 30) assert.deepEqual(started, [30, 1, 20]);
  }
  assert.deepEqual(results, [30, 1, 20, 2]);
});

test('what is under way is given up when one fails, or nobody wants more', async () => {
  const given: unknown[] = [];
  const work = async (input: number, signal: AbortSignal) => {
    if (input === 1) throw new Error('no');
    await sleep(10_000, undefined, { signal }).catch(() => given.push(input));
  };
  await assert.rejects(inOrder([1, 2], 2, work).next(), { message: 'no' });
  for await (const _ of inOrder([0, 3], 2, async (input, signal) => input && work(input, signal))) {
    break;
  }
  assert.deepEqual(given, [2, 3]);
});
