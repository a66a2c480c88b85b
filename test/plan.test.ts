import assert from 'node:assert/strict';
import { readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { ownLibrary } from './support/commands.ts';
import './support/database.ts';
import { inStep } from './support/inStep.ts';
import { temporaryFolder } from './support/pictures.ts';

test('a plan is kept, and carried out as far as it still holds', async (t) => {
  const { stash, library, sync, idOf, query, assertInStep, assertQuiet } = await inStep(t, {
    writes: true,
  });
  const { stowage } = library;
  const folder = await temporaryFolder(t);
  const file = path.join(folder, 'plan');
  const title = async (n: number, text: string) =>
    query('UPDATE qar.cargo SET title = $2 WHERE id = $1', [await idOf('scene', n), text]);
  const describe_ = (n: number, text: string) =>
    stash.send('mutation($i: TagUpdateInput!){tagUpdate(input:$i){id}}', {
      i: { id: n, description: text },
    });
  await title(3, 'Mine 3');
  await title(4, 'Mine 4');
  await describe_(1, 'theirs 1');
  await describe_(2, 'theirs 2');
  const { tagCreate } = await stash.send('mutation{tagCreate(input:{name:"fresh"}){id}}');
  const fresh = Number((tagCreate as { id: string }).id);
  await stash.send('mutation($t:[ID!]){sceneUpdate(input:{id:5,tag_ids:$t}){id}}', { t: [fresh] });
  await stash.send('mutation{sceneAddPlay(id:6,times:["2020-02-03T04:05:06Z"]){count}}');

  const before = await query('SELECT * FROM stowage.runs');
  const planned = await stowage('plan', '--out', file);
  assert.equal(planned.exitCode, 0, planned.error?.message);
  assert.deepEqual(await query('SELECT * FROM stowage.runs'), before);
  assert.deepEqual(await readdir(folder), ['plan']);
  assert.equal((await stat(file)).mode & 0o777, 0o600);

  // Meanwhile one record of each is changed again, on its own side.
  await title(4, 'Mine again');
  await describe_(2, 'theirs again');
  await describe_(fresh, 'another one');
  const applied = await stowage('apply', file);
  assert.equal(applied.exitCode, 3, applied.error?.message);
  const left = applied.events.filter(({ event }) => event === 'outdated');
  assert.deepEqual(left.map(({ kind, remoteId, why }) => `${kind} ${remoteId} ${why}`).sort(), [
    'scene 4 changed in the library since the plan was made',
    'scene 5 names a record that is not made',
    'tag 2 changed at the source since the plan was made',
    `tag ${fresh} changed at the source since the plan was made`,
  ]);
  const titles = await stash.rows('select title from scenes where id in (3, 4) order by id');
  assert.equal(titles[0]?.[0], 'Mine 3');
  assert.notEqual(titles[1]?.[0], 'Mine 4');
  const tags = await query('SELECT description FROM qar.tags WHERE id = ANY ($1) ORDER BY 1', [
    [await idOf('tag', 1), await idOf('tag', 2)],
  ]);
  assert.ok(tags.some(({ description }) => description === 'theirs 1'));
  assert.ok(!tags.some(({ description }) => description === 'theirs 2'));

  // Once more, nothing of it holds; what it left is the next sync's.
  const again = await stowage('apply', file);
  assert.deepEqual([again.exitCode, again.summary.run], [3, null]);
  await sync();
  const [{ plays } = {}] = await query(
    'SELECT count(*)::int AS plays FROM qar.voyage_log WHERE cargo_id = $1 AND at = $2',
    [await idOf('scene', 6), '2020-02-03T04:05:06Z'],
  );
  assert.equal(plays, 1);
  await assertInStep();
  await assertQuiet();

  // Nor does it belong to another library.
  const other = await ownLibrary(t);
  assert.equal((await other.stowage('migrate', '--from', stash.simulator.url)).exitCode, 0);
  const strange = await other.stowage('apply', file);
  assert.deepEqual([strange.exitCode, strange.error?.code], [2, 'usage']);
  await writeFile(file, 'no plan');
  assert.equal((await stowage('apply', file)).exitCode, 2);
});
