import assert from 'node:assert/strict';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { generate } from '../src/simulator/generate.ts';
import { startSimulator } from '../src/simulator/simulator.ts';
import './support/database.ts';
import { inStep } from './support/inStep.ts';
import { temporaryFolder } from './support/pictures.ts';

test('status says how things stand; suggestions are listed, accepted and rejected', async (t) => {
  const { library, idOf, query, sync, stash } = await inStep(t);
  const { stowage } = library;
  const next = async () => (await stowage('status')).summary.next;
  assert.equal(await next(), 'Nothing waits.');
  await query(`UPDATE qar.cargo SET title = 'Mine' WHERE id = $1`, [await idOf('scene', 3)]);
  assert.match(String(await next()), /writes=on/);
  const dry = await stowage('sync', '--dry-run');
  assert.match(
    dry.lines.join('\n'),
    /^Once it may be written to, main would also get:\nscene Mine \(3\) {2}update in main\n {2}→ title: "?.+"? → "?Mine"?\n +1 scene +update +library → main\nNothing to do\.\n1 record edited here waits/m,
  );
  assert.equal((dry.summary.unsent as object[]).length, 1);
  const { lines, events } = await stowage('status');
  assert.match(
    lines.join('\n'),
    /^main: migrate just now\n.* 1 edited here; nothing is written to main/,
  );
  const [source] = events.filter(({ event }) => event === 'source');
  assert.deepEqual([source?.unsent, source?.conflicts, source?.suggestions], [1, 0, 0]);
  await stowage('sources', 'set', 'main', 'policy=ask');
  await stash.send('mutation{sceneUpdate(input:{id:3,title:"Theirs"}){id}}');
  await sync();
  assert.match(String(await next()), /stowage conflicts/);
  await stowage('conflicts', 'resolve', '--all', '--take', 'stash');

  // A second server has performers of nearly the same names.
  const database = path.join(await temporaryFolder(t), 'stash.sqlite');
  generate(database, { scenes: 10, images: 10 });
  const names = await query<{ name: string }>('SELECT name FROM qar.crew ORDER BY name LIMIT 2');
  using stashFile = new DatabaseSync(database);
  stashFile.exec('update performers set name = name || id || random()');
  for (const [i, { name }] of names.entries()) {
    stashFile.prepare('update performers set name = ? where id = ?').run(`${name}s`, i + 1);
  }
  const second = await startSimulator({ database });
  t.after(() => second.close());
  assert.equal((await stowage('sync', '--from', second.url, '--name', 'second')).exitCode, 0);
  assert.match(String(await next()), /stowage matches/);
  const listed = await stowage('matches', '--kind', 'performer', '--source', 'second');
  const suggestions = listed.events.filter(({ event }) => event === 'match');
  assert.ok(suggestions.length >= 2, listed.lines.join('\n'));
  assert.match(listed.lines.join('\n'), /performer .* \(second:\d+\) may be /);
  const [first, other] = names.map(({ name }) => suggestions.find((one) => one.other === name));
  const accepted = await stowage('matches', 'accept', String(first?.id));
  assert.equal(accepted.exitCode, 0, accepted.error?.message);
  assert.equal((await stowage('matches', 'reject', String(other?.id))).exitCode, 0);
  assert.equal((await stowage('matches', 'accept', String(first?.id))).exitCode, 2);
  assert.match(String((await stowage('matches', 'accept')).error?.remedy), /--at-least PERCENT/);
  const [{ sources: of } = {}] = await query(
    'SELECT count(*)::int AS sources FROM stowage.links WHERE library_id = $1',
    [first?.otherId],
  );
  assert.equal(of, 2);
  const performers = ['--kind', 'performer', '--source', 'second'];
  const best = (await stowage('matches', ...performers)).events.filter(
    ({ event }) => event === 'match',
  );
  const likely = best.filter(({ score }) => Number(score) >= 0.9);
  const all = await stowage('matches', 'accept', ...performers, '--at-least', '90');
  assert.equal(all.exitCode, 0, all.error?.message);
  assert.ok(Number(all.summary.answered) <= likely.length);
  const rest = await stowage('matches', ...performers, '--at-least', '90%');
  assert.equal(rest.summary.matches, 0);
  await sync('--name', 'main');
  const left = (await stowage('matches')).events.filter(({ event }) => event === 'match');
  assert.ok(!left.some(({ id }) => id === first?.id || id === other?.id));
});
