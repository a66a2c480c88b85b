import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import './support/database.ts';
import type { OwnLibrary } from './support/commands.ts';
import { backup, type InStep, inStep, restarted, type Stash, stashOf } from './support/inStep.ts';
import { renumber } from './support/renumbered.ts';

/** Every row of the library's own tables: who is who, and what each has. */
async function whole({ query }: Pick<OwnLibrary, 'query'>): Promise<Set<string>> {
  const tables = await query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'qar'::regnamespace AND relkind = 'r'`,
  );
  const rows = new Set<string>();
  for (const { name } of tables) {
    // Without what is a source's own: the times of its changes, the numbers of its folders.
    const found = await query<{ row: string }>(
      `SELECT (to_jsonb(t) - 'revision' - 'updated_at' #- '{folder,id}')::text AS row FROM qar.${name} t`,
    );
    for (const { row } of found) rows.add(`${name} ${row}`);
  }
  return rows;
}

async function assertSame(library: Pick<OwnLibrary, 'query'>, before: Set<string>): Promise<void> {
  assert.deepEqual([...(await whole(library)).symmetricDifference(before)].slice(0, 5), []);
}

/** The source is refused, and nothing is done to either side. */
async function assertRefused({ library, stash, query }: InStep, standing: string): Promise<void> {
  const before = await whole(library);
  const sent = stash.simulator.requests.length;
  const { error } = await library.stowage('sync');
  assert.equal(error?.code, 'source.changed', error?.message);
  assert.match(error?.remedy ?? '', /--accept.*--push.*--as-new/);
  assert.deepEqual(await query('SELECT standing FROM stowage.sources WHERE id = 1'), [
    { standing },
  ]);
  await assertSame(library, before);
  const written = stash.simulator.requests.slice(sent).flatMap(({ names }) => names);
  assert.deepEqual(
    written.filter((name) => /Update|Create|Destroy|Add/.test(name)),
    [],
  );
}

const resolve = async ({ library }: InStep, ...way: string[]) => {
  const { exitCode, error } = await library.stowage('sources', 'resolve', 'main', ...way);
  assert.equal(exitCode, 0, error?.message);
};

const scenes = async ({ query }: InStep): Promise<string[]> =>
  (
    await query<{ id: string }>('SELECT id FROM qar.cargo WHERE deleted_at IS NULL ORDER BY id')
  ).map(({ id }) => id);

/** What of a source is otherwise than in the library. */
async function differencesFrom({ library }: InStep, name: string): Promise<string[]> {
  const { troubles } = await library.stowage('verify', '--name', name, '--via', 'tables');
  return troubles.map(({ kind, id, field }) => `${kind} ${id}, ${field}`);
}

/** A library's records of a kind that are not deleted, by what they are called. */
async function named({ query }: InStep, table: string): Promise<{ [name: string]: string }> {
  const rows = await query<{ name: string; id: string }>(
    `SELECT name, id FROM qar.${table} WHERE deleted_at IS NULL`,
  );
  return Object.fromEntries(rows.map(({ name, id }) => [name, id]));
}

/**
 * Both sides were worked on, and then Stash was put back to a backup from before, and worked on again: numbers that had
 * been given are given to others.
 */
async function rewound(t: TestContext): Promise<InStep & { before: { [name: string]: string } }> {
  const side = await inStep(t, { writes: true });
  const { stash, sync, library } = side;
  const old = backup(stash);
  await stash.send(`mutation{tagCreate(input:{name:"later"}){id} sceneUpdate(input:{id:3,title:"Later"}){id}
    performerDestroy(input:{id:2})
    saveFilter(input:{mode:SCENES,name:"later filter",object_filter:{}}){id}}`);
  const later = await stash.number(`select id from tags where name = 'later'`);
  await stash.send(`mutation{sceneUpdate(input:{id:5,tag_ids:[${later}]}){id}}`);
  await library.stowage('create', 'tag', 'name=made here');
  await library.stowage('edit', 'scene', 'main:4', 'title=Mine', 'tags+=made here');
  await sync();
  await sync();
  await side.assertInStep();
  const before = await named(side, 'tags');
  // Times of creation are whole seconds.
  side.stash = await restarted(t, stash, old, 1000);
  await side.stash.send(`mutation{tagCreate(input:{name:"other"}){id}
    saveFilter(input:{mode:SCENES,name:"other filter",object_filter:{}}){id}}`);
  assert.equal(await side.stash.number(`select id from tags where name = 'other'`), later);
  // On a quick machine it was all in one second.
  side.stash.simulator.sql(
    `update tags set created_at = '2030-01-01T00:00:00Z' where name = 'other'`,
  );
  await side.stash.send(`mutation{sceneUpdate(input:{id:5,tag_ids:[${later}]}){id}}`);
  await assertRefused(side, 'rewound');
  return { ...side, before };
}

const tagsOfScene = async ({ query, idOf }: InStep, id: number) =>
  (
    await query<{ name: string }>(
      'SELECT name FROM qar.cargo_tags JOIN qar.tags t ON t.id = tag_id WHERE cargo_id = $1 ORDER BY 1',
      [await idOf('scene', id)],
    )
  ).map(({ name }) => name);

const titles = async ({ query, idOf }: InStep) =>
  (
    await query<{ title: string }>(
      'SELECT title FROM qar.cargo WHERE id = ANY ($1) ORDER BY title',
      [[await idOf('scene', 3), await idOf('scene', 4)]],
    )
  ).map(({ title }) => title);

describe('a Stash that was put back to a backup, and went on', () => {
  test('--accept: what it has now is right', async (t) => {
    const side = await rewound(t);
    const { before } = side;
    await resolve(side, '--accept');
    await side.sync();
    const now = await named(side, 'tags');
    assert.deepEqual(
      [now.later, now['made here']],
      [undefined, undefined],
      'which it does not have',
    );
    for (const [name, id] of Object.entries(now)) {
      assert.ok(name === 'other' || before[name] === id, `${name} is who it was`);
    }
    assert.ok(now.other && !Object.values(before).includes(now.other), 'a record of its own');
    assert.deepEqual(await tagsOfScene(side, 5), ['other']);
    assert.ok(!(await titles(side)).includes('Later'));
    const filters = await named(side, 'saved_filters');
    assert.ok(filters['other filter']);
    await side.assertInStep();
    await side.assertQuiet();
  });

  test('--accept: what had become one since is two there still, and here again', async (t) => {
    const side = await inStep(t, { writes: true });
    const old = backup(side.stash);
    const [[name] = []] = await side.stash.rows('select name from tags where id = 4');
    await side.stash.send(
      'mutation{tagsMerge(input:{source:[4],destination:5}){id} tagCreate(input:{name:"later"}){id}}',
    );
    await side.sync();
    side.stash = await restarted(t, side.stash, old);
    await assertRefused(side, 'rewound');
    await resolve(side, '--accept');
    await side.sync();
    assert.deepEqual(await side.stash.rows('select name from tags where id = 4'), [[name]]);
    assert.equal((await named(side, 'tags'))[name as string] !== undefined, true);
    await side.assertInStep();
    await side.assertQuiet();
  });

  test('--accept, where it lost much: that waits for a person, and the source is itself again', async (t) => {
    const side = await inStep(t);
    const { stash, sync } = side;
    const old = backup(stash);
    const many = Array.from(
      { length: 25 },
      (_, i) => `t${i}:tagCreate(input:{name:"later ${i}"}){id}`,
    );
    await stash.send(`mutation{${many.join(' ')}}`);
    await sync();
    side.stash = await restarted(t, stash, old);
    await assertRefused(side, 'rewound');
    await resolve(side, '--accept');
    assert.deepEqual((await sync()).summary.held, { tag: 25 });
    const again = await sync();
    assert.deepEqual([again.summary.held, again.summary.run], [{ tag: 25 }, null]);
    assert.equal((await sync('--allow-deletions', '25')).exitCode, 0);
    assert.ok(!('later 1' in (await named(side, 'tags'))));
    await side.assertInStep();
    await side.assertQuiet();
  });

  test('--push: what the library has goes back into it', async (t) => {
    const side = await rewound(t);
    const { stash, before, library } = side;
    await library.stowage('sources', 'set', 'main', 'deletions=both');
    await resolve(side, '--push');
    await side.sync();
    const now = await named(side, 'tags');
    for (const [name, id] of Object.entries(before)) assert.equal(now[name], id, name);
    assert.ok(now.other && !Object.values(before).includes(now.other), 'a record of its own');
    assert.deepEqual(await tagsOfScene(side, 5), ['later']);
    assert.deepEqual(await titles(side), ['Later', 'Mine']);
    assert.deepEqual(
      await stash.rows('select title from scenes where id in (3, 4) order by title'),
      [['Later'], ['Mine']],
    );
    assert.equal(await stash.number('select count(*) from performers where id = 2'), 0);
    await side.assertInStep();
    await side.assertQuiet();
  });

  test('--push: what was kept otherwise than it was sent goes back, too', async (t) => {
    const side = await inStep(t, { writes: true });
    const old = backup(side.stash);
    await side.stash.send('mutation{tagCreate(input:{name:"later"}){id}}');
    // A server trims it.
    await side.library.stowage('edit', 'scene', 'main:3', 'title= Mole ');
    await side.sync();
    const title = 'select title from scenes where id = 3';
    assert.deepEqual(await side.stash.rows(title), [['Mole']]);
    side.stash = await restarted(t, side.stash, old);
    await assertRefused(side, 'rewound');
    await resolve(side, '--push');
    await side.sync();
    assert.deepEqual(await side.stash.rows(title), [['Mole']]);
    await side.assertQuiet();
  });

  test('--push: a filter that names what was lost is told as soon as that is there again', async (t) => {
    const filter = (tag: number) =>
      `{"tags":{"value":{"items":[{"id":"${tag}","label":"x"}]},"modifier":"INCLUDES"}}`;
    const side = await inStep(t, {
      writes: true,
      prepared: `insert into saved_filters (id, name, mode, find_filter, object_filter, ui_options)
        values (50, 'named', 'SCENES', '{}', '${filter(2)}', '{}');`,
    });
    const old = backup(side.stash);
    await side.stash.send('mutation{tagCreate(input:{name:"later"}){id}}');
    const later = await side.stash.number(`select id from tags where name = 'later'`);
    side.stash.simulator.sql(
      `update saved_filters set object_filter = '${filter(later)}' where id = 50`,
    );
    await side.sync();
    side.stash = await restarted(t, side.stash, old);
    await assertRefused(side, 'rewound');
    await resolve(side, '--push');
    const { exitCode, troubles } = await side.sync();
    assert.deepEqual([exitCode, troubles], [0, []]);
    const again = await side.stash.number(`select id from tags where name = 'later'`);
    const [[kept] = []] = await side.stash.rows(
      'select object_filter from saved_filters where id = 50',
    );
    assert.match(String(kept), new RegExp(`"id":"${again}"`));
    await side.assertInStep();
    await side.assertQuiet();
  });

  test('--as-new: it is a source of its own, and the library keeps what it has', async (t) => {
    const side = await rewound(t);
    const { library, before } = side;
    const scenesBefore = await scenes(side);
    await resolve(side, '--as-new', 'attic');
    const synced = await library.stowage('sync', '--name', 'attic');
    assert.equal(synced.exitCode, 0, synced.error?.message);
    const now = await named(side, 'tags');
    for (const [name, id] of Object.entries(before)) assert.equal(now[name], id, name);
    assert.deepEqual(await tagsOfScene(side, 5), ['later', 'other']);
    const again = await library.stowage('sync', '--name', 'attic');
    assert.deepEqual([again.summary.counts, again.summary.run], [[], null]);
    assert.deepEqual(await scenes(side), scenesBefore, 'none is there twice');
    // Nothing may be written to it yet.
    assert.deepEqual(await differencesFrom(side, 'attic'), ['scene 3, title', 'scene 4, title']);
  });
});

test('a Stash that was put back to before what was written to it is not taken for one that was edited', async (t) => {
  const side = await inStep(t, { writes: true });
  const { stash, library, sync } = side;
  const old = backup(stash);
  await library.stowage('edit', 'scene', 'main:5', 'title=Written once');
  await sync();
  side.stash = await restarted(t, stash, old);
  await assertRefused(side, 'rewound');
  await resolve(side, '--push');
  await side.sync();
  assert.deepEqual(await side.stash.rows('select title from scenes where id = 5'), [
    ['Written once'],
  ]);
  await side.assertInStep();
  await side.assertQuiet();
});

for (const via of ['tables', 'graphql']) {
  test(`a Stash from which much was deleted is what it was, read through ${via}`, async (t) => {
    const { stash, sync, query } = await inStep(t);
    const ids = Array.from({ length: 14 }, (_, i) => 3 + 2 * i);
    await stash.send(
      `mutation{${ids
        .map(
          (id) => `s${id}:sceneDestroy(input:{id:${id},delete_file:false,delete_generated:false})
          i${id}:imageDestroy(input:{id:${id},delete_file:false,delete_generated:false})`,
        )
        .join(' ')}}`,
    );
    const { exitCode, warnings } = await sync('--via', via);
    assert.equal(exitCode, 0, warnings.join());
    const [row] = await query<{ count: number }>(
      'SELECT count(*)::int AS count FROM stowage.links WHERE absent_since IS NOT NULL',
    );
    assert.ok((row?.count as number) >= 2 * ids.length, 'they are absent first');
  });
}

for (const via of ['tables', 'graphql']) {
  test(`a Stash that was cleaned while its disk was away is the same: all is kept, and comes back, through ${via}`, async (t) => {
    const side = await inStep(t, { writes: true });
    const { library, query } = side;
    const before = await whole(library);
    const saved = backup(side.stash);
    side.stash.simulator.sql(`
      delete from galleries where folder_id is not null or id in (select gallery_id from galleries_files);
      delete from scene_markers_tags; delete from scene_markers; delete from scenes; delete from images;
      update folders set zip_file_id = null; delete from files where zip_file_id is not null; delete from files;`);
    const says = async (...expected: [number, number]) => {
      const { exitCode, warnings } = await side.sync('--via', via);
      assert.equal(exitCode, expected[0], warnings.join());
      const told = warnings.filter((warning) =>
        /^Everything that has files is gone from main: 40 images, .*40 scenes.*A disk may be missing/.test(
          warning,
        ),
      );
      assert.equal(told.length, expected[1], warnings.join());
    };
    await says(0, 1);
    await assertSame(library, before);
    await query(
      `UPDATE stowage.links SET absent_since = now() - interval '9 days' WHERE absent_since IS NOT NULL`,
    );
    await says(3, 1); // held back, however few there are of a kind
    await assertSame(library, before);

    side.stash = await restarted(t, side.stash, saved);
    await says(0, 0);
    await assertSame(library, before);
    await side.sync(); // by the road that what follows takes
    await side.assertInStep();
    await side.assertQuiet();
  });

  test(`a Stash whose creation times were changed by SQL is the same, with new times, through ${via}`, async (t) => {
    const side = await inStep(t, { writes: true });
    const { library, query, stash } = side;
    await library.stowage('edit', 'scene', 'main:4', 'title=Mine');
    await side.sync();
    const records = () =>
      query('SELECT kind, remote_id, library_id FROM stowage.links ORDER BY kind, remote_id');
    const before = await records();
    stash.simulator.sql(`
      update scenes set created_at = '2001-02-03T04:05:06Z' where id > 2;
      update scenes set title = 'Edited, too' where id in (7, 9);
      update scenes set updated_at = created_at where id = 4;
      update images set created_at = '2001-02-03T04:05:06Z';
      update files set created_at = '2001-02-03T04:05:06Z';
      update tags set created_at = '2002-02-03T04:05:06Z' where id = 3;
      update performers set created_at = '2002-02-03T04:05:06Z';
      update scene_markers set created_at = '2002-02-03T04:05:06Z';`);
    const { exitCode, warnings } = await side.sync('--full', '--via', via);
    assert.equal(exitCode, 0);
    assert.match(
      warnings.join('\n'),
      /^In main, 1 tag, \d+ performers, 40 images, 38 scenes, .*have another creation time than before, and are otherwise unchanged/m,
    );
    assert.deepEqual(await records(), before, 'every record is the one that it was');
    const [times] = await query<{ count: number }>(
      `SELECT count(*)::int AS count FROM stowage.links WHERE facts ->> 'createdAt' LIKE '2001-02-03T%'`,
    );
    assert.ok((times?.count as number) >= 78, 'the new times are facts');
    await side.sync('--full'); // what the other road has read is as old as before
    await side.assertInStep();
    await side.assertQuiet();
  });
}

test('a Stash whose numbers were given to records that differ but in their file was put back', async (t) => {
  // Two scenes that nobody worked on, and that were made in the same second, have each other's file.
  const prepared = `update scenes set title = null, created_at = '2001-02-03T04:05:06Z' where id in (8, 11);
    delete from scene_stash_ids where scene_id in (8, 11);`;
  const side = await inStep(t, { writes: true, prepared });
  const { stash, library, query, idOf } = side;
  const [first, second] = [await idOf('scene', 8), await idOf('scene', 11)];
  const fileOf = (id: string) =>
    query('SELECT file_id FROM qar.cargo_files WHERE cargo_id = $1', [id]);
  const files = [await fileOf(first), await fileOf(second)];
  await query(`UPDATE stowage.sources SET standing = 'rewound' WHERE id = 1`);
  stash.simulator.sql(`create temp table swapped as select file_id, 19 - scene_id as scene from scenes_files where scene_id in (8, 11);
    delete from scenes_files where scene_id in (8, 11);
    insert into scenes_files (scene_id, file_id, "primary") select scene, file_id, 1 from swapped;`);
  assert.equal((await library.stowage('sync')).error?.code, 'source.changed');
  await resolve(side, '--accept');
  await side.sync();
  assert.deepEqual([await idOf('scene', 11), await idOf('scene', 8)], [first, second]);
  assert.deepEqual([await fileOf(first), await fileOf(second)], files);
  await side.assertInStep();
});

test('of a source that is what it was nothing is to be resolved', async (t) => {
  const { library } = await inStep(t);
  const { exitCode, error } = await library.stowage('sources', 'resolve', 'main', '--accept');
  assert.deepEqual([exitCode, error?.code], [2, 'usage']);
  assert.match(error?.remedy ?? '', /stowage sync/);
});

describe('a Stash with all its records under new numbers', () => {
  /** Many of them made in the same second. */
  const atOnce = ['tags', 'scenes', 'images', 'files', 'scene_markers']
    .map((table) => `update ${table} set created_at = '2020-01-01T00:00:00Z' where id % 3 > 0;`)
    .join('\n');

  async function renumbered(t: TestContext, options: { writes?: boolean } = {}): Promise<InStep> {
    const side = await inStep(t, { ...options, prepared: atOnce });
    await side.sync('--full');
    const file = backup(side.stash);
    renumber(file);
    side.stash = await restarted(t, side.stash, file);
    return side;
  }

  test('--accept: each is the one that it was, and nothing is deleted', async (t) => {
    const side = await renumbered(t);
    await assertRefused(side, 'renumbered');
    const before = await whole(side.library);
    await resolve(side, '--accept');
    const { summary } = await side.sync();
    assert.deepEqual(summary.counts, []);
    await assertSame(side.library, before);
    await side.assertInStep();
    await side.assertQuiet();
    assert.equal((await side.sync('--full')).summary.run, null);
    await assertSame(side.library, before);
  });

  test('--accept, cut off half way: the next sync goes on where it was, with nothing mixed up', async (t) => {
    const side = await renumbered(t);
    const before = await whole(side.library);
    await assert.rejects(() => side.sync(), { code: 'source.changed' });
    await resolve(side, '--accept');
    await side.query(
      `CREATE FUNCTION cut_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'cut off'; END $$`,
    );
    await side.query(`CREATE TRIGGER cut_off BEFORE UPDATE OF seen ON stowage.links FOR EACH ROW
      WHEN (new.kind = 7 AND new.remote_id = 12 AND new.seen <> '') EXECUTE FUNCTION cut_off()`);
    await assert.rejects(() => side.sync(), /cut off/);
    await side.query('DROP FUNCTION cut_off CASCADE');
    assert.deepEqual((await side.sync()).summary.counts, []);
    await assertSame(side.library, before);
    await side.assertInStep();
    await side.assertQuiet();
  });

  test('--accept: edits of both sides since then are merged', async (t) => {
    const side = await renumbered(t, { writes: true });
    const { stash, idOf, query } = side;
    const id = await idOf('scene', 4);
    await query(`UPDATE qar.cargo SET title = 'Mine', code = 'Mine' WHERE id = $1`, [id]);
    const there = 41 - 4;
    await stash.send(
      `mutation{sceneUpdate(input:{id:${there},title:"Theirs",details:"Theirs"}){id}}`,
    );
    await assert.rejects(() => side.sync(), { code: 'source.changed' });
    await resolve(side, '--accept');
    await side.sync();
    assert.equal(await idOf('scene', there), id);
    assert.deepEqual(
      await query('SELECT title, code, details FROM qar.cargo WHERE id = $1', [id]),
      [{ title: 'Theirs', code: 'Mine', details: 'Theirs' }],
    );
    await side.assertInStep();
    await side.assertQuiet();
  });

  test('--as-new: it is a source of its own, with the same records', async (t) => {
    const side = await renumbered(t);
    const { library } = side;
    const before = await whole(library);
    await assert.rejects(() => side.sync(), { code: 'source.changed' });
    await resolve(side, '--as-new', 'attic');
    const synced = await library.stowage('sync', '--name', 'attic');
    assert.equal(synced.exitCode, 0, synced.error?.message);
    await assertSame(library, before);
    assert.deepEqual(await differencesFrom(side, 'attic'), []);
    assert.equal((await library.stowage('sync', '--name', 'attic')).summary.run, null);
  });

  test('--push: edits of both sides since then end as the library has them', async (t) => {
    const side = await renumbered(t, { writes: true });
    const { stash, library, idOf, query } = side;
    const id = await idOf('scene', 4);
    await query(`UPDATE qar.cargo SET title = 'Mine' WHERE id = $1`, [id]);
    const there = 41 - 4;
    await stash.send(
      `mutation{sceneUpdate(input:{id:${there},title:"Theirs",details:"Theirs"}){id}}`,
    );
    const before = await whole(library);
    await assert.rejects(() => side.sync(), { code: 'source.changed' });
    await resolve(side, '--push');
    await side.sync();
    await assertSame(library, before);
    assert.equal(await idOf('scene', there), id);
    assert.equal(
      await stash.number(
        `select title = 'Mine' and ifnull(details, '') <> 'Theirs' from scenes where id = ${there}`,
      ),
      1,
    );
    await side.assertInStep();
    await side.assertQuiet();
  });
});

describe('a Stash that was emptied, and filled again but half', () => {
  /** As by an import that failed on most. */
  async function lose({ send, rows }: Stash): Promise<void> {
    const gone = [
      ['scene', 'select id from scenes where id > 6'],
      ['image', 'select id from images where id > 6'],
      ['gallery', 'select id from galleries where id > 2'],
      [
        'tag',
        'select id from tags where id > 4 and id not in (select primary_tag_id from scene_markers)',
      ],
      ['performer', 'select id from performers where id % 3 > 0'],
      ['studio', 'select id from studios where id % 2 > 0'],
    ] as const;
    for (const [kind, sql] of gone) {
      const all = (await rows(sql)).map(([id]) => id);
      const argument = kind === 'gallery' ? 'ids' : 'id';
      await send(
        `mutation{${all.map((id) => `d${id}:${kind}Destroy(input:{${argument}:${id}})`).join(' ')}}`,
      );
    }
  }
  /** Nearly all have the times that others had under their numbers. */
  const atOnce = ['tags', 'performers', 'scenes', 'images', 'galleries', 'scene_markers', 'files']
    .map((table) => `update ${table} set created_at = '2020-01-01T00:00:00Z';`)
    .join('\n');

  for (const way of ['--push', '--accept']) {
    test(`${way}: nothing is taken for another that had its number`, async (t) => {
      const side = await inStep(t, { writes: true, prepared: atOnce });
      const { query, stash } = side;
      const called = (table: string) =>
        query<{ id: string; name: string }>(
          `SELECT t.id, f.path AS name FROM qar.${table} t JOIN qar.${table}_files j ON j.${table}_id = t.id AND j.position = 0
             JOIN qar.files f ON f.id = j.file_id ORDER BY 1`,
        );
      const performers = () => query('SELECT id, name FROM qar.crew ORDER BY id');
      const byHand = () =>
        side.stash.number(
          'select count(distinct title) from galleries where folder_id is null and id not in (select gallery_id from galleries_files)',
        );
      const madeByHand = await byHand();
      const before = [await called('cargo'), await performers()];
      const file = backup(stash);
      renumber(file);
      side.stash = await restarted(t, stash, file);
      await lose(side.stash);
      await assertRefused(side, 'rewound');
      await resolve(side, way);
      await side.sync('--allow-deletions', '1000');
      assert.deepEqual([await called('cargo'), await performers()], before);
      assert.deepEqual(await query('SELECT * FROM stowage.folds'), []);
      if (way === '--push') assert.equal(await byHand(), madeByHand, 'what has files is not made');
      await side.assertQuiet();
    });
  }
});

describe('another address', () => {
  test('with the same Stash is followed, two that were swapped are not mixed up', async (t) => {
    const side = await inStep(t);
    const { library, query } = side;
    const other = await stashOf(t, 'v0.30', { seed: 8, scenes: 12, images: 12 });
    other.simulator.sql(anotherLife);
    const at = (stash: { simulator: { url: string } }) => ['--from', stash.simulator.url];
    assert.equal((await library.stowage('sync', ...at(other), '--name', 'attic')).exitCode, 0);
    const before = await whole(library);
    const addresses = async () =>
      (await query('SELECT address FROM stowage.sources ORDER BY id')).map(
        ({ address }) => address,
      );

    const [mine, theirs] = [backup(side.stash), backup(other)];
    const first = await restarted(t, side.stash, theirs);
    const second = await restarted(t, other, mine);
    for (const name of ['main', 'attic']) {
      assert.equal(
        (await library.stowage('sync', '--name', name)).error?.code,
        'source.changed',
        name,
      );
    }
    await assertSame(library, before);
    for (const [name, stash] of [
      ['main', second],
      ['attic', first],
    ] as const) {
      const { exitCode, summary, error } = await library.stowage(
        'sync',
        '--name',
        name,
        ...at(stash),
      );
      assert.deepEqual([exitCode, summary.counts], [0, []], `${name} ${error?.message}`);
    }
    await assertSame(library, before);
    assert.deepEqual(await addresses(), [second.simulator.url, first.simulator.url]);
    for (const name of ['main', 'attic']) {
      assert.equal((await library.stowage('sync', '--name', name)).summary.run, null);
      assert.equal((await library.stowage('verify', '--name', name)).summary.differences, 0);
    }
  });

  test('with another Stash behind it is refused; it can be a source of its own', async (t) => {
    const side = await inStep(t);
    const { library, query } = side;
    const other = await stashOf(t, 'v0.30', { seed: 8, scenes: 12, images: 12 });
    other.simulator.sql(anotherLife);
    side.stash = await restarted(t, side.stash, backup(other));
    await assertRefused(side, 'ok');
    const scenes = async () =>
      (await query('SELECT id, title FROM qar.cargo WHERE deleted_at IS NULL ORDER BY id')) as {
        id: string;
        title: string;
      }[];
    const before = await scenes();
    await resolve(side, '--as-new', 'attic');
    assert.equal((await library.stowage('sync', '--name', 'attic')).exitCode, 0);
    const after = new Map((await scenes()).map(({ id, title }) => [id, title]));
    assert.equal(after.size, 40 + 12);
    for (const { id, title } of before) assert.equal(after.get(id), title);
    assert.equal((await library.stowage('verify', '--name', 'attic')).summary.differences, 0);
    assert.equal((await library.stowage('sync', '--name', 'attic')).summary.run, null);
  });
});

describe('another Stash, or a backup, at another address than the source’s', () => {
  for (const what of ['another', 'a backup'] as const) {
    test(`is refused, and a source of its own is offered first: ${what}`, async (t) => {
      const side = await inStep(t);
      const { library, query } = side;
      const other = await stashOf(t, 'v0.30', { seed: 8, scenes: 12, images: 12 });
      other.simulator.sql(anotherLife);
      const old = backup(side.stash);
      await side.stash.send('mutation{tagCreate(input:{name:"later"}){id}}');
      await side.sync();
      const there = what === 'another' ? other : await restarted(t, await stashOf(t, 'v0.30'), old);
      const state = () => query('SELECT name, address, standing FROM stowage.sources');
      const before = await state();
      for (const command of [['sync'], ['sync', '--dry-run'], ['migrate']]) {
        const { error } = await library.stowage(...command, '--from', there.simulator.url);
        assert.equal(error?.code, 'source.changed', command.join(' '));
        assert.match(
          String(error?.remedy),
          new RegExp(`^If it is a second Stash, .*--name second --from ${there.simulator.url}`),
        );
        assert.deepEqual(await state(), before, command.join(' '));
      }
      const { summary, error } = await library.stowage('sync');
      assert.deepEqual([summary.counts, error?.message], [[], undefined]);
    });
  }
});

test('the same Stash under a second name is refused; at another address it is noticed', async (t) => {
  const side = await inStep(t);
  const { library, query } = side;
  const { port } = new URL(side.stash.simulator.url);
  for (const address of [side.stash.simulator.url, `http://localhost:${port}/`]) {
    for (const command of [['sync'], ['sync', '--dry-run'], ['migrate']]) {
      const again = await library.stowage(...command, '--from', address, '--name', 'second');
      assert.equal(again.error?.message, 'The Stash at that address is main already.');
      assert.match(String(again.error?.remedy), /--name main.*resolve main --as-new second/);
    }
  }
  assert.deepEqual(await query('SELECT name FROM stowage.sources'), [{ name: 'main' }]);

  const copy = await stashOf(t, 'v0.30');
  const told = await library.stowage('sync', '--from', copy.simulator.url, '--name', 'second');
  assert.match(
    told.warnings.join('\n'),
    /^second has the records of main, under the same numbers .*sources remove second`\.$/m,
  );
  const later = await library.stowage('sync', '--name', 'second');
  assert.deepEqual(later.warnings, [], 'that is said once');
  const other = await stashOf(t, 'v0.30', { seed: 8, scenes: 12, images: 12 });
  other.simulator.sql(anotherLife);
  const third = await library.stowage('sync', '--from', other.simulator.url, '--name', 'third');
  assert.doesNotMatch(third.warnings.join('\n'), /under a second name/);
});

/** A server that came to be at other times than the first one, and has other files. */
const anotherLife = [
  ...['tags', 'performers', 'studios', 'groups', 'scenes', 'images', 'galleries', 'files'],
  ...['scene_markers', 'galleries_chapters'],
]
  .map((table) => `update ${table} set created_at = '2015' || substr(created_at, 5);`)
  .join('\n')
  .concat(`update tags set name = 'B ' || name; update performers set name = 'B ' || name;`)
  .concat(`update studios set name = 'B ' || name; update groups set name = 'B ' || name;`)
  .concat(`update saved_filters set name = 'B ' || name;`)
  .concat(`update folders set path = '/other' || path;`)
  .concat(`update files_fingerprints set fingerprint = 'f' || fingerprint where type <> 'phash';`)
  .concat(
    'delete from scene_stash_ids; delete from performer_stash_ids; delete from tag_stash_ids; delete from studio_stash_ids;',
  );
