import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { disagreements } from '../../test/support/merging/agreement.ts';
import { refusals, syncRound } from '../../test/support/merging/round.ts';
import { take } from '../../test/support/merging/steps.ts';
import { begin, inWords, type Story, stories } from '../../test/support/merging/stories.ts';
import type { World } from '../../test/support/merging/world.ts';
import { hierarchies } from './hierarchy.ts';

const runs = Number(process.env.STOWAGE_STORIES ?? 10_000);
/** The same stories each time, so that a failure is of the change at hand; another seed looks for new ones. */
const seed = Number(process.env.STOWAGE_TEST_SEED ?? -647069820);

/** Holds for every story; a failure tells the shortest one. */
function always(of: fc.Arbitrary<Story>, numRuns: number, holds: (story: Story) => void): void {
  fc.assert(fc.property(of, holds), {
    numRuns,
    seed,
    reporter(details) {
      if (!details.failed) return;
      const [story] = details.counterexample ?? [];
      throw new Error(`${story && inWords(story)}\n\n${fc.defaultReportMessage(details)}`, {
        cause: details.errorInstance,
      });
    },
  });
}

/** Synced until nothing is left to do. */
function settleDown(world: World): void {
  for (let round = 1; ; round++) {
    const before = world.writes;
    for (const server of world.servers) syncRound(world, server);
    if (world.writes === before) return;
    assert.ok(round <= 3, 'it is not quiet after three rounds');
  }
}

test('a library and two servers agree after three rounds at most, whatever happened', () => {
  const everything = stories(14, ['edit', 'create', 'delete', 'fold', 'lock', 'settle', 'sync']);
  always(everything, runs, (story) => {
    const world = begin(story);
    for (const step of story.steps) take(world, story, step);
    settleDown(world);
    for (const server of world.servers) {
      assert.deepEqual(refusals(server), [], 'what a server refuses');
      if (server.writes) assert.deepEqual(disagreements(world, server), []);
    }
    const before = world.writes;
    for (const server of world.servers) syncRound(world, server, true);
    assert.equal(world.writes, before, 'another sync finds something to do');
  });
});

test('nothing that either side added is missing in the end', () => {
  always(stories(14, ['add', 'create', 'sync']), runs / 5, (story) => {
    const world = begin(story);
    const had: { on: string; id: string; field: string; value: object }[] = [];
    for (const step of story.steps) {
      take(world, story, step);
      if (step.do !== 'add') continue;
      for (const [id, { kind, values }] of world.side(step.on)) {
        for (const [field, value] of Object.entries(values)) {
          // Edges that only together close a loop are settled by the policy.
          if (hierarchies[kind] === field || typeof value !== 'object' || !value) continue;
          had.push({ on: step.on, id, field, value });
        }
      }
    }
    settleDown(world);
    for (const { on, id, field, value } of had) {
      const now = world.side(on).get(id)?.values[field] as object;
      assert.ok(isWithin(value, now), `${field} of ${id}: ${JSON.stringify([value, now])}`);
    }
  });
});

function isWithin(had: object, has: object): boolean {
  if (!Array.isArray(had)) return Object.keys(had).every((key) => Object.hasOwn(has, key));
  const left = [...(has as string[])];
  return had.every((element) => {
    const at = left.indexOf(element);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}
