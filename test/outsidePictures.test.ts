/** The folder of pictures and its files, in every state that they may be in (docs/outside-the-database.md). */
import assert from 'node:assert/strict';
import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { type Ended, ownLibrary } from './support/commands.ts';
import './support/database.ts';
import { meeting } from './support/faulty.ts';
import { inStep, stashOf } from './support/inStep.ts';
import { shortenWaits } from './support/waits.ts';
import { storedPictures } from './support/wholeLibrary.ts';

shortenWaits();

test('pictures that are missing or damaged are noticed, and fetched again', async (t) => {
  const { library, sync, query, stash } = await inStep(t);
  const { stowage, data } = library;
  await sync();
  const folder = path.join(data, 'pictures');
  const whole = await storedPictures(library);
  const [first] = whole;
  assert.ok(first);
  const file = path.join(folder, first.slice(0, 2), first.slice(2, 4), first);

  const assertWhole = async (what: string) => {
    const stored = await storedPictures(library);
    assert.deepEqual(
      whole.filter((name) => !stored.includes(name)),
      [],
      what,
    );
    const quiet = await sync();
    assert.deepEqual(quiet.lines.slice(-1), ['Nothing to do: both sides are in step.'], what);
    assert.equal((await stowage('status')).summary.next, 'Nothing waits.', what);
  };
  const assertNoticed = async (what: string) => {
    const { exitCode, troubles } = await stowage('verify', '--via', 'tables');
    assert.equal(exitCode, 3, what);
    assert.ok(troubles.length > 0 && troubles.every(({ why }) => /, library null$/.test(why)));
  };
  const another = async () => {
    const bytes = await readFile(file);
    await writeFile(file, bytes.fill(7, 0, 1));
  };
  const sooner = () =>
    query(`UPDATE stowage.sources SET compared_in_full_at = now() - interval '25 hours'`);

  // The folder as a whole: every sync looks whether it is the one that was left.
  const folders: { [state: string]: () => Promise<unknown> } = {
    'the folder is missing': () => rm(folder, { recursive: true }),
    'it is an older one': async () => {
      await rm(file);
      await writeFile(path.join(folder, 'token'), 'a token from before');
    },
    'it is another library’s': async () => {
      const second = await stashOf(t, 'v0.30', { seed: 3, scenes: 10, images: 10 });
      const other = await ownLibrary(t);
      await other.stowage('migrate', '--from', second.simulator.url);
      await rm(folder, { recursive: true });
      await cp(path.join(other.data, 'pictures'), folder, { recursive: true });
    },
    'its token is damaged': async () => {
      await writeFile(file, '');
      await writeFile(path.join(folder, 'token'), '');
    },
  };
  for (const [state, spoil] of Object.entries(folders)) {
    await t.test(state, async () => {
      await spoil();
      const { summary, lines } = await stowage('status');
      assert.ok(Number(summary.gone) > 0, lines.join('\n'));
      assert.match(String(summary.next), /Pictures are missing/);
      await assertNoticed(state);
      assert.doesNotMatch((await sync()).lines.join('\n'), /in step/);
      await assertWhole(state);
    });
  }

  // One file: what compares everything looks at all of them, and reads those that were changed.
  const files: { [state: string]: () => Promise<unknown> } = {
    'a file is missing': () => rm(file),
    'a file is cut off': () => truncate(file, 10),
    'a file holds other bytes': another,
  };
  const looks: { [how: string]: () => Promise<Ended> } = {
    'with --full': () => sync('--full'),
    'once a day': async () => {
      await sooner();
      return sync();
    },
    'by migrate': () => stowage('migrate', '--from', stash.simulator.url),
  };
  for (const [state, spoil] of Object.entries(files)) {
    for (const [how, look] of Object.entries(looks)) {
      await t.test(`${state}: ${how}`, async () => {
        await spoil();
        await assertNoticed(state);
        const { lines, warnings, exitCode } = await look();
        assert.equal(exitCode, 0);
        assert.match(warnings.join('\n'), /1 picture is missing from the folder/);
        assert.doesNotMatch(lines.join('\n'), /in step/);
        await assertWhole(state);
      });
    }
  }

  await t.test('bytes that rotted unseen are found where all are read', async () => {
    // As on a disk that forgets: the file says that nobody changed it.
    await another();
    await query(`UPDATE qar.pictures SET held_at = now() + interval '1 day'`);
    await sooner();
    await sync();
    await assertNoticed('rotten');
    assert.match(
      (await sync('--full')).warnings.join('\n'),
      /1 picture is missing from the folder/,
    );
    await assertWhole('rotten');
  });

  await t.test('the library is older than the folder', async () => {
    await query('DELETE FROM qar.pictures WHERE md5 = $1', [first]);
    await query(`UPDATE stowage.picture_folder SET token = gen_random_uuid()`);
    await sync();
    await assertWhole('older');
  });

  await t.test('what cannot be fetched is listed, and asked for again', async () => {
    await rm(file);
    const refused = await meeting(
      stash.simulator,
      [{ kind: 'status', status: 404, on: 'picture' }],
      () => sync('--full'),
    );
    assert.equal(refused.exitCode, 3);
    assert.equal(refused.troubles.length > 0, true);
    assert.doesNotMatch(refused.lines.join('\n'), /in step/);
    const { lines, events, summary } = await stowage('status');
    const missing = events.filter(({ event }) => event === 'missing');
    assert.deepEqual(
      missing.map(({ kind, id, field }) => `${kind} ${id} ${field}`),
      refused.troubles.map(({ kind, id, field }) => `${kind} ${id} ${field}`),
    );
    assert.match(
      lines.join('\n'),
      /1 picture is missing; each sync asks main for it:\n +\w+ .+: \w+/i,
    );
    assert.match(String(summary.next), /asks main for them/);
    assert.match(
      (await stowage('sync', '--dry-run')).warnings.join('\n'),
      /1 picture is missing here/,
    );
    assert.match((await sync()).lines.join('\n'), /1 picture was brought/);
    await assertWhole('listed');
  });
});
