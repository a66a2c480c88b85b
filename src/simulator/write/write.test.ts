import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { generate } from '../generate.ts';
import { type Simulator, startSimulator } from '../simulator.ts';

const folder = mkdtempSync(join(tmpdir(), 'stowage-test-'));
const png =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
let simulator: Simulator;

before(async () => {
  const database = join(folder, 'library.sqlite');
  generate(database, { scenes: 60, images: 60 });
  simulator = await startSimulator({ database });
});
after(async () => {
  await simulator.close();
  rmSync(folder, { recursive: true });
});

// biome-ignore lint/suspicious/noExplicitAny: whatever the mutation asks for
async function ask(query: string): Promise<any> {
  const response = await fetch(`${simulator.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

async function mutate(...calls: string[]) {
  const { data, errors } = await ask(
    `mutation{${calls.map((call, n) => `m${n}:${call}`).join(' ')}}`,
  );
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data.m0;
}

const refused = async (call: string): Promise<string> =>
  (await ask(`mutation{${call}}`)).errors[0].message;

/** A record's time, set back so that it can be seen to move. */
const before2020 = '2019-06-01T00:00:00Z';
const time = (table: string, id: number) => {
  const [row] = simulator.rows(`select updated_at from "${table}" where id = ${id}`);
  return (row as { updated_at: string }).updated_at;
};

describe("a change that moves the record's time", () => {
  const moving: [what: string, table: string, id: number, call: string][] = [
    ['a field', 'scenes', 1, 'sceneUpdate(input:{id:1,title:"x"}){id}'],
    ['a relation', 'scenes', 1, 'sceneUpdate(input:{id:1,tag_ids:[1,2]}){id}'],
    ['many at once', 'scenes', 1, 'bulkSceneUpdate(input:{ids:[1],rating100:5}){id}'],
    ['a cover', 'scenes', 1, `sceneUpdate(input:{id:1,cover_image:"${png}"}){id}`],
    ['a tag', 'tags', 2, 'tagUpdate(input:{id:2,description:"x"}){id}'],
    [
      'custom fields',
      'performers',
      3,
      'performerUpdate(input:{id:3,custom_fields:{partial:{a:1}}}){id}',
    ],
    [
      'images put into a gallery',
      'galleries',
      3,
      'addGalleryImages(input:{gallery_id:3,image_ids:[2]})',
    ],
    ["a gallery's cover", 'galleries', 3, 'setGalleryCover(input:{gallery_id:3,cover_image_id:1})'],
    ['scenes merged', 'scenes', 2, 'sceneMerge(input:{source:[22],destination:2}){id}'],
    ['a file moved: the file', 'files', 4, 'moveFiles(input:{ids:[4],destination_folder_id:2})'],
  ];
  for (const [what, table, id, call] of moving) {
    test(what, async () => {
      simulator.sql(`update "${table}" set updated_at = '${before2020}' where id = ${id}`);
      await mutate(call);
      assert.notEqual(time(table, id), before2020);
    });
  }
});

describe("a change that leaves the record's time", () => {
  const hidden: [what: string, table: string, id: number, ...calls: string[]][] = [
    ['plays', 'scenes', 5, 'sceneAddPlay(id:5){count}', 'sceneDeletePlay(id:5){count}'],
    ['Os', 'scenes', 5, 'sceneAddO(id:5){count}', 'sceneDeleteO(id:5){count}'],
    [
      'resume time and duration',
      'scenes',
      5,
      'sceneSaveActivity(id:5,resume_time:1,playDuration:2)',
    ],
    [
      'a marker made, changed, destroyed',
      'scenes',
      5,
      'sceneMarkerCreate(input:{title:"m",seconds:1,scene_id:5,primary_tag_id:1}){id}',
      'sceneMarkerUpdate(input:{id:1,seconds:3}){id}',
      'sceneMarkerDestroy(id:2)',
    ],
    [
      'a tag merged into another: the other',
      'tags',
      3,
      'tagsMerge(input:{source:[9],destination:3}){id}',
    ],
    ['a tag destroyed', 'scenes', 5, 'tagDestroy(input:{id:23})'],
    ['a performer destroyed', 'scenes', 5, 'performerDestroy(input:{id:4})'],
    ['a studio destroyed', 'scenes', 5, 'studioDestroy(input:{id:4})'],
    ['a group destroyed', 'scenes', 5, 'groupDestroy(input:{id:5})'],
    [
      'fingerprints set on its file',
      'scenes',
      5,
      'fileSetFingerprints(input:{id:5,fingerprints:[{type:"phash",value:"ff00000000000001"}]})',
    ],
    ["an image's O", 'images', 5, 'imageIncrementO(id:5)'],
    [
      "a gallery's chapter",
      'galleries',
      1,
      'galleryChapterCreate(input:{gallery_id:1,title:"c",image_index:1}){id}',
    ],
    [
      'sub-groups added, reordered',
      'groups',
      1,
      'addGroupSubGroups(input:{containing_group_id:1,sub_groups:[{group_id:3}]})',
      'reorderSubGroups(input:{group_id:1,sub_group_ids:[3],insert_at_id:4})',
    ],
    ['linked from the gallery', 'scenes', 5, 'galleryUpdate(input:{id:1,scene_ids:[5]}){id}'],
    ["a tag's parent set from the parent", 'tags', 5, 'tagUpdate(input:{id:6,child_ids:[5]}){id}'],
    ['its file moved', 'scenes', 5, 'moveFiles(input:{ids:[5],destination_folder_id:2})'],
    [
      'an image put into a gallery',
      'images',
      2,
      'addGalleryImages(input:{gallery_id:3,image_ids:[2]})',
    ],
  ];
  for (const [what, table, id, ...calls] of hidden) {
    test(what, async () => {
      simulator.sql(`delete from scene_markers where primary_tag_id = 23;
        update "${table}" set updated_at = '${before2020}' where id = ${id}`);
      await mutate(...calls);
      assert.equal(time(table, id), before2020);
    });
  }
});

describe('what is written', () => {
  test('is trimmed, and null is an empty text', async () => {
    const input = '{id:6,title:"  a title ",details:null,urls:[" u1 ","u2","u1"],rating100:150}';
    const scene = await mutate(`sceneUpdate(input:${input}){title details urls rating100}`);
    const urls = ['u1', 'u2', 'u1'];
    assert.deepEqual(scene, { title: 'a title', details: '', urls, rating100: 150 });
  });

  test('keeps partial dates, refuses days that are none', async () => {
    for (const date of ['2020', '2020-05', '2020-05-06']) {
      const scene = await mutate(`sceneUpdate(input:{id:6,date:"${date}"}){date}`);
      assert.deepEqual(scene, { date });
    }
    assert.match(
      await refused('sceneUpdate(input:{id:6,date:"2020-02-31"}){id}'),
      /converting date/,
    );
  });

  test('of many scenes happens wholly, or not at all', async () => {
    const batch = 'scenesUpdate(input:[{id:6,title:"first"},{id:999,title:"second"}]){id}';
    assert.equal(await refused(batch), 'scene with id 999 not found');
    const { data } = await ask('{findScene(id:6){title}}');
    assert.equal(data.findScene.title, 'a title');
  });

  test('of a history counts equal instants, and is added again when sent again', async () => {
    const times = '["2020-01-01T02:00:00.9+02:00","2020-01-01T00:00:00Z"]';
    simulator.sql('delete from scenes_view_dates where scene_id = 8');
    const add = `sceneAddPlay(id:8,times:${times}){count history}`;
    await mutate(add);
    const instant = '2020-01-01T00:00:00Z';
    assert.deepEqual(await mutate(add), {
      count: 4,
      history: [instant, instant, instant, instant],
    });
    const { count } = await mutate(`sceneDeletePlay(id:8,times:["${instant}"]){count history}`);
    assert.equal(count, 3);
  });

  test('sets resume time only as activity, where duration adds', async () => {
    const fields = '{resume_time play_duration}';
    simulator.sql('update scenes set resume_time = 1, play_duration = 2 where id = 8');
    const scene = await mutate(`sceneUpdate(input:{id:8,resume_time:9,play_duration:3})${fields}`);
    assert.deepEqual(scene, { resume_time: 1, play_duration: 3 });
    await mutate('sceneSaveActivity(id:8,resume_time:5,playDuration:4)');
    const { data } = await ask(`{findScene(id:8)${fields}}`);
    assert.deepEqual(data.findScene, { resume_time: 5, play_duration: 7 });
  });

  test('into custom fields replaces, merges or removes', async () => {
    const update = (fields: string) =>
      mutate(`performerUpdate(input:{id:5,custom_fields:${fields}}){custom_fields}`);
    await update('{full:{a:1,b:"two",c:1.5}}');
    const merged = await update('{partial:{a:2,d:true}}');
    assert.deepEqual(merged.custom_fields, { a: 2, b: 'two', c: 1.5, d: 1 });
    const removed = await update('{remove:["a","b","c"]}');
    assert.deepEqual(removed.custom_fields, { d: 1 });
  });

  test("merges a tag's name and aliases into another's aliases", async () => {
    const tag = await mutate('tagsMerge(input:{source:[13],destination:2}){aliases}');
    const { data } = await ask('{findTag(id:13){id}}');
    assert.equal(data.findTag, null);
    assert.ok(tag.aliases.includes('alias-13-Ω'));
    assert.ok(tag.aliases.includes('-1 tag 13'));
  });

  test('refuses to make one tag of two between which a third stands', async () => {
    const make = async (fields: string) => (await mutate(`tagCreate(input:{${fields}}){id}`)).id;
    const top = await make('name:"top of three"');
    const middle = await make(`name:"middle of three",parent_ids:[${top}]`);
    const low = await make(`name:"low of three",parent_ids:[${middle}]`);
    const { errors } = await ask(
      `mutation{tagsMerge(input:{source:[${low}],destination:${top}}){id}}`,
    );
    assert.match(errors?.[0]?.message ?? '', /already a descendant/);
    assert.equal((await ask(`{findTag(id:${low}){id}}`)).data.findTag.id, low);
  });
});

describe('it is refused', () => {
  const cases: [what: string, call: string, message: RegExp][] = [
    [
      'a name that is taken, ignoring case',
      'tagCreate(input:{name:"DRIZZLE 1"}){id}',
      /already exists/,
    ],
    ['a name that is an alias', 'tagCreate(input:{name:"alias-1-é"}){id}', /is used as alias for/],
    ['a loop of tags', 'tagUpdate(input:{id:1,parent_ids:[12]}){id}', /already a descendant/],
    ['a loop of studios', 'studioUpdate(input:{id:1,parent_id:1}){id}', /ancestor of itself/],
    [
      'a loop of groups',
      'addGroupSubGroups(input:{containing_group_id:4,sub_groups:[{group_id:1}]})',
      /contained/,
    ],
    ["a marker's primary tag destroyed", 'tagDestroy(input:{id:1})', /used as a primary tag/],
    [
      'a reference to nothing',
      'sceneUpdate(input:{id:6,tag_ids:[999]}){id}',
      /FOREIGN KEY constraint failed$/,
    ],
    [
      'two stash ids of an endpoint',
      'sceneUpdate(input:{id:6,stash_ids:[{endpoint:"e",stash_id:"1"},{endpoint:"e",stash_id:"2"}]}){id}',
      /UNIQUE constraint failed/,
    ],
    [
      'an id that is none',
      'sceneUpdate(input:{id:6,tag_ids:["abc"]}){id}',
      /strconv\.Atoi: parsing "abc"/,
    ],
    [
      'a list in a custom field',
      'performerUpdate(input:{id:5,custom_fields:{full:{a:[1]}}}){id}',
      /unsupported custom field value/,
    ],
    [
      'aliases that differ by case',
      'performerUpdate(input:{id:5,alias_list:["Z","z"]}){id}',
      /duplicate alias/,
    ],
    [
      "another image in a folder's gallery",
      'addGalleryImages(input:{gallery_id:1,image_ids:[2]})',
      /folder-based/,
    ],
  ];
  for (const [what, call, message] of cases) {
    test(what, async () => {
      assert.match(await refused(call), message);
    });
  }
});

describe('of several mutations in a request', () => {
  test('each is done, or is not; where one must have an answer and fails, none is told', async () => {
    simulator.sql('update scenes set resume_time = 0 where id in (9, 10)');
    const save = (id: number) => `sceneSaveActivity(id:${id},resume_time:4)`;
    const { data, errors } = await ask(`mutation{a:${save(9)} b:${save(999)} c:${save(10)}}`);
    assert.equal(data, null);
    assert.deepEqual(
      errors.map(({ path }: { path: string[] }) => path),
      [['b']],
    );
    const rows = simulator.rows('select resume_time from scenes where id in (9, 10)');
    assert.deepEqual(
      rows.map((row) => Object.values(row as object)),
      [[4], [4]],
    );
  });

  test('those that need no answer are told of beside one that failed', async () => {
    const set = (id: number) => `tagUpdate(input:{id:${id},description:"d"}){id}`;
    const { data } = await ask(`mutation{a:${set(3)} b:${set(999)} c:${set(4)}}`);
    assert.deepEqual(data, { a: { id: '3' }, b: null, c: { id: '4' } });
  });
});

test('a variable of another type is refused with the whole request', async () => {
  const response = await fetch(`${simulator.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query: 'mutation($i: SceneUpdateInput!) { sceneUpdate(input: $i) { id } }',
      variables: { i: { id: 6, organized: 'perhaps' } },
    }),
  });
  assert.equal(response.status, 400);
  const { errors, data } = (await response.json()) as {
    errors: [{ extensions: object }];
    data: null;
  };
  assert.equal(data, null);
  assert.deepEqual(errors[0].extensions, { code: 'GRAPHQL_VALIDATION_FAILED' });
});

test('a picture is kept by its checksum, and dropped with the last record that has it', async () => {
  const count = () => simulator.rows('select count(*) n from blobs')[0] as { n: number };
  const before = count().n;
  await mutate(
    `studioUpdate(input:{id:2,image:"${png}"}){id}`,
    `tagUpdate(input:{id:2,image:"${png}"}){id}`,
  );
  const etag = (await fetch(`${simulator.url}/tag/2/image`)).headers.get('etag');
  assert.match(etag ?? '', /^"[0-9a-f]{32}"$/);
  await mutate('studioUpdate(input:{id:2,image:""}){id}');
  assert.equal((await fetch(`${simulator.url}/tag/2/image`)).headers.get('etag'), etag);
  await mutate('tagUpdate(input:{id:2,image:""}){id}');
  assert.equal(count().n, before);
});
