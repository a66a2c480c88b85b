import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Kind } from '../src/model/kinds.ts';
import './support/database.ts';
import { type InStep, inStep, type Stash, stashOf } from './support/inStep.ts';

/** One record of each kind in every place that a Stash has for it. */
const prepared = `
  insert into tags (id, name, created_at, updated_at) values
    (901, 'Harbour', '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z'),
    (902, 'Quay', '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z');
  insert into studios (id, name, parent_id, created_at, updated_at) values
    (901, 'Northlight', null, '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z'),
    (902, 'Northlight Shorts', 901, '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z');
  insert into performers (id, name, created_at, updated_at) values
    (901, 'Kim', '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z');
  insert into groups (id, name, studio_id, created_at, updated_at) values
    (901, 'Box', 901, '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z'),
    (902, 'One', null, '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z'),
    (903, 'Two', null, '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z'),
    (904, 'Three', null, '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z');
  insert into galleries (id, title, studio_id, organized, created_at, updated_at) values
    (901, 'By hand', 901, 0, '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z');
  insert into galleries_chapters (gallery_id, title, image_index, created_at, updated_at) values
    (901, 'Begin', 1, '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z');
  insert into galleries_images (gallery_id, image_id, cover) values (901, 3, 0), (901, 4, 1);
  insert into scene_markers (id, title, seconds, primary_tag_id, scene_id, created_at, updated_at) values
    (901, 'Mark', 2, 1, 3, '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z');
  insert into scene_markers_tags (scene_marker_id, tag_id) values (901, 901);
  insert into tags_relations (parent_id, child_id) values (901, 902), (901, 20);
  insert into scenes_tags (scene_id, tag_id) values (3, 901), (4, 901);
  insert into images_tags (image_id, tag_id) values (3, 901);
  insert into galleries_tags (gallery_id, tag_id) values (901, 901);
  insert into performers_tags (performer_id, tag_id) values (901, 901);
  insert into studios_tags (studio_id, tag_id) values (901, 901);
  insert into groups_tags (group_id, tag_id) values (901, 901);
  insert into performers_scenes (performer_id, scene_id) values (901, 3), (901, 5);
  insert into performers_images (performer_id, image_id) values (901, 4);
  insert into performers_galleries (performer_id, gallery_id) values (901, 901);
  insert into groups_scenes (group_id, scene_id, scene_index) values (903, 3, 7), (903, 4, null);
  insert into groups_relations (containing_id, sub_id, order_index, description) values
    (901, 902, 1, 'first'), (901, 903, 2, 'second'), (901, 904, 3, 'third');
  insert into scenes_galleries (scene_id, gallery_id) values (3, 901), (6, 901);
  update scenes set studio_id = 901 where id in (3, 4);
  update images set studio_id = 901 where id = 3;`;

/** Everything that names something there, by names: what is made there anew has another number. */
const relations: { [relation: string]: string } = {
  sceneTags: 'select scene_id, name from scenes_tags join tags t on t.id = tag_id',
  imageTags: 'select image_id, name from images_tags join tags t on t.id = tag_id',
  galleryTags: 'select gallery_id, name from galleries_tags join tags t on t.id = tag_id',
  performerTags:
    'select p.name, t.name from performers_tags join performers p on p.id = performer_id join tags t on t.id = tag_id',
  studioTags:
    'select s.name, t.name from studios_tags join studios s on s.id = studio_id join tags t on t.id = tag_id',
  groupTags:
    'select g.name, t.name from groups_tags join groups g on g.id = group_id join tags t on t.id = tag_id',
  markers:
    'select m.title, seconds, p.name, scene_id, t.name from scene_markers m join tags p on p.id = primary_tag_id left join scene_markers_tags mt on mt.scene_marker_id = m.id left join tags t on t.id = mt.tag_id',
  tagParents:
    'select c.name, p.name from tags_relations join tags c on c.id = child_id join tags p on p.id = parent_id',
  scenePerformers:
    'select scene_id, name from performers_scenes join performers p on p.id = performer_id',
  imagePerformers:
    'select image_id, name from performers_images join performers p on p.id = performer_id',
  galleryPerformers:
    'select gallery_id, name from performers_galleries join performers p on p.id = performer_id',
  sceneStudios: 'select s.id, t.name from scenes s join studios t on t.id = s.studio_id',
  imageStudios: 'select i.id, t.name from images i join studios t on t.id = i.studio_id',
  galleryStudios: 'select g.id, t.name from galleries g join studios t on t.id = g.studio_id',
  groupStudios: 'select g.name, t.name from groups g join studios t on t.id = g.studio_id',
  studioParents: 'select s.name, p.name from studios s join studios p on p.id = s.parent_id',
  sceneGroups:
    'select scene_id, name, scene_index from groups_scenes join groups g on g.id = group_id',
  subGroups:
    'select c.name, s.name, r.description, row_number() over (partition by c.name order by order_index) from groups_relations r join groups c on c.id = containing_id join groups s on s.id = sub_id',
  sceneGalleries:
    'select scene_id, coalesce(g.title, g.id) from scenes_galleries join galleries g on g.id = gallery_id',
  galleryImages: 'select gallery_id, image_id, cover from galleries_images',
  chapters: 'select gallery_id, title, image_index from galleries_chapters',
};

async function places(stash: Stash) {
  const found: { [relation: string]: unknown } = {};
  for (const [relation, sql] of Object.entries(relations)) {
    found[relation] = (await stash.rows(sql)).map((row) => row.join(' | ')).sort();
  }
  return found;
}

const subjects: [Kind, number][] = [
  ['tag', 901],
  ['studio', 901],
  ['performer', 901],
  ['group', 903],
  ['gallery', 901],
  ['image', 4],
  ['scene', 3],
];
/** Those that can be made at a Stash: it has no file for them. */
const makeable = subjects.slice(0, 4);

const deleted = async ({ library, idOf }: InStep, of: readonly [Kind, number][]) => {
  const ids: [Kind, string][] = [];
  for (const [kind, number] of of) {
    ids.push([kind, await idOf(kind, number)]);
    assert.equal((await library.stowage('delete', kind, `main:${number}`)).exitCode, 0);
  }
  return ids;
};

const restored = async ({ library }: InStep, ids: readonly [Kind, string][]) => {
  for (const [kind, id] of ids) {
    const { exitCode, error } = await library.stowage('restore', kind, id);
    assert.equal(exitCode, 0, error?.message);
  }
};

describe('a record that is deleted here and restored', () => {
  test('is named again wherever it was, and nothing is taken from Stash', async (t) => {
    const side = await inStep(t, { writes: true, prepared });
    const before = await places(side.stash);
    for (const one of subjects) await restored(side, await deleted(side, [one]));
    assert.deepEqual((await side.sync()).summary.counts, []);
    assert.deepEqual(await places(side.stash), before);
    await side.assertInStep();
    await side.assertQuiet();
  });

  test('so it is where a sync came between, and the deletion did not travel', async (t) => {
    const side = await inStep(t, { writes: true, prepared });
    const before = await places(side.stash);
    const ids = await deleted(side, subjects);
    await side.sync();
    await restored(side, ids);
    assert.deepEqual((await side.sync()).summary.counts, []);
    assert.deepEqual(await places(side.stash), before);
    await side.assertInStep();
    await side.assertQuiet();
  });

  test('and in Stash too, where it was deleted there meanwhile', async (t) => {
    const side = await inStep(t, { writes: true, prepared });
    const { stash, library, sync } = side;
    await library.stowage('sources', 'set', 'main', 'deletions=both');
    const before = await places(stash);
    const ids = await deleted(side, makeable);
    await sync();
    assert.notDeepEqual(await places(stash), before);
    await restored(side, ids);
    await sync();
    assert.deepEqual(await places(stash), before);
    await side.assertInStep();
    await side.assertQuiet();
  });
});

test('a record that was deleted in Stash and is restored here is made there anew, with its places', async (t) => {
  const side = await inStep(t, { writes: true, prepared });
  const { stash, sync } = side;
  const before = await places(stash);
  const ids: [Kind, string][] = [];
  for (const [kind, number] of makeable) {
    ids.push([kind, await side.idOf(kind, number)]);
    await stash.send(`mutation{${kind}Destroy(input:{id:${number}})}`);
  }
  await sync();
  await restored(side, ids);
  await sync();
  assert.deepEqual(await places(stash), before);
  await side.assertInStep();
  await side.assertQuiet();
});

test('what two Stashes have is back in both, whether the other had heard of the deletion or not', async (t) => {
  const side = await inStep(t, { writes: true, prepared });
  const { stash, library, sync } = side;
  const other = await stashOf(t, 'v0.30');
  other.simulator.sql(prepared);
  const attic = ['--from', other.simulator.url, '--name', 'attic'];
  await library.stowage('sync', ...attic);
  await library.stowage('sources', 'set', 'attic', 'writes=on', 'deletions=both');
  await library.stowage('sync', ...attic);
  const before = [await places(stash), await places(other)];
  const destroyed = async (kind: Kind, number: number): Promise<[Kind, string]> => {
    const id = await side.idOf(kind, number);
    await stash.send(`mutation{${kind}Destroy(input:{id:${number}})}`);
    return [kind, id];
  };
  const heard = [await destroyed('tag', 901), await destroyed('group', 903)];
  await sync();
  await library.stowage('sync', ...attic);
  const unheard = [await destroyed('studio', 901), await destroyed('performer', 901)];
  await sync();
  await restored(side, [...heard, ...unheard]);
  await sync();
  await library.stowage('sync', ...attic);
  assert.deepEqual([await places(stash), await places(other)], before);
  await side.assertInStep();
});
