import assert from 'node:assert/strict';
import { test } from 'node:test';
import './support/database.ts';
import { inStep } from './support/inStep.ts';

test('questions are listed, shown and answered; the next sync does what follows', async (t) => {
  const { stash, library, sync, idOf, query, assertQuiet, assertInStep } = await inStep(t, {
    writes: true,
  });
  const { stowage } = library;
  assert.equal((await stowage('sources', 'set', 'main', 'policy=ask')).exitCode, 0);
  const ids = [1, 2, 3, 4].map((n) => idOf('scene', n));
  for (const [i, id] of ids.entries()) {
    await query('UPDATE qar.cargo SET title = $2 WHERE id = $1', [await id, `Mine ${i + 1}`]);
    await stash.send(`mutation{sceneUpdate(input:{id:${i + 1},title:"Theirs ${i + 1}"}){id}}`);
  }
  const studio = await idOf('studio', 1);
  await query(`UPDATE qar.fleet SET details = 'mine' WHERE id = $1`, [studio]);
  await stash.send('mutation{studioUpdate(input:{id:1,details:"theirs"}){id}}');
  const performer = await idOf('performer', 1);
  await query(`UPDATE qar.crew SET custom_fields = '{"mood": "mine"}' WHERE id = $1`, [performer]);
  await stash.send(
    'mutation{performerUpdate(input:{id:1,custom_fields:{full:{mood:"theirs"}}}){id}}',
  );
  await sync();

  const listed = await stowage('conflicts');
  const open = listed.events.filter(({ event }) => event === 'conflict');
  assert.deepEqual(
    open.map(({ kind, field, key }) => [kind, field, key].filter(Boolean).join(' ')).sort(),
    ['performer customFields mood', ...Array(4).fill('scene title'), 'studio details'],
  );
  assert.match(
    listed.lines.join('\n'),
    /scene Mine 1 \(main:1\) {2}title: library Mine 1, main Theirs 1/,
  );
  assert.match(listed.lines.join('\n'), /customFields mood: library mood: mine, main mood: theirs/);
  const only = async (...words: string[]) =>
    (await stowage('conflicts', 'list', ...words)).summary.conflicts;
  assert.equal(await only('--kind', 'scene'), 4);
  assert.equal(await only('--field', 'details', '--source', 'main'), 1);
  const numberOf = (kind: string, remoteId: number) =>
    String(open.find((one) => one.kind === kind && one.remoteId === remoteId)?.id);
  const shown = await stowage('conflicts', 'show', numberOf('scene', 1));
  assert.match(shown.lines.join('\n'), /library {4}Mine 1\n.*main {7}Theirs 1 {2}found by run \d+/);

  const resolve = (...words: string[]) => stowage('conflicts', 'resolve', ...words);
  for (const wrong of [['1'], ['--take', 'library'], ['9999', '--take', 'library']]) {
    assert.equal((await resolve(...wrong)).exitCode, 2, wrong.join(' '));
  }
  // Two by their numbers, one with a value of its own, the others by a filter.
  const two = [numberOf('scene', 1), numberOf('performer', 1)];
  assert.equal((await resolve(...two, '--take', 'library')).summary.settled, 2);
  assert.equal((await resolve(numberOf('scene', 2), '--value', 'Both')).summary.settled, 1);
  assert.equal((await resolve('--kind', 'scene', '--take', 'stash')).summary.settled, 2);
  assert.equal((await resolve('--all', '--take', 'stash')).summary.settled, 1);
  await sync();
  const titles = await query<{ title: string }>(
    'SELECT title FROM qar.cargo WHERE id = ANY ($1) ORDER BY title',
    [await Promise.all(ids)],
  );
  assert.deepEqual(
    titles.map(({ title }) => title),
    ['Both', 'Mine 1', 'Theirs 3', 'Theirs 4'],
  );
  assert.deepEqual(await stash.rows('select title from scenes where id < 5 order by id'), [
    ['Mine 1'],
    ['Both'],
    ['Theirs 3'],
    ['Theirs 4'],
  ]);
  assert.deepEqual(await query('SELECT details FROM qar.fleet WHERE id = $1', [studio]), [
    { details: 'theirs' },
  ]);
  assert.deepEqual(
    await stash.rows('select value from performer_custom_fields where performer_id = 1'),
    [['mine']],
  );
  await assertInStep();
  await assertQuiet();
});

test('a record that one side deleted and the other changed goes or stays, as it is said', async (t) => {
  const { stash, library, sync, idOf, query, assertQuiet } = await inStep(t, { writes: true });
  const { stowage } = library;
  await stowage('sources', 'set', 'main', 'policy=ask', 'deletions=both');
  const ids = [2, 3, 4, 5].map((n) => idOf('performer', n));
  const [goneHere, backHere, goneThere, keptHere] = (await Promise.all(ids)) as [
    string,
    string,
    string,
    string,
  ];
  const deleted = async (id: string) =>
    (await query('SELECT deleted_at IS NOT NULL AS gone FROM qar.crew WHERE id = $1', [id]))[0]
      ?.gone;
  for (const [id, number] of [
    [goneHere, 2],
    [backHere, 3],
  ] as const) {
    assert.equal((await stowage('delete', 'performer', id)).exitCode, 0);
    await stash.send(`mutation{performerUpdate(input:{id:${number},details:"changed"}){id}}`);
  }
  for (const [id, number] of [
    [goneThere, 4],
    [keptHere, 5],
  ] as const) {
    await query(`UPDATE qar.crew SET details = 'changed' WHERE id = $1`, [id]);
    await stash.send(`mutation{performerDestroy(input:{id:${number}})}`);
  }
  await sync();
  const { events } = await stowage('conflicts', '--kind', 'performer');
  const numberOf = (remoteId: number) =>
    String(events.find((one) => one.remoteId === remoteId)?.id);
  const take = (remoteId: number, side: string) =>
    stowage('conflicts', 'resolve', numberOf(remoteId), '--take', side);
  assert.equal((await take(2, 'library')).exitCode, 0);
  assert.equal((await take(3, 'stash')).exitCode, 0);
  assert.equal((await take(4, 'stash')).exitCode, 0);
  assert.equal((await take(5, 'library')).exitCode, 0);
  await sync();
  assert.deepEqual(
    [
      await deleted(goneHere),
      await deleted(backHere),
      await deleted(goneThere),
      await deleted(keptHere),
    ],
    [true, false, true, false],
  );
  assert.equal(await stash.number('select count(*) from performers where id in (2, 4, 5)'), 0);
  // Kept here, it is made there anew, and is where it was.
  const [{ scenes } = {}] = await query(
    'SELECT count(*)::int AS scenes FROM qar.cargo_crew WHERE crew_id = $1',
    [keptHere],
  );
  const there = `select count(*) from performers_scenes ps join performers p on p.id = ps.performer_id where p.details = 'changed' and p.id > 5`;
  assert.equal(await stash.number(there), scenes);
  assert.equal(await stash.number(`select count(*) from performers where details = 'changed'`), 2);
  await assertQuiet();
});
