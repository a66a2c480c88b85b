/** What happens on both sides between runs that are interrupted, and what has to be there after them. */
import assert from 'node:assert/strict';
import type { InStep } from './inStep.ts';

export interface Counted {
  plays: number;
  os: number;
}

/** Plays, counters, names and new records, on both sides at once. */
export async function edits(
  { stash, query, idOf }: InStep,
  i: number,
  expected: Counted,
): Promise<void> {
  expected.plays += 3;
  expected.os += 3;
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

export const countedThere = async ({ stash }: InStep): Promise<Counted> => ({
  plays: await stash.number('select count(*) from scenes_view_dates'),
  os: await stash.number('select sum(o_counter) from images'),
});

export async function assertCounted(side: InStep, expected: Counted): Promise<void> {
  assert.deepEqual(await countedThere(side), expected, 'every play and O there, once');
  const [here] = await side.query<{ plays: number; os: number }>(
    `SELECT (SELECT count(*)::int FROM qar.voyage_log WHERE what = 'play') AS plays,
       (SELECT sum(o_counter)::int FROM qar.images) AS os`,
  );
  assert.deepEqual(here, expected, 'and here');
}
