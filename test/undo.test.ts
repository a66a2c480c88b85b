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
  assert.equal(undone.exitCode, 0, undone.warnings.join());
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
