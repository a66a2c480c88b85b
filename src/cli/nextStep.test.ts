import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextStep, type Standing } from './nextStep.ts';

const now = Date.parse('2026-05-06T07:08:09Z');
const startedAt = new Date(now - 60_000);

const quiet: Standing = {
  ...{ conflicts: 0, suggestions: 0, absent: 0, unsent: 0, refused: 0, leftOut: 0, differing: [] },
  missing: 0,
  source: {
    name: 'main',
    standing: 'ok',
    writes: true,
    address: 'http://stash:9999',
    deletions: 'library',
  },
  lastRun: { startedAt, finishedAt: startedAt },
};
const step = (...sources: Partial<Standing>[]) =>
  nextStep(
    sources.map((one) => ({ ...quiet, ...one })),
    now,
  );
const main = quiet.source;

test('the next step is the most urgent one of all sources', () => {
  assert.match(step(), /migrate --from/);
  assert.equal(step({}), 'Nothing waits.');
  assert.match(step({ absent: 1 }), /gone from main .* a day later/);
  const kept = { ...main, deletions: 'none' } as const;
  assert.equal(step({ absent: 1, source: kept }), 'Nothing waits.');
  assert.match(step({ absent: 1, unsent: 1 }), /`stowage sync`/);
  assert.match(step({ unsent: 1, source: { ...main, writes: false } }), /writes=on/);
  assert.match(step({ unsent: 1, suggestions: 1 }), /matches/);
  assert.match(step({ suggestions: 1 }, { conflicts: 2 }), /conflicts/);
  assert.match(step({ refused: 1 }, { suggestions: 1 }), /matches/);
  assert.match(step({ refused: 1, missing: 1 }), /`stowage sync` asks main for them/);
  assert.match(step({ refused: 1 }), /Edit what main has refused/);
  assert.match(step({ conflicts: 1, lastRun: { startedAt, finishedAt: null } }), /cut off/);
  assert.match(step({ source: { ...main, standing: 'push', writes: false } }), /put back/);
  assert.match(
    step({ conflicts: 1 }, { source: { ...main, name: 'x', standing: 'rewound' } }),
    /resolve x/,
  );
  const before = new Date(now - 3 * 86_400_000);
  const old = { startedAt: before, finishedAt: before };
  assert.match(step({ lastRun: old }, {}), /`stowage sync --name main`/);
  assert.equal(step({ lastRun: old, source: { ...main, address: null } }), 'Nothing waits.');
});
