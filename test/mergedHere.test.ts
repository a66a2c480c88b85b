import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Ended } from './support/commands.ts';
import './support/database.ts';
import { type InStep, inStep, type Stash, stashOf } from './support/inStep.ts';

/** Two tags of one scene each. */
const twoTags = `
  insert into tags (id, name, description, created_at, updated_at) values
    (901, 'Shore', '', '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z'),
    (902, 'Coast', 'Where land ends', '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z');
  insert into scenes_tags (scene_id, tag_id) values (3, 901), (4, 902);`;

/** A library in which the tag Coast became part of Shore, before it got to know of a second Stash. */
async function withMerged(t: TestContext): Promise<InStep> {
  const side = await inStep(t, { writes: true, prepared: twoTags });
  const merged = await side.library.stowage('merge', 'tag', 'Shore', 'Coast');
  assert.equal(merged.exitCode, 0, merged.error?.message);
  await side.sync();
  assert.equal(await side.stash.number(`select count(*) from tags where id in (901, 902)`), 1);
  return side;
}

/** A second Stash with other files, and these tags. */
async function second(t: TestContext, { library }: InStep, prepared: string) {
  const stash: Stash = await stashOf(t, 'v0.30', { seed: 2 });
  stash.simulator.sql(prepared);
  const from = ['--from', stash.simulator.url, '--name', 'second'];
  const sync = async (...words: string[]): Promise<Ended> => {
    const ended = await library.stowage('sync', ...from, ...words);
    if (ended.error) throw ended.error;
    return ended;
  };
  const migrated = await library.stowage('migrate', ...from);
  assert.equal(migrated.exitCode, 0, migrated.error?.message);
  return { stash, from, sync, migrated };
}

const tags = ({ query }: InStep, where: string) =>
  query<{ name: string; description: string; aliases: string[] }>(
    `SELECT name, description, aliases FROM qar.tags WHERE deleted_at IS NULL AND ${where}`,
  );

describe('what became one here, and comes as two from a second Stash', () => {
  test('is that one: with what only the second has of it', async (t) => {
    const side = await withMerged(t);
    const told = `update tags set description = 'Where the sea ends' where id = 902;`;
    const { stash, from, sync } = await second(t, side, twoTags + told);
    assert.deepEqual(await tags(side, `name IN ('Shore', 'Coast')`), [
      { name: 'Shore', description: 'Where land ends', aliases: ['Coast'] },
    ]);
    const [named] = await side.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM qar.cargo_tags ct JOIN qar.tags t ON t.id = ct.tag_id WHERE t.name = 'Shore'`,
    );
    assert.equal(named?.count, 4, 'two scenes of each Stash');

    const { stowage } = side.library;
    const shown = await stowage('verify', ...from, '--via', 'tables');
    assert.deepEqual(shown.summary.parts, { tag: 1 });
    // What the two Stashes have of the same things otherwise waits to be written.
    const about = shown.troubles.map(({ kind, id, field }) => `${kind} ${id} ${field}`);
    assert.ok(!about.includes('scene 4 tags') && !about.includes('tag 902 null'), String(about));
    assert.equal((await stowage('sources', 'set', 'second', 'writes=on')).exitCode, 0);
    await sync();
    assert.deepEqual(await stash.rows(`select name from tags where id in (901, 902)`), [['Shore']]);
    assert.deepEqual(
      await stash.rows(`select scene_id from scenes_tags where tag_id = 901 order by 1`),
      [[3], [4]],
    );
    await sync();
    const verified = await stowage('verify', ...from, '--via', 'tables');
    const ofTags = verified.troubles.filter(({ kind }) => kind === 'tag' || kind === 'scene');
    assert.deepEqual([ofTags, verified.summary.parts], [[], {}]);
    assert.deepEqual((await sync()).summary.counts, []);
  });

  test('and is made that one in a Stash that comes by it again', async (t) => {
    const side = await withMerged(t);
    const { send, number } = side.stash;
    // The name is free there, where the other lost the alias.
    await send('mutation{tagUpdate(input:{id:901,aliases:[]}){id}}');
    await send('mutation{tagCreate(input:{name:"Coast"}){id}}');
    await side.sync();
    assert.equal((await tags(side, `name IN ('Shore', 'Coast')`)).length, 1);
    assert.equal(await number(`select count(*) from tags where name in ('Shore', 'Coast')`), 1);
    await side.assertInStep();
    await side.assertQuiet();
  });

  test('also where that Stash has only the one that is gone', async (t) => {
    const side = await withMerged(t);
    const only = `${twoTags} delete from scenes_tags where tag_id = 901; delete from tags where id = 901;`;
    const { sync } = await second(t, side, only);
    assert.equal((await tags(side, `name IN ('Shore', 'Coast')`)).length, 1);
    await sync();
    assert.deepEqual((await sync()).summary.counts, []);
  });
});

describe('performers that are made one here', () => {
  const prepared = `
    insert into performers (id, name, created_at, updated_at) values
      (901, 'Kim', '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z'),
      (902, 'Kimmy', '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z');
    insert into performers_scenes (scene_id, performer_id) values (3, 901), (4, 902);`;
  const merged = async (side: InStep) => {
    const { exitCode, error } = await side.library.stowage('merge', 'performer', 'Kim', 'Kimmy');
    assert.equal(exitCode, 0, error?.message);
    await side.sync();
  };
  const named = ({ stash }: InStep) =>
    stash.rows(
      'select scene_id, performer_id from performers_scenes where performer_id > 900 order by 1',
    );

  test('are one in a Stash that can be told so', async (t) => {
    const side = await inStep(t, { version: 'newer', writes: true, prepared });
    await merged(side);
    assert.deepEqual(await named(side), [
      [3, 901],
      [4, 901],
    ]);
    assert.equal(await side.stash.number('select count(*) from performers where id = 902'), 0);
    await side.assertInStep();
    await side.assertQuiet();
  });

  test('stay two in one that cannot, and are known to be one', async (t) => {
    const side = await inStep(t, { version: 'v0.30', writes: true, prepared });
    await merged(side);
    assert.deepEqual(await named(side), [
      [3, 901],
      [4, 902],
    ]);
    const { summary, lines } = await side.library.stowage('verify', '--via', 'tables');
    assert.deepEqual([summary.differences, summary.parts], [0, { performer: 1 }]);
    assert.match(
      lines.join('\n'),
      /Part of another record here, and still beside it in main: 1 performer\./,
    );
    await side.assertQuiet();
  });
});

test('studios that are made one here stay two in a Stash, and nothing is asked about that', async (t) => {
  const side = await inStep(t, {
    writes: true,
    prepared: `insert into studio_aliases (studio_id, alias) values (2, 'The second')`,
  });
  const { library, stash, sync, idOf } = side;
  const { exitCode, error } = await library.stowage('merge', 'studio', 'main:1', 'main:2');
  assert.equal(exitCode, 0, error?.message);
  const synced = await sync();
  assert.deepEqual([synced.exitCode, synced.summary.conflicts], [0, 0]);
  assert.equal(await stash.number('select count(*) from studios where id in (1, 2)'), 2);
  await side.assertQuiet();
  const verified = await library.stowage('verify', '--via', 'tables');
  assert.deepEqual([verified.exitCode, verified.summary.kept], [0, { 'studio.aliases': 1 }]);
  // Another alias goes there as ever.
  await library.stowage('edit', 'studio', await idOf('studio', 1), 'aliases+=Another');
  await sync();
  assert.equal(
    await stash.number(
      `select count(*) from studio_aliases where studio_id = 1 and alias = 'Another'`,
    ),
    1,
  );
  await side.assertQuiet();
});
