/** What else is kept outside the database, in every state that it may be in (docs/outside-the-database.md). */
import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { withFileLock } from '../src/library/embedded/lock.ts';
import { generate } from '../src/simulator/generate.ts';
import { startSimulator } from '../src/simulator/simulator.ts';
import { temporaryFolder as ownTemporaryFolder } from '../src/temporary.ts';
import { call, changed, ownLibrary } from './support/commands.ts';
import { restoredFrom } from './support/database.ts';
import { dumped } from './support/dumped.ts';
import { inStep } from './support/inStep.ts';
import { temporaryFolder } from './support/pictures.ts';
import { root, start } from './support/program.ts';

test('without the secret that it was sealed with, a key has to be given once more', async (t) => {
  const database = path.join(await temporaryFolder(t), 'stash.sqlite');
  generate(database, { scenes: 10, images: 10 });
  const stash = await startSimulator({ database, apiKey: 'a key of this server' });
  t.after(() => stash.close());
  const library = await ownLibrary(t);
  const { stowage } = library;
  const key = ['--api-key', 'a key of this server'];
  const secret = path.join(library.data, 'secret');
  assert.equal((await stowage('migrate', '--from', stash.url, ...key)).exitCode, 0);
  assert.equal((await stowage('sync')).exitCode, 0);
  const another = 'x'.repeat(43);
  const states: { [state: string]: () => Promise<unknown> } = {
    missing: () => rm(secret),
    empty: () => writeFile(secret, ''),
    'cut off': async () => writeFile(secret, (await readFile(secret, 'utf8')).slice(0, 20)),
    'another library’s, or of another time': () => writeFile(secret, another),
  };
  for (const [state, spoil] of Object.entries(states)) {
    await t.test(state, async () => {
      await spoil();
      const before = await dumped(library);
      const refused = await stowage('sync');
      assert.deepEqual([refused.exitCode, refused.error?.code], [1, 'secret.wrong']);
      assert.match(String(refused.error?.remedy), /give the key once more/);
      assert.equal((await stowage('status')).exitCode, 0);
      assert.deepEqual(changed(before, await dumped(library)), []);
      assert.equal((await stowage('sync', ...key)).exitCode, 0);
      assert.equal((await stowage('sync')).exitCode, 0);
      assert.ok((await readFile(secret, 'utf8')).length >= 20);
    });
  }
});

test('of a plan is carried out what holds of both sides as they are', async (t) => {
  const { library, sync, stash, query } = await inStep(t);
  const { stowage, data } = library;
  await sync();
  const before = await restoredFrom(t, library.url);
  const file = path.join(await temporaryFolder(t), 'plan');
  const title = (text: string) =>
    stash.send('mutation($i: SceneUpdateInput!){sceneUpdate(input:$i){id}}', {
      i: { id: 3, title: text },
    });
  await title('Port at dawn');
  await sync();
  await title('Port at noon');
  assert.equal((await stowage('plan', '--out', file)).exitCode, 0);

  await t.test('newer than the library', async () => {
    const url = await restoredFrom(t, before);
    const on = (...words: string[]) => call(...words, '--database', url, '--data', data);
    const applied = await on('apply', file);
    assert.deepEqual([applied.exitCode, applied.summary.outdated], [3, 1]);
    assert.equal(((await on('sync')).summary.counts as unknown[]).length, 1);
    assert.equal((await on('verify', '--via', 'tables')).summary.differences, 0);
  });

  await t.test('older than both sides', async () => {
    await title('Port at dusk');
    await sync();
    const applied = await stowage('apply', file);
    assert.deepEqual([applied.exitCode, applied.summary.run], [3, null]);
    const [scene] = await query(`SELECT title FROM qar.cargo WHERE title LIKE 'Port at%'`);
    assert.deepEqual(scene, { title: 'Port at dusk' });
  });

  await t.test('of another library, also looked at', async () => {
    const other = await ownLibrary(t);
    await other.stowage('migrate', '--from', stash.simulator.url);
    for (const words of [[], ['--dry-run']]) {
      const strange = await other.stowage('apply', file, ...words);
      assert.deepEqual([strange.exitCode, strange.error?.code], [2, 'usage']);
    }
  });

  await t.test('of another version of Stowage', async () => {
    using db = new DatabaseSync(file);
    db.exec('pragma user_version = 1');
    const refused = await stowage('apply', file);
    assert.deepEqual([refused.exitCode, refused.error?.code], [2, 'usage']);
    assert.match(String(refused.error?.message), /no plan of this version/);
  });
});

test('the compile cache may be missing, damaged or of another program', async (t) => {
  // A program of its own, so that nobody else's cache is touched.
  const folder = await temporaryFolder(t);
  await cp(path.join(root, 'bin'), path.join(folder, 'bin'), { recursive: true });
  await cp(path.join(root, 'package.json'), path.join(folder, 'package.json'));
  await symlink(path.join(root, 'src'), path.join(folder, 'src'));
  const cache = path.join(folder, 'node_modules', '.cache', 'compiled');
  const runs = async (state: string) => {
    const program = path.join(folder, 'bin', 'stowage.js');
    const { code, stdout, stderr } = await start(program, ['--version'], {
      env: { NODE_COMPILE_CACHE: undefined },
    }).ended;
    assert.equal(code, 0, `${state}: ${stderr}`);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/, state);
  };
  const files = async () =>
    (await readdir(cache, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name));
  await runs('missing');
  const made = await files();
  assert.ok(made.length > 5);
  for (const file of made) await writeFile(file, 'garbage');
  await runs('damaged');
  for (const file of await files()) await writeFile(file, (await readFile(file)).subarray(0, 50));
  await runs('cut off');
  // Each under the name of another.
  const all = await files();
  const contents = await Promise.all(all.map((file) => readFile(file)));
  for (const [i, file] of all.entries()) {
    await writeFile(file, contents[(i + 1) % all.length] as Buffer);
  }
  await runs('of other files');
  await rm(path.join(folder, 'node_modules'), { recursive: true });
  await writeFile(path.join(folder, 'node_modules'), 'no folder');
  await runs('in a place that cannot be written');
});

test('a lock file may be missing, or hold anything: only who has it open holds the lock', async (t) => {
  const file = path.join(await temporaryFolder(t), 'lock');
  const order: string[] = [];
  for (const state of ['missing', 'there', 'damaged']) {
    if (state === 'damaged') await writeFile(file, 'x'.repeat(5000));
    await Promise.all(
      [1, 2].map(() =>
        withFileLock(file, async () => {
          order.push('in');
          await new Promise((soon) => setTimeout(soon, 30));
          order.push('out');
        }),
      ),
    );
  }
  assert.deepEqual(order, Array(6).fill(['in', 'out']).flat());
});

test('what a killed command left in the temporary folder is cleared away; another machine’s stays', async (t) => {
  const data = await temporaryFolder(t);
  const folder = path.join(data, 'temporary');
  const [killed, elsewhere] = [`${encodeURIComponent(hostname())}-999999999`, 'elsewhere-1'];
  for (const name of [killed, elsewhere]) {
    await mkdir(path.join(folder, name), { recursive: true });
    await writeFile(path.join(folder, name, 'stash.sqlite'), 'half');
  }
  {
    await using own = await ownTemporaryFolder(data);
    assert.deepEqual((await readdir(folder)).sort(), [path.basename(own.path), elsewhere].sort());
  }
  assert.deepEqual(await readdir(folder), [elsewhere]);
});
