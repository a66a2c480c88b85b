import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomFrom } from '../src/simulator/random.ts';
import { inStep } from './support/inStep.ts';
import { assertCounted, countedThere, edits } from './support/interrupting.ts';
import { start, stowageProgram } from './support/program.ts';

/** CI runs this on two PostgreSQLs: fifty-two in all. */
const kills = 26;

test('killed at random moments, a sync goes on, and nothing is counted twice', async (t) => {
  const seed = Number(process.env.STOWAGE_TEST_SEED ?? Math.floor(Math.random() * 1e9));
  t.diagnostic(`STOWAGE_TEST_SEED=${seed} kills at the same moments, as far as the machine does`);
  const random = randomFrom(seed);
  const side = await inStep(t, { writes: true });
  const expected = await countedThere(side);
  let longest = 1500;
  let struck = 0;
  for (let i = 0; i < kills; i++) {
    await edits(side, i, expected);
    const began = performance.now();
    const words = ['sync', '--from', side.stash.simulator.url, '--database', side.library.url];
    const program = start(stowageProgram, [...words, '--data', side.library.data]);
    await Promise.race([program.ended, sleep(200 + random() * longest)]);
    if (program.child.exitCode === null) program.child.kill('SIGKILL');
    const { signal, code, stderr } = await program.ended;
    if (signal) struck++;
    else {
      longest = performance.now() - began;
      assert.equal(code, 0, stderr);
    }
    const after = await side.sync();
    assert.equal(after.exitCode, 0, JSON.stringify(after.troubles));
    await assertCounted(side, expected);
  }
  t.diagnostic(`${struck} of ${kills} were killed before they ended`);
  await side.assertInStep();
  await side.assertQuiet();
});
