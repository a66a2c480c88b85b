import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomFrom } from '../src/simulator/random.ts';
import { serverVariable, startTestServer } from './support/server.ts';

// A server of its own: others would not like it.
const server = await startTestServer();
after(() => server.stop());
process.env[serverVariable] = server.url;
const { inStep } = await import('./support/inStep.ts');
const { assertCounted, countedThere, edits } = await import('./support/interrupting.ts');

const restarts = 8;

test('PostgreSQL restarted in the middle of a sync ends it clearly; the next one goes on', async (t) => {
  const seed = Number(process.env.STOWAGE_TEST_SEED ?? Math.floor(Math.random() * 1e9));
  t.diagnostic(
    `STOWAGE_TEST_SEED=${seed} restarts at the same moments, as far as the machine does`,
  );
  const random = randomFrom(seed);
  const side = await inStep(t, { writes: true });
  const expected = await countedThere(side);
  let struck = 0;
  for (let i = 0; i < restarts; i++) {
    await edits(side, i, expected);
    const run = side.library.stowage('sync');
    await sleep(random() * 300);
    await server.restart();
    const { error } = await run;
    if (error) {
      struck++;
      assert.match(error.code, /^(library|database)\./, error.message);
      assert.ok(error.remedy, `what to do about ${error.message}`);
    }
    assert.equal((await side.sync()).exitCode, 0);
    await assertCounted(side, expected);
  }
  t.diagnostic(`${struck} of ${restarts} syncs were cut off`);
  assert.ok(struck > 0);
  await side.assertInStep();
  await side.assertQuiet();
});
