import assert from 'node:assert/strict';
import { test } from 'node:test';
import './support/database.ts';
import { type InStep, inStep, type Stash, stashOf } from './support/inStep.ts';

/** States that a server holds, and that another one refuses to be told. */
const clashes = `
  update tags set name = 'tag ' || char(64 + id) where id < 4;
  update studios set name = 'studio ' || char(64 + id) where id < 3;
  update performers set name = 'performer A' where id = 1;
  delete from tag_aliases where tag_id < 4; delete from studio_aliases where studio_id < 3;
  insert into tag_aliases select 1, name from tags where id = 2;
  insert into tag_aliases values (1, 'okay'), (2, 'same'), (3, 'Same');
  insert into studio_aliases select 1, upper(name) from studios where id = 2;
  insert into studio_aliases values (1, 'fine');
  delete from performer_aliases where performer_id = 1;
  insert into performer_aliases select 1, upper(name) from performers where id = 1;
  insert into performer_aliases values (1, 'Kim'), (1, 'kim'), (1, 'Good');
  delete from performer_custom_fields where performer_id = 1;
  insert into performer_custom_fields values (1, 'n', 5), (1, 'f', 2.5), (1, 'big', 9007199254740993), (1, '', 1),
    (1, 'Mood', 'x'), (1, 'mood', 'y');
  update scene_markers set end_seconds = seconds - 1 where id = 2;`;

/** As a server is that has scanned nothing yet. */
const nothing = `
  delete from scene_markers_tags; delete from scene_markers; delete from scenes; delete from images;
  delete from galleries; update folders set zip_file_id = null;
  delete from files where zip_file_id is not null; delete from files; delete from saved_filters;
  delete from performers; delete from groups; delete from studios; delete from tags;`;

/** A second server that has none of the first one's records, and is brought all of them. */
async function secondOf(t: Parameters<typeof stashOf>[0], side: InStep, more = '') {
  const { library } = side;
  const attic = await stashOf(t, 'v0.30', { seed: 8, scenes: 12, images: 12 });
  attic.simulator.sql(nothing + more);
  const at = ['--from', attic.simulator.url, '--name', 'attic'];
  assert.equal((await library.stowage('sync', ...at)).error, undefined);
  await library.query(`UPDATE stowage.sources SET writes = true WHERE name = 'attic'`);
  const sync = (...words: string[]) => library.stowage('sync', ...at, ...words);
  return { attic, sync, at };
}

const first = async (stash: Stash, sql: string) => (await stash.rows(sql)).map(([one]) => one);

test('of a record that another server does not take wholly, only the smallest part stays behind', async (t) => {
  const side = await inStep(t, { prepared: clashes });
  const { library, stash } = side;
  const { attic, sync, at } = await secondOf(t, side);
  const names = await first(stash, 'select name from tags where id in (1, 2, 3) order by id');
  const [performer] = await first(stash, 'select name from performers where id = 1');
  const [[studio, other]] = [
    await first(stash, 'select name from studios where id in (1, 2) order by id'),
  ];

  const brought = await sync('--create-all');
  assert.equal(brought.exitCode, 3);
  const left = brought.troubles.flatMap(({ kind, field, why }) =>
    field === null ? [] : [`${kind}.${field} ${why.split(' stays here')[0]}`],
  );
  const clash = [`tag.aliases "${names[1]}"`, 'tag.aliases "Same"'];
  const expected = [
    ...clash,
    `studio.aliases "${String(other).toUpperCase()}"`,
    `performer.aliases "${String(performer).toUpperCase()}"`,
    'performer.aliases "kim"',
    'performer.customFields ""',
  ];
  assert.deepEqual(left.toSorted(), expected.toSorted());
  // Every record is there, with all else.
  const aliases = (kind: string, name: unknown) =>
    attic.rows(
      `select alias from ${kind}_aliases join ${kind}s on id = ${kind}_id where name = '${name}' order by alias`,
    );
  assert.deepEqual(await aliases('tag', names[0]), [['okay']]);
  assert.deepEqual(await aliases('tag', names[1]), [['same']]);
  assert.deepEqual(await aliases('studio', studio), [['fine']]);
  assert.deepEqual(await aliases('performer', performer), [['Good'], ['Kim']]);
  const kept = `select field from performer_custom_fields join performers on id = performer_id where name = '${performer}' order by 1`;
  assert.deepEqual(await first(attic, kept), ['Mood', 'big', 'f', 'mood', 'n']);

  // It is told by element, and quiet.
  const again = await sync('--create-all');
  assert.deepEqual([again.summary.run, again.troubles], [null, []]);
  assert.match(
    again.lines.join('\n'),
    /^Nothing to do.*\n(.*\n)*6 parts of records stay here, as attic does not take them/m,
  );
  const status = (await library.stowage('status')).lines.join('\n');
  assert.match(status, /6 parts of records that attic does not take/);
  assert.match(
    status,
    new RegExp(`tag ${names[2]}, aliases "Same": name 'Same' is used as alias for '${names[1]}'`),
  );
  const verified = await library.stowage('verify', ...at, '--via', 'tables');
  assert.deepEqual([verified.summary.differences, verified.summary.leftOut], [0, 6]);
  assert.match(verified.lines.join('\n'), /Not there, as this Stash does not take them: 6 parts/);

  // Once the reason is gone, on either side, it is sent again.
  const [id] = await first(attic, `select id from tags where name = '${names[1]}'`);
  await attic.send(`mutation{tagUpdate(input:{id:${id},aliases:[]}){id}}`);
  await library.stowage('edit', 'tag', 'main:2', 'name=Another name');
  await sync();
  await sync();
  assert.deepEqual(await aliases('tag', names[0]), [['okay'], [names[1]]].toSorted());
  assert.deepEqual(await aliases('tag', names[2]), [['Same']]);
  const then = await library.stowage('verify', ...at, '--via', 'tables');
  assert.deepEqual([then.summary.differences, then.summary.leftOut], [0, 4]);
  assert.equal((await sync()).summary.run, null);

  // An edit is sent, with what may be taken by now.
  const edited = await library.stowage(
    ...['edit', 'performer', 'main:1', 'customFields.fresh=yes', 'aliases-=kim'],
  );
  assert.equal(edited.error, undefined);
  await sync();
  assert.deepEqual(await first(attic, kept), ['Mood', 'big', 'f', 'fresh', 'mood', 'n']);
  assert.equal((await sync()).summary.run, null);
  const last = await library.stowage('verify', ...at, '--via', 'tables');
  assert.deepEqual([last.summary.differences, last.summary.leftOut], [0, 3]);
});

test('a record whose name another server has for an alias is made as soon as it has it no more', async (t) => {
  const side = await inStep(t, { prepared: `update tags set name = 'B Lind' where id = 1` });
  const { library } = side;
  const { attic, sync } = await secondOf(
    t,
    side,
    `insert into tags (id, name, created_at, updated_at) values (900, 'holder', '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z');
     insert into tag_aliases values (900, 'b lind');`,
  );
  // Where it was asked whether they are one: they are not.
  await library.query(`UPDATE stowage.matches SET answer = 'rejected', answered_at = now()`);
  const there = () => first(attic, `select name from tags where name = 'B Lind'`);
  assert.equal((await sync('--create-all')).exitCode, 3);
  assert.deepEqual(await there(), []);
  assert.equal((await sync('--create-all')).summary.run, null, 'quiet');
  assert.match(
    (await library.stowage('status')).lines.join('\n'),
    /B Lind: .*used as alias for 'holder'/,
  );
  await attic.send('mutation{tagUpdate(input:{id:900,aliases:[]}){id}}');
  await sync('--create-all');
  assert.deepEqual(await there(), ['B Lind']);
  assert.equal((await sync('--create-all')).summary.run, null);
});
