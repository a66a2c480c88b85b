import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import { generate, type LibraryPlan } from '../src/simulator/generate.ts';
import { startSimulator } from '../src/simulator/simulator.ts';
import { changed, ownLibrary } from './support/commands.ts';
import { temporaryFolder } from './support/pictures.ts';
import './support/database.ts';

async function madeUp(t: TestContext, plan: Partial<LibraryPlan> = {}): Promise<string> {
  const database = path.join(await temporaryFolder(t), 'stash.sqlite');
  generate(database, { scenes: 60, images: 60, pictures: 'few', ...plan });
  return database;
}

describe('migrating what is as it was', () => {
  for (const [first, then] of [
    ['snapshot', ['auto', 'graphql']],
    ['tables', ['tables', 'snapshot']],
    ['graphql', ['graphql']],
  ] as const) {
    test(`once more changes nothing: first through ${first}, then ${then.join(' and ')}`, async (t) => {
      const simulator = await startSimulator({ database: await madeUp(t) });
      t.after(() => simulator.close());
      const library = await ownLibrary(t);
      const migrate = (via: string) =>
        library.stowage('migrate', '--from', simulator.url, '--via', via);
      const { exitCode, troubles } = await migrate(first);
      assert.deepEqual([exitCode, troubles], [0, []]);
      const before = await library.contents();
      for (const via of then) {
        const again = await migrate(via);
        assert.equal(again.error, undefined);
        assert.equal(again.exitCode, 0);
        assert.deepEqual(changed(before, await library.contents()), []);
      }
    });
  }

  test('tells again what could not be brought', async (t) => {
    const database = await madeUp(t, { hostile: true });
    const library = await ownLibrary(t);
    const first = await library.stowage('migrate', '--from', database);
    assert.equal(first.exitCode, 3);
    assert.ok(first.troubles.length > 0);
    const before = await library.contents();
    const again = await library.stowage('migrate', '--from', database);
    assert.equal(again.error, undefined);
    assert.equal(again.exitCode, 3);
    assert.deepEqual(again.troubles, first.troubles);
    assert.deepEqual(changed(before, await library.contents()), []);
  });
});

test('what changed since is brought by migrating again', async (t) => {
  const database = await madeUp(t);
  const library = await ownLibrary(t);
  assert.equal((await library.stowage('migrate', '--from', database)).exitCode, 0);
  const changes = {
    'tag 2, description': `update tags set description = 'changed' where id = 2`,
    'tag 4, parents': `delete from tags_relations where child_id = 4`,
    'studio 1, rating': `update studios set rating = 7 where id = 1`,
    'performer 1, aliases': `delete from performer_aliases where performer_id = 1`,
    'group 1, subGroups': `update groups_relations set order_index = 1 - order_index where containing_id = 1`,
    'image 5, oCounter': `update images set o_counter = o_counter + 1 where id = 5`,
    'gallery 1, cover': `update galleries_images set cover = 0 where gallery_id = 1`,
    'scene 7, plays': `insert into scenes_view_dates select * from scenes_view_dates where scene_id = 7 limit 1`,
    'marker 1': `delete from scene_markers where id = 1`,
    'chapter 1, title': `update galleries_chapters set title = 'changed' where id = 1`,
    'file 1, path': `update files set basename = 'moved.mp4' where id = 1`,
    'savedFilter 1, objectFilter': `update saved_filters set object_filter = null where id = 1`,
    'tag 1000': `insert into tags (id, name, created_at, updated_at) select 1000, name || 'x', created_at, updated_at from tags where id = 2`,
  };
  const copy = path.join(path.dirname(database), 'changed.sqlite');
  await copyFile(database, copy);
  using stash = new DatabaseSync(copy, { enableForeignKeyConstraints: false });
  for (const sql of Object.values(changes)) assert.ok(stash.prepare(sql).run().changes, sql);
  const again = await library.stowage('migrate', '--from', copy);
  assert.equal(again.error, undefined);
  assert.equal(again.exitCode, 0);
  const { troubles, summary } = await library.stowage('verify', '--from', copy);
  assert.deepEqual(troubles, []);
  assert.equal(summary.differences, 0);
});
