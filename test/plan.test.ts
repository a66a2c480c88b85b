import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
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
  // Names, also of what the plan itself makes; never the ids that stand for them.
  const words = planned.lines.join('\n');
  assert.match(words, /scene .+ \(5\) {2}update in the library\n {2}← tags: \+ fresh {2}− /);
  assert.match(words, /scene Mine 3 \(3\) {2}update in main\n {2}→ title: .+ → Mine 3/);
  assert.doesNotMatch(words, /[0-9a-f]{8}-[0-9a-f]{4}-/);
  assert.deepEqual(await query('SELECT * FROM stowage.runs'), before);
  assert.deepEqual(await readdir(folder), ['plan']);
  assert.equal((await stat(file)).mode & 0o777, 0o600);

  const shown = await stowage('apply', file, '--dry-run');
  assert.equal(shown.exitCode, 0, shown.error?.message);
  assert.match(
    shown.lines.join('\n'),
    /scene .+ \(5\) {2}update in the library\n {2}← tags: \+ fresh/,
  );
  assert.deepEqual(await query('SELECT * FROM stowage.runs'), before);

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
});

test('what is no whole plan is refused, and said to be what it is', async (t) => {
  const { library } = await inStep(t, { writes: true });
  const { stowage } = library;
  const folder = await temporaryFolder(t);
  const file = path.join(folder, 'plan');
  await stowage('plan', '--out', file);
  const whole = await readFile(file);
  for (const [content, says] of [
    ['', /is empty/],
    ['no plan', /no plan, but another kind of file/],
    [whole.subarray(0, whole.length - 5000), /cut off/],
    [Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length - 4096, 7)]), /is damaged/],
  ] as const) {
    await writeFile(file, content);
    const refused = await stowage('apply', file);
    assert.deepEqual([refused.exitCode, refused.error?.code], [2, 'usage']);
    assert.match(refused.error?.message ?? '', says);
    assert.match(refused.error?.remedy ?? '', /stowage plan --out/);
  }
  for (const [there, says] of [
    [path.join(folder, 'none'), /no such plan/],
    [folder, /is a folder/],
  ] as const) {
    const refused = await stowage('apply', there);
    assert.equal(refused.exitCode, 2);
    assert.match(refused.error?.message ?? '', says);
  }
});
