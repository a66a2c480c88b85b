import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomFrom } from '../src/simulator/random.ts';
import { type InStep, inStep } from './support/inStep.ts';
import { start, stowageProgram } from './support/program.ts';

/** CI runs this on two PostgreSQLs: fifty-two in all. */
const kills = 26;

test('killed at random moments, a sync goes on, and nothing is counted twice', async (t) => {
  const seed = Number(process.env.STOWAGE_TEST_SEED ?? Math.floor(Math.random() * 1e9));
  t.diagnostic(`STOWAGE_TEST_SEED=${seed} kills at the same moments, as far as the machine does`);
  const random = randomFrom(seed);
  const side = await inStep(t, { writes: true });
  const expected = { plays: await playsThere(side), os: await imageOsThere(side) };
  let longest = 1500;
  let struck = 0;
  for (let i = 0; i < kills; i++) {
    await edits(side, i);
    expected.plays += 3;
    expected.os += 3;
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
    assert.equal(await playsThere(side), expected.plays, 'every play there, once');
    assert.equal(await imageOsThere(side), expected.os, 'every O there, once');
    const [here] = await side.query<{ plays: number; os: number }>(
      `SELECT (SELECT count(*)::int FROM qar.voyage_log WHERE what = 'play') AS plays,
         (SELECT sum(o_counter)::int FROM qar.images) AS os`,
    );
    assert.deepEqual(here, expected, 'and here');
  }
  t.diagnostic(`${struck} of ${kills} were killed before they ended`);
  await side.assertInStep();
  await side.assertQuiet();
});

/** Plays, counters, names and new records, on both sides at once. */
async function edits({ stash, query, idOf }: InStep, i: number): Promise<void> {
  const scene = (i % 30) + 1;
  const at = (minute: number) => `2022-01-01T${String(i % 24).padStart(2, '0')}:${minute}:00Z`;
  await stash.send(
    `mutation{sceneAddPlay(id:${scene},times:["${at(10)}","${at(11)}"]){count} imageIncrementO(id:${scene})
      sceneUpdate(input:{id:${scene + 1},title:"there ${i}"}){id}}`,
  );
  const id = await idOf('scene', scene);
  await query(`INSERT INTO qar.voyage_log (cargo_id, what, at) VALUES ($1, 'play', $2)`, [
    id,
    `2023-01-01T00:${String(i).padStart(2, '0')}:00Z`,
  ]);
  await query('UPDATE qar.images SET o_counter = o_counter + 2 WHERE id = $1', [
    await idOf('image', scene),
  ]);
  await query(`UPDATE qar.cargo SET details = $2 WHERE id = $1`, [id, `here ${i}`]);
  await query(
    `WITH made AS (INSERT INTO qar.tags (id, name) VALUES (gen_random_uuid(), $2) RETURNING id)
     INSERT INTO qar.cargo_tags SELECT $1, id FROM made`,
    [id, `made here ${i}`],
  );
}

const playsThere = ({ stash }: InStep) => stash.number('select count(*) from scenes_view_dates');
const imageOsThere = ({ stash }: InStep) => stash.number('select sum(o_counter) from images');
