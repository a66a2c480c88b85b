import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Fault } from '../src/simulator/faults.ts';
import { ownLibrary } from './support/commands.ts';
import { meeting, type Road, type StashOnDisk, stashOnDisk } from './support/faulty.ts';
import { wholeLibrary } from './support/wholeLibrary.ts';

let stored: StashOnDisk;
before(async () => {
  stored = await stashOnDisk();
});
after(() => stored.remove());

/** What people do in Stash while it is read: rows of many kinds come, change and go. */
const then = `'2024-01-01T00:00:00Z'`;
const edits = `
  insert into tags (id, name, created_at, updated_at) values (9001, 'meanwhile', ${then}, ${then});
  insert into scenes (id, title, organized, created_at, updated_at) values (9001, 'came', 0, ${then}, ${then});
  insert into scenes_tags (scene_id, tag_id) values (9001, 9001), (1, 9001);
  update scenes set title = 'changed' where id in (2, 59);
  delete from scene_markers where scene_id in (3, 58);
  delete from scenes where id in (3, 58);
  delete from performers where id = 2;
  delete from tags where id = 20;
  delete from images where id in (1, 60);
`;
const touched: { [kind: string]: number[] } = {
  tag: [20, 9001],
  scene: [1, 2, 3, 58, 59, 9001],
  performer: [2],
  image: [1, 60],
};

/** They do it when some of it was read, and some was not. */
const meanwhile: { [V in Road]: Fault } = {
  snapshot: { kind: 'edit', sql: edits, on: 'download', times: 1 },
  tables: { kind: 'edit', sql: edits, on: 'querySQL', nth: 30, times: 1 },
  graphql: { kind: 'edit', sql: edits, on: 'Scenes', times: 1 },
};

test('by snapshot, what changes once the copy is made makes no difference', async (t) => {
  const stash = await stored.serve(t);
  const words = ['migrate', '--from', stash.url, '--via', 'snapshot', '--pictures', 'none'];
  const before = await ownLibrary(t);
  assert.equal((await before.stowage(...words)).exitCode, 0);
  const library = await ownLibrary(t);
  const migrated = await meeting(stash, [meanwhile.snapshot], () => library.stowage(...words));
  assert.equal(migrated.exitCode, 0);
  assert.deepEqual(await wholeLibrary(library), await wholeLibrary(before));
});

test('by snapshot, pictures of what was removed meanwhile are reported, and the rest is there', async (t) => {
  const stash = await stored.serve(t);
  const library = await ownLibrary(t);
  const { exitCode, troubles } = await meeting(stash, [meanwhile.snapshot], () =>
    library.stowage('migrate', '--from', stash.url, '--via', 'snapshot'),
  );
  assert.equal(exitCode, 3);
  for (const { kind, id } of troubles) assert.ok(touched[kind]?.includes(id), `${kind} ${id}`);
});

test('by tables, what changes meanwhile is read again', async (t) => {
  const stash = await stored.serve(t);
  const library = await ownLibrary(t);
  const migrated = await meeting(stash, [meanwhile.tables], () =>
    library.stowage('migrate', '--from', stash.url, '--via', 'tables'),
  );
  assert.equal(migrated.exitCode, 0);
  const verified = await library.stowage('verify', '--from', stash.url, '--via', 'snapshot');
  assert.deepEqual([verified.exitCode, verified.summary.differences], [0, 0]);
});

test('by GraphQL, what changes meanwhile is all that differs, and what it tears apart is reported', async (t) => {
  const stash = await stored.serve(t);
  const library = await ownLibrary(t);
  const words = ['--from', stash.url, '--via', 'graphql'];
  const migrated = await meeting(stash, [meanwhile.graphql], () =>
    library.stowage('migrate', ...words, '--pictures', 'none'),
  );
  assert.equal(migrated.exitCode, 3);
  // Tags were read when nobody had the new one yet.
  const torn = (id: number) => ({ kind: 'scene', id, field: 'tags' });
  assert.partialDeepStrictEqual(migrated.troubles, [torn(1), torn(9001)]);
  const verified = await library.stowage('verify', ...words);
  assert.equal(verified.exitCode, 3);
  const all = Object.values(touched).flat();
  for (const trouble of verified.troubles) {
    const { kind, id, field } = trouble;
    if (touched[kind]?.includes(id)) continue;
    const { source, library } = trouble as unknown as { [side: string]: number[] };
    const onOneSide = new Set(source).symmetricDifference(new Set(library));
    assert.ok(onOneSide.isSubsetOf(new Set(all)), `${kind} ${id} ${field}: ${[...onOneSide]}`);
  }
});
