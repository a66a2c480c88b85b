import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ServerVersion } from '../src/contract/schema.ts';
import { generate } from '../src/simulator/generate.ts';
import { type Simulator, startSimulator } from '../src/simulator/simulator.ts';
import { ownLibrary } from './support/commands.ts';
import { temporaryFolder } from './support/pictures.ts';

/** A library in which a server refuses to tell one record of each sort, and one field of each sort. */
const damaged = `pragma foreign_keys = off;
  update tags set created_at = '0001-01-01T00:00:00Z' where id <= 5;
  update scene_markers set created_at = '0001-01-01T00:00:00Z' where id = 1;
  drop index unique_index_scenes_files_on_primary;
  insert into scenes_files select 4, file_id, 1 from scenes_files where scene_id = 6 and "primary" = 1;
  drop index unique_index_images_files_on_primary;
  insert into images_files select 3, file_id, 1 from images_files where image_id = 6 and "primary" = 1;
  delete from video_files where file_id = (select file_id from scenes_files where scene_id = 8 and "primary" = 1);
  update performers set rating = 'abc' where id = 2`;

async function brought(t: TestContext, version: ServerVersion) {
  const folder = await temporaryFolder(t);
  const database = path.join(folder, 'stash.sqlite');
  generate(database, { scenes: 40, images: 20, version });
  const simulator = await startSimulator({ database, version });
  t.after(() => simulator.close());
  simulator.sql(damaged);
  const library = await ownLibrary(t);
  const from = ['--from', simulator.url];
  await library.stowage('migrate', ...from);
  return { simulator, library, from };
}

const refuseTables = (simulator: Simulator) =>
  simulator.faults.add({ kind: 'status', status: 403, on: /querySQL|backupDatabase/ });

/** The records that were named, and the fields, with `null` for a whole record. */
const named = (troubles: { kind?: string; id?: unknown; field?: unknown }[]) =>
  new Set(troubles.map(({ kind, id, field }) => `${kind} ${id} ${field}`));

for (const version of ['v0.25', 'v0.30'] as const) {
  test(`verify proves through the tables what a ${version} refuses to tell`, async (t) => {
    const { simulator, library, from } = await brought(t, version);
    const proof = await library.stowage('verify', ...from, '--via', 'graphql');
    assert.equal(proof.summary.differences, 0);
    const told = named(proof.troubles as never);
    for (const one of [
      'tag 1 createdAt',
      'tag 5 createdAt',
      'marker 1 createdAt',
      'scene 4 null',
      'image 3 null',
      'scene 8 files',
      'performer 2 null',
    ]) {
      assert.ok(told.has(one), one);
    }
    assert.equal(proof.exitCode, 0);

    // What differs is found there, too.
    simulator.sql("update scenes set title = 'Another' where id = 4");
    const again = await library.stowage('verify', ...from, '--via', 'graphql');
    assert.equal(again.exitCode, 3);
    assert.equal(again.summary.differences, 1);
  });

  test(`where a ${version} refuses its tables, too, what it does not tell is not taken for gone`, async (t) => {
    const { simulator, library, from } = await brought(t, version);
    refuseTables(simulator);
    const proof = await library.stowage('verify', ...from, '--via', 'graphql');
    assert.equal(proof.exitCode, 3);
    assert.equal(proof.summary.differences, 0);
    assert.ok(named(proof.troubles as never).has('scene 4 null'));

    simulator.sql(`delete from tags where id = 20; update tags set name = 'Renamed' where id = 2`);
    const synced = await library.stowage('sync', '--via', 'graphql', '--full');
    const counts = synced.summary.counts as { kind: string; action: string; count: number }[];
    const deleted = counts.filter(({ action }) => action === 'delete');
    assert.deepEqual(
      deleted.map(({ kind, count }) => [kind, count]),
      [['tag', 1]],
    );
    assert.ok(counts.some(({ kind, action }) => kind === 'tag' && action === 'update'));
    const after = await library.stowage('verify', ...from, '--via', 'graphql');
    assert.equal(after.summary.differences, 0);
    simulator.faults.clear();
    const whole = await library.stowage('verify', ...from, '--via', 'tables');
    assert.equal(whole.summary.differences, 0);
  });
}

test('a library is brought from a server that refuses part of it, but for that', async (t) => {
  const folder = await temporaryFolder(t);
  const database = path.join(folder, 'stash.sqlite');
  generate(database, { scenes: 40, images: 20, version: 'v0.30' });
  const simulator = await startSimulator({ database });
  t.after(() => simulator.close());
  simulator.sql(damaged);
  const library = await ownLibrary(t);
  const from = ['--from', simulator.url];
  const { exitCode, summary, troubles } = await library.stowage(
    'migrate',
    ...from,
    '--via',
    'graphql',
  );
  assert.equal(exitCode, 3);
  const counts = summary.counts as { [kind: string]: number };
  const [{ n }] = simulator.rows('select count(*) n from tags') as [{ n: number }];
  assert.equal(counts.scene, 39);
  assert.equal(counts.tag, n);
  assert.ok(named(troubles as never).has('scene 4 null'));
});
