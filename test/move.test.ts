import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import { generate } from '../src/simulator/generate.ts';
import { type Simulator, startSimulator } from '../src/simulator/simulator.ts';
import { type Ended, ownLibrary } from './support/commands.ts';
import type { Scope } from './support/database.ts';
import { temporaryFolder } from './support/pictures.ts';
import { eventsOf, stowage } from './support/program.ts';

const keys = { from: 'the key of the first', to: 'the key of the second' };

/** What people make, or what hangs on that; a scan leaves it empty. */
const made = [
  ...['tags', 'tag_aliases', 'tag_stash_ids', 'tags_relations', 'studios', 'studio_aliases'],
  ...['studio_stash_ids', 'studio_urls', 'studios_tags', 'performers', 'performer_aliases'],
  ...['performer_stash_ids', 'performer_urls', 'performer_custom_fields', 'performers_tags'],
  ...['groups', 'group_urls', 'groups_tags', 'groups_relations', 'groups_scenes', 'scene_urls'],
  ...['scene_stash_ids', 'scenes_tags', 'scenes_galleries', 'performers_scenes', 'scene_markers'],
  ...['scene_markers_tags', 'scenes_view_dates', 'scenes_o_dates', 'image_urls', 'images_tags'],
  ...['performers_images', 'gallery_urls', 'galleries_tags', 'performers_galleries'],
  ...['galleries_chapters', 'saved_filters', 'blobs'],
];

const withoutScenes = (where: string) => `
  pragma foreign_keys = off;
  delete from scenes where ${where};
  ${[
    ...['scenes_files', 'scenes_tags', 'performers_scenes', 'groups_scenes', 'scenes_galleries'],
    ...['scene_urls', 'scene_stash_ids', 'scenes_view_dates', 'scenes_o_dates', 'scene_markers'],
  ]
    .map((table) => `delete from ${table} where scene_id not in (select id from scenes);`)
    .join('\n')}
  delete from scene_markers_tags where scene_marker_id not in (select id from scene_markers);
  pragma foreign_keys = on;`;

/** The same files as another server, on Linux, knows them that has scanned them: other paths, other numbers. */
const scanned = `
  pragma foreign_keys = off;
  ${made.map((table) => `delete from ${table};`).join('\n')}
  delete from galleries where folder_id is null and id not in (select gallery_id from galleries_files);
  delete from galleries_images where gallery_id not in (select id from galleries);
  update galleries set title = '', details = null, date = null, rating = null, studio_id = null, organized = 0,
    code = null, photographer = null;
  update images set id = id + 100, title = '', details = null, date = null, rating = null, studio_id = null,
    organized = 0, code = null, photographer = null, o_counter = 0;
  update images_files set image_id = image_id + 100;
  update galleries_images set image_id = image_id + 100, cover = 0;
  update scenes set id = id + 100, title = '', details = null, date = null, rating = null, studio_id = null,
    organized = 0, code = null, director = null, resume_time = 0, play_duration = 0, cover_blob = null;
  update scenes_files set scene_id = scene_id + 100;
  update folders set path = replace(replace(path, 'D:\\media', '/media'), '\\', '/');
  pragma foreign_keys = on;`;

const ofScene = (id: string) =>
  `(select f.fingerprint from scenes_files o join files_fingerprints f using (file_id)
     where o.scene_id = ${id} and f.type = 'md5')`;
const ofImage = (id: string) =>
  `(select f.fingerprint from images_files o join files_fingerprints f using (file_id)
     where o.image_id = ${id} and o."primary" and f.type = 'md5')`;
const named = (table: string, id: string) => `(select name from ${table} where id = ${id})`;
const performer = (id: string) =>
  `(select name || ' ' || coalesce(disambiguation, '') from performers where id = ${id})`;

/** What is to be the same on both servers, with names and fingerprints in place of each one's own numbers. */
const told: { [what: string]: string } = {
  tags: `select name, description, sort_name, favorite, image_blob from tags`,
  tagAliases: `select ${named('tags', 'tag_id')} tag, alias from tag_aliases`,
  parents: `select ${named('tags', 'parent_id')} parent, ${named('tags', 'child_id')} child from tags_relations`,
  studios: `select name, ${named('studios o', 's.parent_id')} parent, rating, favorite, image_blob from studios s`,
  performers: `select ${performer('p.id')} who, gender, birthdate, country, rating, height, image_blob from performers p`,
  customFields: `select ${performer('performer_id')} who, field, value from performer_custom_fields`,
  groups: 'select name, rating, date, front_image_blob, back_image_blob from groups',
  subGroups: `select ${named('groups', 'containing_id')} a, ${named('groups', 'sub_id')} b, order_index i from groups_relations`,
  scenes: `select ${ofScene('s.id')} scene, title, details, date, rating, organized, cover_blob,
      ${named('studios', 'studio_id')} studio, resume_time, play_duration from scenes s`,
  sceneTags: `select ${ofScene('x.scene_id')} scene, ${named('tags', 'tag_id')} tag from scenes_tags x`,
  scenePerformers: `select ${ofScene('x.scene_id')} scene, ${performer('performer_id')} who from performers_scenes x`,
  sceneGroups: `select ${ofScene('x.scene_id')} scene, ${named('groups', 'group_id')} name, scene_index i from groups_scenes x`,
  sceneGalleries: `select ${ofScene('x.scene_id')} scene, title from scenes_galleries x join galleries on id = gallery_id`,
  stashIds: `select ${ofScene('x.scene_id')} scene, endpoint, stash_id from scene_stash_ids x`,
  plays: `select ${ofScene('x.scene_id')} scene, datetime(view_date) at from scenes_view_dates x`,
  os: `select ${ofScene('x.scene_id')} scene, datetime(o_date) at from scenes_o_dates x`,
  markers: `select ${ofScene('x.scene_id')} scene, title, seconds, end_seconds e,
      ${named('tags', 'primary_tag_id')} tag from scene_markers x`,
  images: `select ${ofImage('i.id')} image, title, rating, o_counter o, ${named('studios', 'studio_id')} studio
      from images i`,
  imageTags: `select ${ofImage('x.image_id')} image, ${named('tags', 'tag_id')} tag from images_tags x`,
  galleries: `select title, rating, date, ${named('studios', 'studio_id')} studio from galleries`,
  galleryImages: `select title, ${ofImage('x.image_id')} image from galleries_images x join galleries g on g.id = gallery_id`,
  chapters: `select g.title, c.title chapter, image_index i from galleries_chapters c join galleries g on g.id = gallery_id`,
  filters: 'select name, mode from saved_filters',
};

/** A server trims what it is told, and keeps no difference between a text that is empty and none. */
const listed = ({ rows }: Simulator, what: string): string[] =>
  rows(told[what] as string)
    .map((row) =>
      JSON.stringify(row, (_, one) => (typeof one === 'string' ? one.trim() || null : one)),
    )
    .sort();

const everything = (server: Simulator) =>
  Object.fromEntries(Object.keys(told).map((what) => [what, listed(server, what)]));

/** What a server was sent that changes it. */
const written = ({ requests }: Simulator) =>
  requests.flatMap(({ query, names }) =>
    /^\s*mutation/.test(query ?? '') && !names.includes('querySQL') ? [names.at(-1)] : [],
  );

const folder = mkdtempSync(path.join(tmpdir(), 'stowage-move-'));
after(() => rmSync(folder, { recursive: true }));
const [first, second] = ['first', 'second'].map((name) => path.join(folder, `${name}.sqlite`)) as [
  string,
  string,
];
generate(first, { scenes: 20, images: 20, windows: true, pictures: 'few', galleries: 6 });
edited(
  first,
  // What another server is not given: a scene without a file, and chapters of images that are not there.
  `${withoutScenes('id not in (select scene_id from scenes_files)')}
   delete from galleries_chapters where image_index >
     (select count(*) from galleries_images i where i.gallery_id = galleries_chapters.gallery_id)`,
);
copyFileSync(first, second);
edited(second, scanned);

function edited(database: string, sql: string): void {
  const opened = new DatabaseSync(database);
  opened.exec(sql);
  opened.close();
}

describe('move', () => {
  /** Two servers of the same files, the second without anything that a person made. */
  async function servers(t: Scope) {
    const start = async (database: string, apiKey: string) => {
      const simulator = await startSimulator({ database, apiKey });
      t.after(() => simulator.close());
      return simulator;
    };
    const [from, to] = [await start(first, keys.from), await start(second, keys.to)];
    const words = [
      ...['move', '--from', from.url, '--api-key', keys.from, '--to', to.url],
      ...['--map', String.raw`D:\media=/media`],
    ];
    /** Each time through a library that knows of nothing. */
    const move = async (...more: string[]): Promise<Ended> =>
      (await ownLibrary(t)).stowage(...words, '--to-api-key', keys.to, ...more);
    return { from, to, words, move };
  }

  test('a server is not brought to itself, however its address is written', async (t) => {
    const { from, words } = await servers(t);
    const { port } = new URL(from.url);
    for (const to of [from.url, `http://localhost:${port}/`, `127.0.0.1:${port}`]) {
      const moved = await (await ownLibrary(t)).stowage(...words.slice(0, 5), '--to', to);
      assert.deepEqual([moved.exitCode, moved.error?.code], [2, 'usage']);
      assert.match(moved.error?.message ?? '', /same Stash/);
    }
    assert.deepEqual(from.requests, []);
  });

  test('everything arrives where only the files were; once more, nothing is left to do', async (t) => {
    const { from, to, move } = await servers(t);
    const wanted = everything(from);
    for (const [what, rows] of Object.entries(wanted)) assert.ok(rows.length > 0, what);
    const moved = await move();
    assert.deepEqual([moved.error?.message, moved.troubles], [undefined, []]);
    assert.equal(moved.exitCode, 0);
    assert.deepEqual(everything(to), wanted);
    assert.deepEqual(everything(from), wanted);
    assert.deepEqual(written(from), ['BackupDatabase']);
    assert.equal(written(to)[0], 'BackUpThere');
    const { length } = to.requests;
    const again = await move();
    assert.deepEqual([again.troubles, again.exitCode], [[], 0]);
    assert.deepEqual(everything(to), wanted);
    const sent = to.requests.slice(length);
    assert.deepEqual(written({ ...to, requests: sent }), []);
    for (const [server, key] of [
      [from, keys.from],
      [to, keys.to],
    ] as const) {
      assert.deepEqual(
        new Set(server.requests.map(({ headers }) => headers.apikey)),
        new Set([key]),
      );
    }
  });

  test('what the second server has of its own stays; what it has no file for is told', async (t) => {
    const { from, to, move } = await servers(t);
    to.sql(`insert into tags (id, name, created_at, updated_at) values (1, 'its own', '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z');
      insert into scenes_tags (scene_id, tag_id) values (103, 1), (104, 1);
      update scenes set title = 'Its own title', details = 'its own details' where id = 103;
      insert into scenes_view_dates (scene_id, view_date) values (103, '2024-01-02T03:04:05Z')`);
    // A scene and a file that only the first has, and one that only the second has.
    const lost = Number(Object.values(to.rows('select max(id) from scenes')[0] as object)[0]);
    to.sql(withoutScenes(`id = ${lost}`));
    from.sql(`${withoutScenes('id = 5')} update scenes set details = null where id = 3`);
    // A tag that is an alias there cannot be made, nor a filter that would find something else without it.
    from.sql(`insert into tags (id, name, created_at, updated_at) values (900, 'tide', '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z');
      insert into saved_filters (id, mode, name, object_filter) values (900, 'SCENES', 'tidal', '{"tags":{"value":{"items":[{"id":"900","label":"tide"}]},"modifier":"INCLUDES"}}');
      insert into scene_markers (id, title, seconds, primary_tag_id, scene_id, created_at, updated_at)
        values (900, 'high', 1, 900, 3, '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z');
      insert into scenes_tags (scene_id, tag_id) values (3, 900)`);
    to.sql(`insert into tag_aliases (tag_id, alias) values (1, 'tide')`);
    const plays = listed(to, 'plays').length;
    const moved = await move();
    assert.deepEqual(
      moved.troubles.map(({ kind, id, name, why }) => `${kind} ${id ?? name}: ${why}`),
      [
        "tag tide: the source refused it: Stash refused TagCreate. It says: name 'tide' is used as alias for 'its own'",
        'savedFilter tidal: the source refused it: It names a record that is not there.',
        'tag 900: a question: it may be tag its own there (an alias is the name here)',
        `scene ${lost - 100}: the second server has nothing for it`,
        'marker 900: the second server has nothing for it',
        'savedFilter 900: the second server has nothing for it',
      ],
    );
    assert.deepEqual([moved.exitCode, moved.summary.left, moved.summary.asked], [3, 3, 1]);
    assert.match(
      moved.warnings.join('\n'),
      /scan the files that it lacks, and run the same command/,
    );
    const scene = (id: number) => to.rows(`select title, details from scenes where id = ${id}`)[0];
    const [{ title } = { title: '' }] = from.rows('select title from scenes where id = 3') as [
      { title: string },
    ];
    assert.deepEqual({ ...(scene(103) as object) }, { title, details: 'its own details' });
    assert.ok(scene(105), 'a scene of its own');
    assert.equal(to.rows('select * from scenes_tags where tag_id = 1').length, 2);
    assert.equal(listed(to, 'plays').length, plays + listed(from, 'plays').length);
    to.sql(`update scenes set title = 'Its own title' where id = 103`);
    await move('--prefer', 'to');
    assert.equal((scene(103) as { title: string }).title, 'Its own title');
  });

  test('what an older server has no place for is told', async (t) => {
    const { from } = await servers(t);
    const database = path.join(folder, 'older.sqlite');
    generate(database, { scenes: 5, images: 5, version: 'v0.25' });
    const older = await startSimulator({ database });
    t.after(() => older.close());
    const moved = await (await ownLibrary(t)).stowage(
      ...['move', '--from', from.url, '--api-key', keys.from, '--to', older.url],
    );
    assert.equal(moved.exitCode, 3, moved.error?.message);
    const told = moved.warnings.find((text) => /no place/.test(text)) ?? '';
    assert.match(told, /customFields of \d+ performers?, .*subGroups of \d+ groups?/);
    assert.match(told, /endSeconds of \d+ markers/);
    const lacks = moved.summary.lacks as { kind: string; field: string }[];
    // Addresses are united in the one that it has, and told one by one.
    assert.ok(!lacks.some(({ kind, field }) => kind === 'performer' && field === 'urls'));
  });

  test('the library between is kept where STOWAGE_DATA says; what is not carried is said', async (t) => {
    const { from, to } = await servers(t);
    const data = await temporaryFolder(t);
    const words = ['move', '--from', from.url, '--to', to.url, '--map', 'D:\\media=/media'];
    const env = {
      ...{ STOWAGE_DATA: data, STOWAGE_API_KEY: keys.from, STOWAGE_TO_API_KEY: keys.to },
    };
    const moved = await stowage(words, { env });
    assert.equal(moved.code, 0, moved.stderr);
    assert.match(moved.stdout, /does not carry the date on which .* was added.*front page/s);
    const kept = await stowage(['status', '--json'], { env });
    assert.deepEqual(
      eventsOf(kept.stdout).flatMap(({ event, name }) => (event === 'source' ? [name] : [])),
      ['from', 'to'],
    );
  });

  test('--dry-run shows it, in no library and on no server', async (t) => {
    const { to, words } = await servers(t);
    const library = await ownLibrary(t);
    const [before, contents] = [everything(to), await library.contents()];
    const shown = await library.stowage(...words, '--to-api-key', keys.to, '--dry-run');
    assert.equal(shown.exitCode, 0, shown.error?.message);
    assert.match(shown.lines.join('\n'), /scenes +update +library → to/);
    assert.deepEqual(written(to), []);
    assert.deepEqual([everything(to), await library.contents()], [before, contents]);
  });

  test('a wrong key, or none, is told before anything is begun', async (t) => {
    const { from, to, words } = await servers(t);
    const library = await ownLibrary(t);
    for (const key of [[], ['--to-api-key', keys.from]]) {
      const { exitCode, error } = await library.stowage(...words, ...key);
      assert.deepEqual([exitCode, error?.code], [1, 'source.unauthorized']);
      assert.match(String(error?.remedy), /STOWAGE_TO_API_KEY/);
    }
    assert.deepEqual([from.requests.length, written(to)], [0, []]);
  });

  test('a second server that refuses loses nothing, and gets it the next time', async (t) => {
    const { from, to, words } = await servers(t);
    const { stowage } = await ownLibrary(t);
    const move = () => stowage(...words, '--to-api-key', keys.to);
    const before = everything(to);
    to.faults.add({ kind: 'status', status: 403, on: 'backupDatabase' });
    const refused = await move();
    assert.deepEqual([refused.exitCode, refused.error?.code], [1, 'source.forbidden']);
    assert.deepEqual(everything(to), before);
    to.faults.clear();
    to.faults.add({ kind: 'status', status: 403, on: /^(bulk)?scenes?Update$/i });
    const partly = await move();
    assert.notEqual(partly.exitCode, 0);
    to.faults.clear();
    const whole = await move();
    assert.deepEqual([whole.exitCode, whole.error?.message], [0, undefined]);
    assert.deepEqual(everything(to), everything(from));
  });
});
