import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serverVersions } from '../src/contract/schema.ts';
import type { Kind } from '../src/model/kinds.ts';
import type { Trouble } from '../src/simulator/faults.ts';
import { mutationsSent } from '../src/stash/write/mutations.ts';
import { writeEveryField } from './support/everyField.ts';
import { type InStep, inStep } from './support/inStep.ts';
import { temporaryFolder } from './support/pictures.ts';
import { shortenWaits } from './support/waits.ts';
import { mutationsIn, writing } from './support/writing.ts';

shortenWaits();

const written = mutationsSent.filter((name) => !['backupDatabase', 'querySQL'].includes(name));

/** How an answer gets lost, although what was asked is done. */
const losses: [how: string, Trouble][] = [
  ['the connection is reset before it', { kind: 'reset', after: 0 }],
  ['it breaks off in the middle', { kind: 'truncate', after: 12 }],
  ['a gateway has waited long enough', { kind: 'lost', status: 504 }],
];

describe('the first answer to every mutation is lost:', () => {
  const met = new Set<string>();
  for (const [i, version] of serverVersions.entries()) {
    const [how, loss] = losses[i % losses.length] as (typeof losses)[0];
    test(`${how} (${version}): each is done once, and what is stored is told`, async (t) => {
      const { server, simulator } = await writing(t, version);
      for (const on of written) simulator.faults.add({ ...loss, on, times: 1 });
      const folder = await temporaryFolder(t);
      const { wrong } = await writeEveryField(server, 'tables', folder);
      assert.deepEqual(wrong, []);
      for (const name of mutationsIn(simulator.requests)) met.add(name);
    });
  }

  test('which are all but those that make one of two', () => {
    assert.deepEqual(
      written.filter((name) => !met.has(name)),
      ['performerMerge', 'tagsMerge', 'sceneMerge'],
    );
  });
});

/** In the Stash, before it is brought over: what is made one, and what goes, of each kind. */
const time = `'2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z'`;
const prepared = `
  insert into tags (id, name, created_at, updated_at) values
    (901, 'Shore', ${time}), (902, 'Coast', ${time}), (903, 'Fleeting', ${time});
  insert into performers (id, name, created_at, updated_at) values
    (901, 'Ann', ${time}), (902, 'Anna', ${time}), (903, 'Bob', ${time});
  insert into studios (id, name, created_at, updated_at) values (903, 'Pier', ${time});
  insert into groups (id, name, created_at, updated_at) values (903, 'Storms', ${time});
  insert into scenes (id, title, created_at, updated_at) values
    (901, 'Ebb', ${time}), (902, 'Ebb, again', ${time}), (903, 'Flood', ${time});
  insert into galleries (id, title, created_at, updated_at) values
    (901, 'Boats', ${time}), (902, 'Masts', ${time}), (903, 'Sails', ${time});
  insert into galleries_images (gallery_id, image_id, cover) values
    (901, 7, false), (901, 8, false), (902, 9, true);
  insert into scene_markers (id, title, seconds, primary_tag_id, scene_id, created_at, updated_at)
    values (901, 'calm', 3, 1, 1, ${time}), (903, 'spray', 5, 1, 1, ${time});
  insert into galleries_chapters (id, title, image_index, gallery_id, created_at, updated_at)
    values (901, 'bow', 1, 901, ${time}), (903, 'stern', 1, 902, ${time});
  insert into images (id, title, created_at, updated_at) values (903, 'Fog', ${time});
  insert into saved_filters (id, mode, name, find_filter, object_filter, ui_options)
    values (903, 'SCENES', 'wet', '{}', '{}', '{}');
  insert into scenes_view_dates values (902, '2020-03-03T00:00:00Z'), (7, '2020-04-04T00:00:00Z');
  insert into scenes_o_dates values (902, '2020-03-03T00:00:00Z'), (7, '2020-04-04T00:00:00Z');
  update images set o_counter = 5 where id in (4, 5, 6);`;

/** Something in the library that takes each mutation, about records of its own. */
async function editAll({ library, query, idOf }: InStep): Promise<void> {
  const gallery = await idOf('gallery', 901);
  const scene = await idOf('scene', 901);
  const image = await idOf('image', 10);
  const made: { [table: string]: { [column: string]: unknown } } = {
    cargo: { title: 'made here' },
    fleet: { name: 'made here' },
    crew: { name: 'made here' },
    groups: { name: 'made here' },
    tags: { name: 'made here' },
    galleries: { title: 'made here' },
    markers: {
      title: 'made here',
      seconds: 7,
      primary_tag_id: await idOf('tag', 1),
      cargo_id: scene,
    },
    chapters: { title: 'made here', image_index: 1, gallery_id: gallery },
    saved_filters: {
      mode: 'SCENES',
      name: 'made here',
      find_filter: '{}',
      object_filter: '{}',
      ui_options: '{}',
    },
  };
  for (const [table, values] of Object.entries(made)) {
    const places = Object.keys(values).map((_, i) => `$${i + 1}`);
    await query(
      `INSERT INTO qar.${table} (id, ${Object.keys(values)}) VALUES (gen_random_uuid(), ${places})`,
      Object.values(values),
    );
  }
  const told: [table: string, kind: Kind, remoteId: number, column: string][] = [
    ['cargo', 'scene', 3, 'title'],
    ['images', 'image', 3, 'title'],
    ['galleries', 'gallery', 901, 'title'],
    ['crew', 'performer', 3, 'details'],
    ['fleet', 'studio', 3, 'details'],
    ['groups', 'group', 3, 'synopsis'],
    ['tags', 'tag', 3, 'description'],
    ['markers', 'marker', 901, 'title'],
    ['chapters', 'chapter', 901, 'title'],
  ];
  for (const [table, kind, remoteId, column] of told) {
    const id = await idOf(kind, remoteId);
    await query(`UPDATE qar.${table} SET ${column} = 'told here' WHERE id = $1`, [id]);
  }
  for (const what of ['play', 'o']) {
    await query(
      `INSERT INTO qar.voyage_log (cargo_id, what, at) SELECT $1, $2, '2024-01-01T00:00:00Z' FROM generate_series(1, 2)`,
      [scene, what],
    );
  }
  await query('DELETE FROM qar.voyage_log WHERE cargo_id = $1', [await idOf('scene', 7)]);
  await query('UPDATE qar.cargo SET resume_time = 4.5 WHERE id = $1', [await idOf('scene', 4)]);
  for (const [remoteId, counter] of [
    [4, 7],
    [5, 3],
    [6, 0],
  ] as const) {
    const id = await idOf('image', remoteId);
    await query('UPDATE qar.images SET o_counter = $2 WHERE id = $1', [id, counter]);
  }
  await query('DELETE FROM qar.gallery_images WHERE gallery_id = $1 AND image_id = $2', [
    gallery,
    await idOf('image', 7),
  ]);
  await query('INSERT INTO qar.gallery_images VALUES ($1, $2)', [gallery, image]);
  await query('UPDATE qar.galleries SET cover_image_id = $2 WHERE id = $1', [gallery, image]);
  await query('UPDATE qar.galleries SET cover_image_id = NULL WHERE id = $1', [
    await idOf('gallery', 902),
  ]);
  for (const kind of ['tag', 'performer', 'scene']) {
    const merged = await library.stowage('merge', kind, 'main:901', 'main:902');
    assert.equal(merged.exitCode, 0, merged.error?.message);
  }
  const kinds = 'tag performer studio group scene gallery marker chapter image savedFilter';
  for (const kind of kinds.split(' ')) {
    const gone = await library.stowage('delete', kind, 'main:903');
    assert.equal(gone.exitCode, 0, gone.error?.message);
  }
}

test('the run ends after each mutation before it hears of it: the next goes on, and nothing is there twice', async (t) => {
  const side = await inStep(t, { version: 'newer', writes: true, prepared });
  await side.query(`UPDATE stowage.sources SET deletions = 'both'`);
  await editAll(side);
  const { simulator, number } = side.stash;
  for (const on of written) simulator.faults.add({ kind: 'lost', status: 401, on, times: 1 });
  const ends: string[] = [];
  for (let run = 0; run < 2 * written.length; run++) {
    const { error, exitCode } = await side.library.stowage(
      'sync',
      '--from',
      simulator.url,
      '--create-scenes',
    );
    ends.push(error?.code ?? String(exitCode));
    if (!error) break;
  }
  t.diagnostic(ends.join(' '));
  assert.equal(ends.at(-1), '0');
  const met = mutationsIn(simulator.requests);
  assert.deepEqual(
    written.filter((name) => !met.includes(name)),
    ['movieCreate', 'movieUpdate', 'movieDestroy'],
  );
  assert.equal(simulator.faults.fired, written.length - 3);
  for (const table of ['scenes', 'galleries', 'scene_markers', 'galleries_chapters']) {
    assert.equal(await number(`select count(*) from ${table} where title = 'made here'`), 1, table);
  }
  for (const table of ['studios', 'performers', 'groups', 'tags', 'saved_filters']) {
    assert.equal(await number(`select count(*) from ${table} where name = 'made here'`), 1, table);
  }
  for (const table of ['scenes_view_dates', 'scenes_o_dates']) {
    assert.equal(await number(`select count(*) from ${table} where scene_id = 901`), 3, table);
  }
  assert.deepEqual(
    await side.stash.rows('select o_counter from images where id in (4, 5, 6) order by id'),
    [[7], [3], [0]],
  );
  await side.assertInStep();
  await side.assertQuiet();
});
