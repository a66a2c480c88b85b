/** Mirrors, in every state that the file of one may be in (docs/outside-the-database.md). */
import assert from 'node:assert/strict';
import { copyFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { call } from './support/commands.ts';
import { restoredFrom, withClient } from './support/database.ts';
import { type InStep, inStep } from './support/inStep.ts';
import { temporaryFolder } from './support/pictures.ts';

/** A library of the same source as another one, in the same data directory, as `--database` names it. */
interface Library {
  stowage(...words: string[]): ReturnType<typeof call>;
  query: InStep['query'];
}

/** The first Stash's library as it was before and after the same changes, and its mirror of both times. */
interface Moments extends InStep {
  mirror: string;
  before: string;
  after: string;
  /** A library as it was then, put back. */
  putBack(moment: 'before' | 'after'): Promise<Library>;
  /** Puts the mirror of that moment in place. */
  place(moment: 'before' | 'after'): Promise<void>;
}

const play = '2020-01-02T03:04:05Z';

async function moments(t: TestContext): Promise<Moments> {
  const both = await inStep(t);
  const { library, stash, sync } = both;
  const { tagCreate } = await stash.send('mutation{tagCreate(input:{name:"mole"}){id}}');
  await sync();
  const folder = await temporaryFolder(t);
  const mirror = path.join(library.data, 'mirrors', 'main.sqlite');
  const [before, after] = [path.join(folder, 'before'), path.join(folder, 'after')];
  const databases = { before: await restoredFrom(t, library.url), after: '' };
  await copyFile(mirror, before);
  // Of every sort: fields, relations, histories, what comes and what goes.
  await stash.send('mutation{sceneUpdate(input:{id:3,title:"Port at dawn"}){id}}');
  await stash.send(`mutation{sceneAddPlay(id:4,times:["${play}"]){count}}`);
  await stash.send('mutation{imageIncrementO(id:5)}');
  await stash.send('mutation{tagUpdate(input:{id:2,description:"tides"}){id}}');
  await stash.send(`mutation{tagDestroy(input:{id:${(tagCreate as { id: string }).id}})}`);
  await stash.send('mutation{tagCreate(input:{name:"breakwater"}){id}}');
  await sync();
  databases.after = await restoredFrom(t, library.url);
  await copyFile(mirror, after);
  return {
    ...both,
    mirror,
    before,
    after,
    async putBack(moment) {
      const url = await restoredFrom(t, databases[moment]);
      return {
        stowage: (...words) => call(...words, '--database', url, '--data', library.data),
        query: (sql, values) =>
          withClient(url, async (client) => (await client.query(sql, values)).rows as never),
      };
    },
    place: (moment) => copyFile({ before, after }[moment], mirror),
  };
}

/** Makes sure that a sync found every difference, and that the next one finds none. */
async function assertFound({ stowage }: Library, changes: number, ...words: string[]) {
  const { summary, error } = await stowage('sync', ...words);
  assert.equal(error, undefined);
  const counts = summary.counts as { count: number }[];
  const found = counts.reduce((sum, { count }) => sum + count, 0);
  assert.equal(found, changes);
  const proof = await stowage('verify', '--via', 'tables');
  assert.deepEqual(proof.troubles, []);
  const again = await stowage('sync');
  assert.deepEqual([again.summary.counts, again.summary.run], [[], null]);
}

test('a mirror in any other state than its library’s proves nothing', async (t) => {
  const they = await moments(t);
  const { mirror, place, putBack, stash } = they;
  /** What the changes above are to a library that has none of them. */
  const all = 6;
  const states: { [name: string]: () => Promise<unknown> } = {
    missing: () => rm(mirror),
    newer: () => place('after'),
    'newer, with --full': () => place('after'),
    'of no SQLite': () => writeFile(mirror, 'not a database'),
    'cut off': async () => {
      await place('before');
      await truncate(mirror, 20_000);
    },
    'damaged inside': async () => {
      await place('before');
      const bytes = await readFile(mirror);
      await writeFile(mirror, bytes.fill(7, 4096, 12_000));
    },
    empty: () => writeFile(mirror, ''),
    'under a lock file with something in it': () => writeFile(`${mirror}.lock`, 'x'.repeat(2000)),
  };
  for (const [name, spoil] of Object.entries(states)) {
    await t.test(name, async () => {
      const library = await putBack('before');
      await spoil();
      await assertFound(library, all, ...(name.includes('--full') ? ['--full'] : []));
    });
  }

  await t.test('another library’s', async () => {
    // Both are called main, and keep their files in one place; the other one has seen the changes.
    const [library, other] = [await putBack('before'), await putBack('after')];
    await assertFound(other, 0);
    await assertFound(library, all);
  });

  await t.test('older', async () => {
    // The source is again as that mirror says: only the library knows that it was otherwise.
    await stash.send(`mutation{sceneDeletePlay(id:4,times:["${play}"]){count}}`);
    const library = await putBack('after');
    await place('before');
    await assertFound(library, 1);
  });
});

test('a sync that is cut off anywhere leaves a mirror that hides nothing', async (t) => {
  const { library, sync, stash, assertInStep } = await inStep(t);
  await sync();
  const mirror = path.join(library.data, 'mirrors', 'main.sqlite');
  const folder = await temporaryFolder(t);
  const token = async () => {
    const [row] = await library.query('SELECT mirror_token AS token FROM stowage.sources');
    using db = new DatabaseSync(mirror, { readOnly: true });
    return [row?.token, db.prepare('select token from "stowage:mirror"').get()?.token];
  };
  const [agreed, held] = await token();
  assert.equal(held, agreed);
  const kept = path.join(folder, 'mirror');
  await copyFile(mirror, kept);
  await stash.send('mutation{sceneUpdate(input:{id:3,title:"Port at dawn"}){id}}');
  await sync();
  const [next] = await token();
  assert.notEqual(next, agreed);
  // The library has agreed, and the mirror was not told.
  await copyFile(kept, mirror);
  await stash.send('mutation{sceneUpdate(input:{id:3,title:"Port at noon"}){id}}');
  assert.equal(((await sync()).summary.counts as unknown[]).length, 1);
  await assertInStep();
  // The mirror has a token that the library never wrote down.
  {
    using db = new DatabaseSync(mirror);
    db.exec(`update "stowage:mirror" set token = 'none'`);
  }
  await stash.send('mutation{sceneUpdate(input:{id:3,title:"Port at dusk"}){id}}');
  assert.equal(((await sync()).summary.counts as unknown[]).length, 1);
  await assertInStep();
});

test('everything is compared with --full and once a day, whatever a mirror says', async (t) => {
  const { mirror, place, putBack } = await moments(t);
  /** A library without the changes, with a mirror that claims to be its own and to have nothing new. */
  const deceived = async () => {
    const library = await putBack('before');
    await place('after');
    using db = new DatabaseSync(mirror);
    const token = db.prepare('select token from "stowage:mirror"').get()?.token;
    await library.query('UPDATE stowage.sources SET mirror_token = $1', [token]);
    // And one of its rows is not what was read.
    db.exec(`update scenes set details = 'rotten' where id = 8`);
    return library;
  };
  await assertFound(await deceived(), 6, '--full');
  const library = await deceived();
  assert.deepEqual((await library.stowage('sync')).summary.counts, []);
  await library.query(
    `UPDATE stowage.sources SET compared_in_full_at = now() - interval '25 hours'`,
  );
  await assertFound(library, 6);
});
