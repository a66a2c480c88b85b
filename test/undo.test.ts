import assert from 'node:assert/strict';
import { test } from 'node:test';
import './support/database.ts';
import { inStep } from './support/inStep.ts';

test('runs and what each changed are listed, and a run of a source is taken back', async (t) => {
  const { stash, library, sync, idOf, query } = await inStep(t, { writes: true });
  const { stowage } = library;
  const [[title] = []] = await stash.rows('select title from scenes where id = 3');
  await stash.send('mutation{sceneUpdate(input:{id:3,title:"By mistake",rating100:77}){id}}');
  await stash.send('mutation{tagCreate(input:{name:"A mistake"}){id}}');
  const { summary } = await sync();
  const run = String(summary.run);

  const listed = await stowage('runs');
  assert.deepEqual(
    listed.events.flatMap(({ event, command }) => (event === 'run' ? [command] : [])),
    ['sync', 'migrate'],
  );
  assert.match(listed.lines.join('\n'), /sync of main, \d{4}-.* \(just now\), done: .*scene/);
  assert.equal((await stowage('runs', '--limit', '1')).summary.runs, 1);
  const shown = await stowage('runs', 'show', run);
  assert.match(shown.lines.join('\n'), /scene By mistake.*\n.*← title: .* → By mistake/);
  const changes = shown.events.filter(({ event }) => event === 'change');
  assert.ok(
    changes.some(
      ({ field, before, after }) => field === 'title' && before === title && after === 'By mistake',
    ),
  );
  assert.equal((await stowage('runs', 'show', '999')).exitCode, 2);
  assert.equal((await stowage('undo', '1')).exitCode, 2);

  const before = await library.contents();
  const dry = await stowage('undo', run, '--dry-run');
  assert.match(dry.lines.join('\n'), /title: By mistake → /);
  assert.deepEqual(await library.contents(), before);

  const undone = await stowage('undo', run);
  assert.equal(undone.exitCode, 3, undone.warnings.join());
  const scene = await idOf('scene', 3);
  const held = async () => (await query('SELECT title FROM qar.cargo WHERE id = $1', [scene]))[0];
  assert.deepEqual(await held(), { title });
  const [{ gone } = {}] = await query(
    `SELECT deleted_at IS NOT NULL AS gone FROM qar.tags WHERE name = 'A mistake'`,
  );
  assert.equal(gone, true);

  // What the source keeps is asked, and neither comes again nor is written.
  const questions = await query(
    'SELECT field FROM stowage.conflicts WHERE settled_at IS NULL AND kind = 7 ORDER BY field',
  );
  assert.deepEqual(questions, [{ field: 'rating' }, { field: 'title' }]);
  await sync();
  assert.deepEqual(await held(), { title });
  assert.deepEqual(await stash.rows('select title, rating from scenes where id = 3'), [
    ['By mistake', 77],
  ]);

  // Undone itself, it gives back what it had taken.
  const again = await stowage('undo', String(undone.summary.run));
  assert.equal(again.exitCode, 0);
  assert.deepEqual(await held(), { title: 'By mistake' });
  const open = await query('SELECT field FROM stowage.conflicts WHERE settled_at IS NULL');
  assert.deepEqual(open, []);
  const listedThen = await stowage('runs');
  assert.match(listedThen.lines.join('\n'), new RegExp(`undo of run ${undone.summary.run}, `));
});

test('what a server’s own mass edit did is taken back there, too', async (t) => {
  const { stash, library, sync, idOf, query, assertInStep, assertQuiet } = await inStep(t, {
    writes: true,
  });
  const { stowage } = library;
  const state = () =>
    stash.rows(
      `select s.id, s.title, s.rating, (select group_concat(t.name, '|') from (select t.name from scenes_tags st
         join tags t on t.id = st.tag_id where st.scene_id = s.id order by 1) t) from scenes s where id < 6 order by id`,
    );
  const before = await state();
  await stash.send(
    'mutation{scenesUpdate(input:[{id:1,title:"x"},{id:2,title:"x",rating100:1}]){id}}',
  );
  await stash.send('mutation{sceneAddPlay(id:3,times:["2020-02-03T04:05:06Z"]){count}}');
  const [[tag] = []] = await stash.rows(
    `select t.id from tags t join scenes_tags st on st.tag_id = t.id
      where st.scene_id < 6 and t.id not in (select primary_tag_id from scene_markers) limit 1`,
  );
  const label = (await stash.rows(`select name from tags where id = ${tag}`))[0]?.[0];
  await stash.send(`mutation{tagDestroy(input:{id:${tag}})}`);
  await stash.send('mutation{performerCreate(input:{name:"A mistake"}){id}}');
  const synced = await sync();
  const run = String(synced.summary.run);
  await stash.send('mutation{sceneUpdate(input:{id:2,title:"on purpose"}){id}}');

  await stowage('sources', 'set', 'main', 'writes=off');
  assert.equal((await stowage('undo', run, '--on', 'stash')).exitCode, 2);
  const dry = await stowage('undo', run, '--on', 'stash', '--dry-run');
  assert.match(
    dry.lines.join('\n'),
    /scene .* \(1\) {2}update in main {2}\(undone\)\n.*→ title: x → /,
  );
  await query('UPDATE stowage.sources SET writes = true');

  const undone = await stowage('undo', run, '--on', 'stash');
  assert.equal(undone.exitCode, 3, undone.error?.message);
  const kept = undone.events.filter(({ event }) => event === 'kept');
  assert.deepEqual(
    kept.map(({ kind, field, why }) => `${kind} ${field} ${why}`),
    ['scene title was changed at the source since'],
  );
  const after = await state();
  assert.deepEqual(
    after,
    before.map((row) => (row[0] === 2 ? row.with(1, 'on purpose') : row)),
  );
  assert.equal(await stash.number(`select count(*) from tags where name = '${label}'`), 1);
  assert.equal(await stash.number(`select count(*) from performers where name = 'A mistake'`), 0);
  assert.equal(
    await stash.number(
      "select count(*) from scenes_view_dates where scene_id = 3 and view_date like '2020-02-03%'",
    ),
    0,
  );
  // The title that stayed there is asked.
  const open = await query('SELECT field FROM stowage.conflicts WHERE settled_at IS NULL');
  assert.deepEqual(open, [{ field: 'title' }]);
  await sync();
  await stowage('conflicts', 'resolve', '--all', '--take', 'stash');
  await sync();
  await assertInStep();
  await assertQuiet();

  // An edit that went there is taken back there only, and asked; or on both sides.
  const scene = await idOf('scene', 4);
  const titles = async () => [
    (await query('SELECT title FROM qar.cargo WHERE id = $1', [scene]))[0]?.title,
    (await stash.rows('select title from scenes where id = 4'))[0]?.[0],
  ];
  const [title] = await titles();
  await query(`UPDATE qar.cargo SET title = 'Mine' WHERE id = $1`, [scene]);
  const pushed = String((await sync()).summary.run);
  const there = await stowage('undo', pushed, '--on', 'stash');
  assert.equal(there.exitCode, 3, there.error?.message);
  assert.deepEqual(await titles(), ['Mine', title]);
  await sync();
  assert.deepEqual(await titles(), ['Mine', title]);
  await stowage('undo', String(there.summary.run), '--on', 'stash');
  assert.deepEqual(await titles(), ['Mine', 'Mine']);
  const both = await stowage('undo', pushed, '--on', 'both');
  assert.equal(both.exitCode, 0, both.error?.message);
  assert.deepEqual(await titles(), [title, title]);
  await sync();
  await assertInStep();
  await assertQuiet();
});

test('what went there because it was made or deleted here stays so, and that is told', async (t) => {
  const { stash, library, sync, assertInStep } = await inStep(t, { writes: true });
  const { stowage } = library;
  await stowage('sources', 'set', 'main', 'deletions=both');
  await stowage('create', 'tag', 'name=Mole');
  await stowage('edit', 'scene', 'main:3', 'tags+=Mole', 'title=Pier');
  const [[tag] = []] = await stash.rows(
    'select id from tags where id not in (select primary_tag_id from scene_markers) limit 1',
  );
  await stowage('delete', 'tag', `main:${tag}`);
  const run = String((await sync()).summary.run);
  const undone = await stowage('undo', run, '--on', 'both');
  assert.equal(undone.exitCode, 3, undone.error?.message);
  const kept = undone.events.filter(({ event }) => event === 'kept');
  assert.deepEqual(kept.map(({ kind, why }) => `${kind} ${why}`).sort(), [
    'tag stays at the source: it was made here, by another run',
    'tag stays gone from the source: it was deleted here, by another run',
  ]);
  await sync();
  await assertInStep();
});

test('a counter that went back on both sides comes forward once', async (t) => {
  const { stash, library, sync, idOf, query, assertInStep, assertQuiet } = await inStep(t, {
    writes: true,
  });
  const { stowage } = library;
  const image = await idOf('image', 2);
  const counts = async () => [
    (await query('SELECT o_counter::int AS o FROM qar.images WHERE id = $1', [image]))[0]?.o,
    await stash.number('select o_counter from images where id = 2'),
  ];
  const [before = 0] = await counts();
  await stash.send('mutation{imageIncrementO(id:2)}');
  const synced = await sync();
  const undone = await stowage('undo', String(synced.summary.run), '--on', 'stash');
  assert.deepEqual(await counts(), [before, before]);
  const again = await stowage('undo', String(undone.summary.run), '--on', 'both');
  assert.equal(again.exitCode, 0, again.error?.message);
  assert.deepEqual(await counts(), [before + 1, before + 1]);
  await sync();
  await assertInStep();
  await assertQuiet();
});

test('what an undo deleted here and a source keeps is decided once, and is quiet then', async (t) => {
  const { stash, library, sync, query, assertQuiet } = await inStep(t);
  await stash.send('mutation{tagCreate(input:{name:"A mistake"}){id}}');
  const { summary } = await sync();
  assert.equal((await library.stowage('undo', String(summary.run))).exitCode, 3);
  await sync();
  const asked = await query('SELECT field FROM stowage.conflicts WHERE settled_at IS NULL');
  assert.deepEqual(asked, [{ field: '' }]);
  const resolved = await library.stowage('conflicts', 'resolve', '--all', '--take', 'library');
  assert.equal(resolved.exitCode, 0);
  await sync();
  await assertQuiet();
  assert.equal((await library.stowage('status')).summary.next, 'Nothing waits.');
  assert.equal(await stash.number(`select count(*) from tags where name = 'A mistake'`), 1);
});

test('a merge of tags is taken back in the Stash, too: the name comes free before the tag is made', async (t) => {
  const side = await inStep(t, { writes: true });
  const { stash, library, sync } = side;
  const tagged = async () =>
    stash.rows(
      `select scene_id, t.name from scenes_tags join tags t on t.id = tag_id order by 1, 2`,
    );
  const before = await tagged();
  await stash.send('mutation{tagsMerge(input:{source:[20],destination:21}){id}}');
  assert.notDeepEqual(await tagged(), before);
  const { summary } = await sync();
  const undone = await library.stowage('undo', String(summary.run), '--on', 'stash');
  assert.deepEqual([undone.exitCode, undone.troubles], [0, []]);
  assert.deepEqual(await tagged(), before);
  await sync();
  await side.assertInStep();
  await side.assertQuiet();
});
