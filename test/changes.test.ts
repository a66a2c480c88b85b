import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type InStep, inStep } from './support/inStep.ts';

/** One of the kinds of change that a Stash knows, as measured on real servers, and its counterpart here. */
interface Change {
  number: string;
  what: string;
  /** Made at the source. */
  there(side: InStep): Promise<unknown>;
  /** What the sync has to say of it. */
  arrives: string;
  /** Made in the library with plain SQL; null where that is not something that a Stash can be told. */
  here: ((side: InStep) => Promise<unknown>) | null;
  returns?: string;
}

/** A PNG of one pixel, different for each text. */
const picture = (text: string) =>
  `data:image/png;base64,${Buffer.from(`\x89PNG\r\n\x1a\n${text}`, 'latin1').toString('base64')}`;

const scene = 'scene update library';
const sceneBack = 'scene update source';

/** Galleries whose images people choose: those of folders and zips are what these hold. */
const byHand = `gallery_id in (select id from galleries where folder_id is null
  and id not in (select gallery_id from galleries_files))`;

const plainTag = `select id from tags where id not in (select primary_tag_id from scene_markers)
  and id in (select tag_id from scenes_tags) order by id limit 1`;

const changes: Change[] = [
  {
    number: '1',
    what: 'a scene’s field',
    there: ({ stash }) =>
      stash.send('mutation{sceneUpdate(input:{id:5,title:"New",date:"2019-04"}){id}}'),
    arrives: scene,
    here: ({ query }) =>
      query(
        `UPDATE qar.cargo SET title = 'Here', date = '2018', organized = NOT organized WHERE id = (SELECT library_id FROM stowage.links WHERE kind = 7 AND remote_id = 6)`,
      ),
    returns: sceneBack,
  },
  {
    number: '1b',
    what: 'a field of several scenes',
    there: ({ stash }) =>
      stash.send('mutation{bulkSceneUpdate(input:{ids:[5,6],rating100:35}){id}}'),
    arrives: scene,
    here: ({ query }) => query('UPDATE qar.cargo SET rating = 95'),
    returns: sceneBack,
  },
  {
    number: '2',
    what: 'a scene’s performers, tags, studio, groups, galleries',
    there: ({ stash }) =>
      stash.send(
        'mutation{sceneUpdate(input:{id:7,performer_ids:[1,2],tag_ids:[3],studio_id:2,groups:[{group_id:1,scene_index:4}],gallery_ids:[2]}){id}}',
      ),
    arrives: scene,
    here: ({ query }) =>
      query(`WITH s AS (SELECT library_id AS id FROM stowage.links WHERE kind = 7 AND remote_id = 8),
          gone AS (DELETE FROM qar.cargo_tags WHERE cargo_id IN (SELECT id FROM s)),
          crew AS (INSERT INTO qar.cargo_crew SELECT s.id, c.id FROM s, qar.crew c ON CONFLICT DO NOTHING),
          groups AS (INSERT INTO qar.cargo_groups SELECT s.id, g.id, 3 FROM s, qar.groups g ON CONFLICT DO NOTHING),
          galleries AS (INSERT INTO qar.cargo_galleries SELECT s.id, g.id FROM s, qar.galleries g ON CONFLICT DO NOTHING)
        UPDATE qar.cargo SET fleet_id = (SELECT max(id::text)::uuid FROM qar.fleet) WHERE id IN (SELECT id FROM s)`),
    returns: sceneBack,
  },
  {
    number: '3',
    what: 'a cover',
    there: ({ stash }) =>
      stash.send(`mutation{sceneUpdate(input:{id:9,cover_image:"${picture('cover')}"}){id}}`),
    arrives: scene,
    // A picture that the library holds already, on another scene.
    here: ({ query }) =>
      query(
        `UPDATE qar.cargo SET cover = (SELECT min(md5) FROM qar.pictures) WHERE id = (SELECT library_id FROM stowage.links WHERE kind = 7 AND remote_id = 10)`,
      ),
    returns: sceneBack,
  },
  {
    number: '4',
    what: 'a performer’s, studio’s and tag’s own field',
    there: ({ stash }) =>
      stash.send(
        'mutation{performerUpdate(input:{id:1,country:"PT",custom_fields:{partial:{mood:3}}}){id} studioUpdate(input:{id:1,details:"d"}){id} tagUpdate(input:{id:1,description:"d",favorite:true}){id}}',
      ),
    arrives: 'performer update library',
    here: ({ query }) =>
      query(`WITH t AS (UPDATE qar.tags SET description = 'ours', sort_name = 'o'), f AS (UPDATE qar.fleet SET details = 'ours', rating = 5)
        UPDATE qar.crew SET country = 'NO', custom_fields = custom_fields || '{"depth": 12}'`),
    returns: 'performer update source',
  },
  {
    number: '5',
    what: 'images added to a gallery and removed from it',
    there: async ({ stash }) => {
      const [gallery, image] = (
        await stash.rows(
          `select gallery_id, image_id from galleries_images where ${byHand} order by 1, 2 limit 1`,
        )
      )[0] as number[];
      const other = await stash.number(
        `select id from images where id not in (select image_id from galleries_images where gallery_id = ${gallery}) limit 1`,
      );
      await stash.send(
        `mutation{removeGalleryImages(input:{gallery_id:${gallery},image_ids:[${image}]}) addGalleryImages(input:{gallery_id:${gallery},image_ids:[${other}]})}`,
      );
    },
    arrives: 'gallery update library',
    here: async ({ stash, query, idOf }) => {
      const gallery = await idOf(
        'gallery',
        await stash.number(
          `select gallery_id from galleries_images where ${byHand} order by 1 limit 1`,
        ),
      );
      await query(
        'INSERT INTO qar.gallery_images SELECT $1, id FROM qar.images ON CONFLICT DO NOTHING',
        [gallery],
      );
    },
    returns: 'gallery update source',
  },
  {
    number: '6',
    what: 'a gallery’s cover image',
    there: async ({ stash }) => {
      const [gallery, image] = (
        await stash.rows(
          'select gallery_id, image_id from galleries_images where not cover order by 1 desc, 2 desc limit 1',
        )
      )[0] as number[];
      await stash.send(
        `mutation{setGalleryCover(input:{gallery_id:${gallery},cover_image_id:${image}})}`,
      );
    },
    arrives: 'gallery update library',
    here: async ({ stash, query, idOf }) => {
      const [gallery, image] = (
        await stash.rows(
          'select gallery_id, image_id from galleries_images where not cover order by 1, 2 limit 1',
        )
      )[0] as number[];
      await query('UPDATE qar.galleries SET cover_image_id = $2 WHERE id = $1', [
        await idOf('gallery', gallery as number),
        await idOf('image', image as number),
      ]);
    },
    returns: 'gallery update source',
  },
  {
    number: '7',
    what: 'scenes merged',
    there: ({ stash }) =>
      stash.send('mutation{sceneMerge(input:{source:[11],destination:12}){id}}'),
    arrives: 'scene fold library',
    here: ({ library }) => library.stowage('merge', 'scene', 'main:12', 'main:11'),
    returns: 'scene merge source',
  },
  {
    number: '8',
    what: 'a play added',
    there: ({ stash }) =>
      stash.send(
        'mutation{sceneAddPlay(id:13,times:["2024-05-06T07:08:09Z","2024-05-06T07:08:09Z"]){count}}',
      ),
    arrives: scene,
    here: async ({ query, idOf }) =>
      query(
        `INSERT INTO qar.voyage_log (cargo_id, what, at) VALUES ($1, 'play', '2023-01-01T00:00:00Z'), ($1, 'play', '2023-01-01T00:00:00Z')`,
        [await idOf('scene', 14)],
      ),
    returns: sceneBack,
  },
  {
    number: '9',
    what: 'a play deleted',
    there: async ({ stash }) => {
      const id = await stash.number('select scene_id from scenes_view_dates order by 1 limit 1');
      await stash.send(`mutation{sceneDeletePlay(id:${id}){count}}`);
    },
    arrives: scene,
    here: ({ query }) =>
      query(
        `DELETE FROM qar.voyage_log WHERE id = (SELECT max(id) FROM qar.voyage_log WHERE what = 'play')`,
      ),
    returns: sceneBack,
  },
  {
    number: '10',
    what: 'an O added',
    there: ({ stash }) =>
      stash.send('mutation{sceneAddO(id:13,times:["2024-05-06T07:08:09Z"]){count}}'),
    arrives: scene,
    here: async ({ query, idOf }) =>
      query(
        `INSERT INTO qar.voyage_log (cargo_id, what, at) VALUES ($1, 'o', '2023-01-01T00:00:00Z')`,
        [await idOf('scene', 14)],
      ),
    returns: sceneBack,
  },
  {
    number: '11',
    what: 'an O deleted',
    there: async ({ stash }) => {
      const id = await stash.number('select scene_id from scenes_o_dates order by 1 limit 1');
      await stash.send(`mutation{sceneDeleteO(id:${id}){count}}`);
    },
    arrives: scene,
    here: ({ query }) =>
      query(
        `DELETE FROM qar.voyage_log WHERE id = (SELECT max(id) FROM qar.voyage_log WHERE what = 'o')`,
      ),
    returns: sceneBack,
  },
  {
    number: '12',
    what: 'resume time, play duration',
    there: ({ stash }) =>
      stash.send('mutation{sceneSaveActivity(id:15,resume_time:12.5,playDuration:30)}'),
    arrives: scene,
    here: async ({ query, idOf }) =>
      query(
        'UPDATE qar.cargo SET resume_time = 7.5, play_duration = play_duration + 11 WHERE id = $1',
        [await idOf('scene', 16)],
      ),
    returns: sceneBack,
  },
  {
    number: '13',
    what: 'a marker created',
    there: ({ stash }) =>
      stash.send(
        'mutation{sceneMarkerCreate(input:{scene_id:17,title:"m",seconds:3.25,primary_tag_id:1,tag_ids:[2]}){id}}',
      ),
    arrives: 'marker create library',
    here: async ({ query, idOf }) =>
      query(
        `INSERT INTO qar.markers (id, title, seconds, primary_tag_id, cargo_id) VALUES ('01900000-0000-7000-8000-0000000000a1', 'ours', 9.5, $2, $1)`,
        [await idOf('scene', 18), await idOf('tag', 2)],
      ),
    returns: 'marker create source',
  },
  {
    number: '14',
    what: 'a marker changed',
    there: async ({ stash }) => {
      const [id, of, tag] = (
        await stash.rows(
          'select id, scene_id, primary_tag_id from scene_markers order by 1 limit 1',
        )
      )[0] as number[];
      await stash.send(
        `mutation{sceneMarkerUpdate(input:{id:${id},scene_id:${of},primary_tag_id:${tag},title:"changed",seconds:1.5,tag_ids:[3]}){id}}`,
      );
    },
    arrives: 'marker update library',
    here: ({ query }) =>
      query(`UPDATE qar.markers SET title = 'ours', seconds = 4.5, end_seconds = NULL`),
    returns: 'marker update source',
  },
  {
    number: '15',
    what: 'a marker destroyed',
    there: async ({ stash }) =>
      stash.send(
        `mutation{sceneMarkerDestroy(id:${await stash.number('select min(id) from scene_markers')})}`,
      ),
    arrives: 'marker delete library',
    here: ({ query }) =>
      query(
        `UPDATE qar.markers SET deleted_at = now() WHERE id = (SELECT max(id::text)::uuid FROM qar.markers)`,
      ),
    returns: 'marker delete source',
  },
  {
    number: '16',
    what: 'a tag merged into another',
    there: async ({ stash }) => {
      const tag = await stash.number(plainTag);
      await stash.send(`mutation{tagsMerge(input:{source:[${tag}],destination:${tag + 1}}){id}}`);
    },
    arrives: 'tag fold library',
    here: async ({ stash, library }) => {
      const tag = await stash.number(plainTag);
      return library.stowage('merge', 'tag', `main:${tag + 1}`, `main:${tag}`);
    },
    returns: 'tag merge source',
  },
  {
    number: '17',
    what: 'a tag destroyed',
    there: async ({ stash }) =>
      stash.send(`mutation{tagDestroy(input:{id:${await stash.number(plainTag)}})}`),
    arrives: 'tag delete library',
    here: async ({ stash, query, idOf }) =>
      query('UPDATE qar.tags SET deleted_at = now() WHERE id = $1', [
        await idOf('tag', await stash.number(plainTag)),
      ]),
    returns: 'tag delete source',
  },
  {
    number: '18',
    what: 'a performer destroyed',
    there: ({ stash }) => stash.send('mutation{performerDestroy(input:{id:2})}'),
    arrives: 'performer delete library',
    here: async ({ query, idOf }) =>
      query('UPDATE qar.crew SET deleted_at = now() WHERE id = $1', [await idOf('performer', 2)]),
    returns: 'performer delete source',
  },
  {
    number: '19',
    what: 'a studio destroyed',
    there: ({ stash }) => stash.send('mutation{studioDestroy(input:{id:2})}'),
    arrives: 'studio delete library',
    here: async ({ query, idOf }) =>
      query('UPDATE qar.fleet SET deleted_at = now() WHERE id = $1', [await idOf('studio', 2)]),
    returns: 'studio delete source',
  },
  {
    number: '20',
    what: 'a group destroyed',
    there: ({ stash }) => stash.send('mutation{groupDestroy(input:{id:1})}'),
    arrives: 'group delete library',
    here: async ({ query, idOf }) =>
      query('UPDATE qar.groups SET deleted_at = now() WHERE id = $1', [await idOf('group', 1)]),
    returns: 'group delete source',
  },
  {
    number: '21',
    what: 'fingerprints set on a file',
    there: async ({ stash }) => {
      const id = await stash.number('select min(file_id) from video_files');
      await stash.send(
        `mutation{fileSetFingerprints(input:{id:${id},fingerprints:[{type:"phash",value:"00ff00ff00ff00ff"}]})}`,
      );
    },
    arrives: '',
    here: null,
  },
  {
    number: '22',
    what: 'an image’s O',
    there: ({ stash }) => stash.send('mutation{imageIncrementO(id:3)}'),
    arrives: 'image update library',
    here: async ({ query, idOf }) =>
      query('UPDATE qar.images SET o_counter = o_counter + 2 WHERE id = $1', [
        await idOf('image', 4),
      ]),
    returns: 'image update source',
  },
  {
    number: '23',
    what: 'a gallery’s chapter',
    there: async ({ stash }) => {
      const id = await stash.number('select min(gallery_id) from galleries_images');
      await stash.send(
        `mutation{galleryChapterCreate(input:{gallery_id:${id},title:"c",image_index:1}){id}}`,
      );
    },
    arrives: 'chapter create library',
    here: async ({ stash, query, idOf }) =>
      query(
        `INSERT INTO qar.chapters (id, gallery_id, title, image_index) VALUES ('01900000-0000-7000-8000-0000000000a2', $1, 'ours', 1)`,
        [await idOf('gallery', await stash.number('select max(gallery_id) from galleries_images'))],
      ),
    returns: 'chapter create source',
  },
  {
    number: '24',
    what: 'a group’s sub-groups added and reordered',
    there: async ({ stash }) => {
      const group = await stash.send('mutation{groupCreate(input:{name:"whole"}){id}}');
      const { id } = group.groupCreate as { id: string };
      await stash.send(
        `mutation{addGroupSubGroups(input:{containing_group_id:${id},sub_groups:[{group_id:1,description:"a"},{group_id:2}]})}`,
      );
      await stash.send(
        `mutation{reorderSubGroups(input:{group_id:${id},sub_group_ids:[2],insert_at_id:1})}`,
      );
    },
    arrives: 'group create library',
    here: async ({ query, idOf }) => {
      await query(
        `INSERT INTO qar.groups (id, name) VALUES ('01900000-0000-7000-8000-0000000000a3', 'ours')`,
      );
      await query(
        `INSERT INTO qar.group_sub_groups VALUES ('01900000-0000-7000-8000-0000000000a3', $1, 0, 'first'), ('01900000-0000-7000-8000-0000000000a3', $2, 1, '')`,
        [await idOf('group', 2), await idOf('group', 1)],
      );
    },
    returns: 'group create source',
  },
  {
    number: '25',
    what: 'a scene linked to a gallery from the gallery’s side',
    there: ({ stash }) => stash.send('mutation{galleryUpdate(input:{id:2,scene_ids:[19,20]}){id}}'),
    arrives: scene,
    here: async ({ query, idOf }) =>
      query('INSERT INTO qar.cargo_galleries VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        await idOf('scene', 21),
        await idOf('gallery', 3),
      ]),
    returns: sceneBack,
  },
  {
    number: '26',
    what: 'a tag’s parent set from the parent’s side',
    there: async ({ stash }) => {
      const made = await stash.send('mutation{tagCreate(input:{name:"above"}){id}}');
      await stash.send(
        `mutation{tagUpdate(input:{id:${(made.tagCreate as { id: string }).id},child_ids:[3,5]}){id}}`,
      );
    },
    arrives: 'tag update library',
    here: async ({ query, idOf }) => {
      await query(
        `INSERT INTO qar.tags (id, name) VALUES ('01900000-0000-7000-8000-0000000000a4', 'above all')`,
      );
      await query(
        `INSERT INTO qar.tag_parents VALUES ($1, '01900000-0000-7000-8000-0000000000a4')`,
        [await idOf('tag', 3)],
      );
    },
    returns: 'tag update source',
  },
  {
    number: '27',
    what: 'a file moved',
    there: async ({ stash }) => {
      const id = await stash.number('select min(file_id) from scenes_files');
      await stash.send(
        `mutation{moveFiles(input:{ids:[${id}],destination_folder_id:${await stash.number('select max(id) from folders where zip_file_id is null')},destination_basename:"moved.mp4"})}`,
      );
    },
    arrives: '',
    here: null,
  },
  {
    number: '28',
    what: 'a saved filter',
    there: ({ stash }) =>
      stash.send(
        'mutation{saveFilter(input:{mode:SCENES,name:"mine",object_filter:{tags:{value:{items:[{id:"3",label:"x"}],excluded:[],depth:0},modifier:"INCLUDES"}}}){id}}',
      ),
    arrives: 'savedFilter create library',
    here: ({ query }) =>
      query(`INSERT INTO qar.saved_filters (id, mode, name, object_filter, find_filter, ui_options)
        VALUES ('01900000-0000-7000-8000-0000000000a5', 'SCENES', 'ours', '{"organized": true}', '{"q": "x", "page": null, "per_page": null, "sort": null, "direction": null}', '{}')`),
    returns: 'savedFilter create source',
  },
];

describe('a change made at the source', () => {
  for (const { number, what, there, arrives } of changes) {
    test(`arrives with the next sync: ${number}, ${what}`, async (t) => {
      const side = await inStep(t);
      await there(side);
      const synced = await side.sync();
      assert.equal(synced.exitCode, 0);
      const found = side.changesOf(synced);
      if (arrives) assert.ok(found.includes(arrives), `${arrives} among ${found.join(', ')}`);
      assert.notEqual(synced.summary.run, null);
      await side.assertInStep();
      await side.assertQuiet();
    });
  }
});

test('a tag merged into one that is new itself is that one here, too', async (t) => {
  const { stash, sync, idOf, query, assertInStep, assertQuiet } = await inStep(t);
  const tag = await stash.number(plainTag);
  const was = await idOf('tag', tag);
  await stash.send('mutation{tagCreate(input:{name:"brand new"}){id}}');
  const made = await stash.number('select max(id) from tags');
  await stash.send(`mutation{tagsMerge(input:{source:[${tag}],destination:${made}}){id}}`);
  assert.equal((await sync()).exitCode, 0);
  assert.deepEqual(await query('SELECT origin, destination FROM stowage.folds'), [
    { origin: was, destination: await idOf('tag', made) },
  ]);
  await assertInStep();
  await assertQuiet();
});

test('scenes merged in Stash keep the markers of both, also where two are alike', async (t) => {
  const marker = (id: number, scene: number) =>
    `insert into scene_markers (id, scene_id, title, seconds, primary_tag_id, created_at, updated_at)
       values (${id}, ${scene}, 'alike', 1.5, 2, '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z');`;
  const side = await inStep(t, { writes: true, prepared: marker(901, 5) + marker(902, 6) });
  await side.stash.send('mutation{sceneMerge(input:{source:[5],destination:6}){id}}');
  const { exitCode, warnings } = await side.sync();
  assert.deepEqual([exitCode, warnings], [0, []]);
  await side.assertInStep();
  await side.assertQuiet();
});

test('what changed again while it was carried out is counted once', async (t) => {
  const tags = [901, 902].map(
    (id) =>
      `insert into tags (id, name, created_at, updated_at) values (${id}, 'tag ${id}', '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z');`,
  );
  const tagged = 'insert into performers_tags (performer_id, tag_id) values (3, 901);';
  const side = await inStep(t, { prepared: tags.join('') + tagged });
  await side.stash.send(
    'mutation{tagsMerge(input:{source:[901],destination:902}){id} performerDestroy(input:{id:3})}',
  );
  const { counts } = (await side.sync()).summary as {
    counts: { kind: string; action: string; count: number }[];
  };
  const deleted = counts.filter(({ action }) => action === 'delete');
  assert.deepEqual(
    deleted.map(({ kind, count }) => [kind, count]),
    [['performer', 1]],
  );
});

describe('a saved filter', () => {
  const filter = (name: string, ids: readonly number[]) => `
    insert into saved_filters (name, mode, find_filter, object_filter, ui_options) values ('${name}', 'SCENES', '{}',
      '${JSON.stringify({ tags: { modifier: 'INCLUDES', value: { depth: 0, excluded: [], items: ids.map((id) => ({ id: `${id}`, label: `${id}` })) } } })}', '{}');`;
  const named = async ({ stash }: InStep, name: string) => {
    const rows = await stash.rows(`select object_filter from saved_filters where name = '${name}'`);
    const { tags } = JSON.parse(String(rows[0]?.[0]));
    return (tags.value.items as { id: string }[]).map(({ id }) => Number(id));
  };

  test('that names a tag which was deleted is in step, whatever it is called there', async (t) => {
    const tag = `insert into tags (id, name, created_at, updated_at) values (903, 'tag c', '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z');`;
    const side = await inStep(t, { prepared: tag + filter('gone', [903, 2]) });
    await side.stash.send('mutation{tagDestroy(input:{id:903})}');
    await side.sync();
    await side.assertInStep();
    await side.assertQuiet();
  });

  for (const where of ['in Stash', 'here']) {
    test(`that names a tag which was merged ${where} names the one that is left, there too`, async (t) => {
      const prepared =
        ['a', 'b', 'c']
          .map(
            (name, i) =>
              `insert into tags (id, name, created_at, updated_at) values (${901 + i}, 'tag ${name}', '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z');`,
          )
          .join('') +
        filter('merged', [901, 2]) +
        filter('merged and gone', [901, 903]);
      const side = await inStep(t, { writes: true, prepared });
      const { stash, sync, library, assertQuiet } = side;
      await stash.send('mutation{tagDestroy(input:{id:903})}');
      if (where === 'here') await library.stowage('merge', 'tag', 'main:902', 'main:901');
      else await stash.send('mutation{tagsMerge(input:{source:[901],destination:902}){id}}');
      const { exitCode, troubles } = await sync();
      assert.deepEqual([exitCode, troubles], [0, []]);
      assert.deepEqual(await named(side, 'merged'), [902, 2]);
      // It cannot be told, since it names what is nowhere.
      assert.deepEqual(await named(side, 'merged and gone'), [901, 903]);
      await assertQuiet();
    });
  }
});

describe('a change made in the library', () => {
  for (const { number, what, here, returns } of changes) {
    if (!here) continue;
    test(`goes back with the next sync: ${number}, ${what}`, async (t) => {
      const side = await inStep(t, { writes: true });
      await side.query(`UPDATE stowage.sources SET deletions = 'both'`);
      await here(side);
      const synced = await side.sync();
      assert.equal(synced.exitCode, 0, JSON.stringify(synced.troubles));
      const found = side.changesOf(synced);
      assert.ok(found.includes(returns as string), `${returns} among ${found.join(', ')}`);
      await side.assertInStep();
      await side.assertQuiet();
    });
  }
});
