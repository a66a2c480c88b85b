import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { disagreements } from '../../test/support/merging/agreement.ts';
import { refusals, syncRound } from '../../test/support/merging/round.ts';
import { take } from '../../test/support/merging/steps.ts';
import { begin, type Story, stories } from '../../test/support/merging/stories.ts';
import type { World } from '../../test/support/merging/world.ts';

const runs = Number(process.env.RUNS ?? 10_000);

/** A story carried out, and synced until nothing is left to do. */
function told(story: Story): World {
  const world = begin(story);
  for (const step of story.steps) take(world, story, step);
  for (let round = 1; ; round++) {
    const before = world.writes;
    for (const server of world.servers) syncRound(world, server);
    if (world.writes === before) return world;
    assert.ok(round <= 3, 'it is not quiet after three rounds');
  }
}

test('a library and two servers agree after three rounds at most, whatever happened', () => {
  fc.assert(
    fc.property(stories(14), (story) => {
      const world = told(story);
      for (const server of world.servers) {
        assert.deepEqual(refusals(server), [], 'what a server refuses');
        if (server.writes) assert.deepEqual(disagreements(world, server), []);
      }
      const before = world.writes;
      for (const server of world.servers) syncRound(world, server, true);
      assert.equal(world.writes, before, 'another sync finds something to do');
    }),
    { numRuns: runs },
  );
});
