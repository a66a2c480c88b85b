import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { randomFrom } from '../src/simulator/random.ts';
import { backup, type InStep, inStep, restarted } from './support/inStep.ts';
import { assertCounted, countedThere, edits } from './support/interrupting.ts';
import { shortenWaits } from './support/waits.ts';

shortenWaits();

/** Each of them so often; CI runs this on two PostgreSQLs. */
const times = 3;

const some = (random: () => number, most: number) => Math.floor(random() * most);
const after = (ms: number) => new Promise((then) => setTimeout(then, ms));

/** What cuts a run off at a random moment. `longest` is how long a run takes. */
type Trouble = (
  t: TestContext,
  side: InStep,
  random: () => number,
  longest: number,
) => Promise<unknown> | undefined;

const troubles: { [what: string]: Trouble } = {
  'Stash breaks off an answer'(_, { stash }, random) {
    const at = { after: some(random, 300), nth: 1 + some(random, 25) };
    stash.simulator.faults.add({ kind: 'reset', ...at, times: 1 + some(random, 8) });
    return undefined;
  },
  'Stash takes no connections for a while'(_, { stash }, random) {
    const nth = 1 + some(random, 25);
    stash.simulator.faults.add({ kind: 'refuse', ms: 500, nth, times: 1 });
    return undefined;
  },
  async 'Stash is stopped, and started again'(t, side, random, longest) {
    await after(random() * longest);
    // What it was just told and has not done yet is not done.
    side.stash = await restarted(t, side.stash, backup(side.stash), 300);
  },
  async 'PostgreSQL ends its connections'(_, { query }, random, longest) {
    await after(random() * longest);
    await query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
  },
};

test('cut off from either side at random moments, a sync ends clearly; the next one goes on, and nothing is counted twice', async (t) => {
  const seed = Number(process.env.STOWAGE_TEST_SEED ?? Math.floor(Math.random() * 1e9));
  t.diagnostic(`STOWAGE_TEST_SEED=${seed} strikes at the same moments, as far as the machine does`);
  const random = randomFrom(seed);
  const side = await inStep(t, { writes: true });
  const expected = await countedThere(side);
  const ends: { [what: string]: string[] } = {};
  let longest = 1000;
  let i = 0;
  let struck = 0;
  for (let round = 0; round < times; round++) {
    for (const [what, trouble] of Object.entries(troubles)) {
      await edits(side, i++, expected);
      const began = performance.now();
      const run = side.library.stowage('sync');
      await trouble(t, side, random, longest);
      // Whatever is no failure that a person can make something of is thrown.
      const { exitCode, error, troubles: told } = await run;
      if (error) assert.ok(error.remedy, `${what}: what to do about ${error.message}`);
      else if (exitCode === 0) longest = performance.now() - began;
      ends[what] = [...(ends[what] ?? []), error?.code ?? String(exitCode)];
      struck += side.stash.simulator.faults.fired;
      side.stash.simulator.faults.clear();
      while (!(await fetch(side.stash.simulator.url).catch(() => undefined))) await after(20);
      const next = await side.sync();
      assert.equal(next.exitCode, 0, `after ${what}: ${JSON.stringify([told, next.troubles])}`);
      await assertCounted(side, expected);
    }
  }
  for (const [what, how] of Object.entries(ends)) t.diagnostic(`${what}: ${how.join(', ')}`);
  assert.ok(struck >= times, `faults met ${struck} times`);
  await side.assertInStep();
  await side.assertQuiet();
});
