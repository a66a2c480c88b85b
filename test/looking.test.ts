/** What only looks, writes nothing: neither into the database nor into the data directory. */
import assert from 'node:assert/strict';
import { readdir, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { call, changed } from './support/commands.ts';
import { emptyDatabase } from './support/database.ts';
import { dumped } from './support/dumped.ts';
import { inStep, stashOf } from './support/inStep.ts';
import { temporaryFolder } from './support/pictures.ts';

test('every command that only looks leaves the database and the data directory as they were', async (t) => {
  const { library, stash, sync, idOf, query } = await inStep(t, { writes: true });
  const { stowage, data } = library;
  const second = await stashOf(t, 'v0.30', { seed: 3, scenes: 10, images: 10 });
  const third = await stashOf(t, 'v0.30', { seed: 4, scenes: 10, images: 10 });
  const out = await temporaryFolder(t);
  await sync();
  // Something of everything: runs, a question, suggestions, edits and changes that wait, what is gone, a plan.
  await stowage('sync', '--from', second.simulator.url, '--name', 'attic');
  await stowage('sources', 'set', 'main', 'policy=ask');
  const title = async (n: number, text: string) =>
    query('UPDATE qar.cargo SET title = $2 WHERE id = $1', [await idOf('scene', n), text]);
  const titleThere = (n: number, text: string) =>
    stash.send('mutation($i: SceneUpdateInput!){sceneUpdate(input:$i){id}}', {
      i: { id: n, title: text },
    });
  await title(3, 'Harbour');
  await titleThere(3, 'Port');
  await titleThere(4, 'Mole');
  await stowage('edit', 'scene', 'main:5', 'title=Lighthouse');
  const synced = await sync();
  const run = String(synced.summary.run);
  const [question] = await query('SELECT id FROM stowage.conflicts');
  await title(6, 'Dawn');
  await titleThere(7, 'Dusk');
  await stash.send('mutation{tagCreate(input:{name:"breakwater"}){id}}');
  await stash.send('mutation{sceneDestroy(input:{id:9}){id}}').catch(() => {});
  const plan = path.join(out, 'plan');
  const from = ['--from', stash.simulator.url];
  const commands: string[][] = [
    ['doctor', ...from],
    ['status'],
    ['plan', '--name', 'main', '--out', plan],
    ['plan', '--name', 'main', '--full', '--out', path.join(out, 'full')],
    ['apply', plan, '--dry-run'],
    ['sync', ...from, '--dry-run'],
    ['sync', ...from, '--full', '--dry-run'],
    ['sync', ...from, '--via', 'graphql', '--dry-run'],
    ['sync', '--from', third.simulator.url, '--name', 'second', '--dry-run'],
    ['sync', '--from', second.simulator.url, '--name', 'attic', '--dry-run'],
    ['migrate', ...from, '--dry-run'],
    ['migrate', '--from', third.simulator.url, '--name', 'third', '--dry-run'],
    ['move', ...from, '--to', second.simulator.url, '--dry-run'],
    ['undo', run, '--dry-run'],
    ['undo', run, '--on', 'both', '--dry-run'],
    ['verify', ...from, '--via', 'tables'],
    ['verify', ...from, '--via', 'graphql'],
    ['export', '--as', 'main', '--out', path.join(out, 'export')],
    ['export', '--as', 'main', '--pictures', '--out', path.join(out, 'pictures')],
    ['show', 'scene', 'main:3'],
    ['find', 'scene', 'a'],
    ['runs'],
    ['runs', 'show', run],
    ['conflicts'],
    ['conflicts', 'show', String(question?.id)],
    ['matches'],
    ['sources'],
  ];
  const look = async (words: string[], when: string) => {
    const before = await dumped(library);
    const ended = await stowage(...words);
    assert.ok(ended.exitCode === 0 || ended.exitCode === 3, `${words}: ${ended.error?.message}`);
    assert.deepEqual(changed(before, await dumped(library)), [], `${words.join(' ')}, ${when}`);
  };
  for (const words of commands) await look(words, 'in use');
  // They find, too, what is missing in the data directory, and leave that to others.
  await rm(path.join(data, 'mirrors'), { recursive: true });
  const pictures = path.join(data, 'pictures');
  const [picture] = (await readdir(pictures, { recursive: true })).filter((name) =>
    /[0-9a-f]{32}$/.test(name),
  );
  await unlink(path.join(pictures, String(picture)));
  await unlink(path.join(pictures, 'token'));
  const again = commands.filter(([name]) => name !== 'move' && name !== 'export');
  for (const words of again) await look(words, 'with files missing');
  await rm(pictures, { recursive: true });
  for (const words of [['status'], ['verify', ...from, '--via', 'tables']]) {
    await look(words, 'without pictures');
  }
});

test('nor does a look make a library where there is none', async (t) => {
  const stash = await stashOf(t, 'v0.30', { seed: 3, scenes: 10, images: 10 });
  const folder = await temporaryFolder(t);
  const data = path.join(folder, 'below', 'data');
  for (const words of [
    ['migrate', '--from', stash.simulator.url, '--dry-run'],
    ['doctor', '--from', stash.simulator.url],
    ['status'],
  ]) {
    await call(...words, '--data', data);
    assert.deepEqual(await readdir(folder), [], words.join(' '));
  }
  const url = await emptyDatabase(t);
  for (const words of [['status'], ['find', 'tag', 'a'], ['sync', '--dry-run']]) {
    const { exitCode, error } = await call(...words, '--data', folder, '--database', url);
    assert.deepEqual([exitCode, error?.message], [2, 'There is no library there.']);
    assert.deepEqual(await dumped({ url, data: folder }), {});
  }
});
