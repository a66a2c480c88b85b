import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { generate } from '../src/simulator/generate.ts';
import { startSimulator } from '../src/simulator/simulator.ts';
import { call, type Ended, ownLibrary } from './support/commands.ts';
import './support/database.ts';
import type { Scope } from './support/database.ts';
import { temporaryFolder } from './support/pictures.ts';

const now = `'2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z'`;
const fileOf = (scene: number) => `(select file_id from scenes_files where scene_id = ${scene})`;
const ofScenes = [
  ...['scene_stash_ids', 'scenes_tags', 'performers_scenes', 'groups_scenes', 'scenes_galleries'],
  ...['scene_urls', 'scene_markers', 'scenes_view_dates', 'scenes_o_dates'],
];
const box = 'https://box.example/graphql';

/** The file of a scene keeps its oshash and size, and is another one. */
const collision = `update files set basename = 'incomplete download.mp4' where id = ${fileOf(105)};
  update files_fingerprints set fingerprint = '${'a'.repeat(32)}' where file_id = ${fileOf(105)} and type = 'md5';
  update video_files set duration = duration + 600 where file_id = ${fileOf(105)};`;

describe('who is who on two servers whose evidence contradicts itself', () => {
  /** Two servers of the same files, the second as it scanned them. */
  async function servers(t: Scope, first: string, second: string) {
    const folder = await temporaryFolder(t);
    const start = async (name: string, sql: string) => {
      const database = path.join(folder, name);
      const opened = new DatabaseSync(database);
      opened.exec(`pragma foreign_keys = off; ${sql}`);
      opened.close();
      const simulator = await startSimulator({ database });
      t.after(() => simulator.close());
      return simulator;
    };
    generate(path.join(folder, 'first'), { scenes: 12, images: 20, galleries: 6 });
    const bare = new DatabaseSync(path.join(folder, 'first'));
    bare.exec(`pragma foreign_keys = off; delete from scenes where id not in (select scene_id from scenes_files);
      ${ofScenes.map((table) => `delete from ${table} where scene_id not in (select id from scenes);`).join(' ')}`);
    bare.close();
    copyFileSync(path.join(folder, 'first'), path.join(folder, 'second'));
    const scanned = `update scenes set id = id + 100, title = '', details = '', rating = null;
      update scenes_files set scene_id = scene_id + 100;
      ${ofScenes.map((table) => `delete from ${table};`).join(' ')}
      delete from scene_markers_tags;`;
    const library = await ownLibrary(t);
    const [from, to] = [
      await start('first', `delete from scene_stash_ids; ${first}`),
      await start('second', `${scanned} ${second}`),
    ];
    return { from, to, library };
  }

  const troubles = ({ troubles: all }: Ended) =>
    all.map(({ kind, id, name, why }) => `${kind} ${id ?? name}: ${why}`).sort();

  test('content goes before a stash id, and what no content settles is asked, not written', async (t) => {
    const { from, to, library } = await servers(
      t,
      `update scenes set title = 'Harbour ' || id, rating = 20 + id;
       insert into scene_stash_ids (scene_id, endpoint, stash_id, updated_at) values
         (3, '${box}', 'three', '2024-01-01T00:00:00Z'), (4, '${box}', 'four', '2024-01-01T00:00:00Z')`,
      `${collision}
       update scenes set title = 'ANOTHER FILE' where id = 105;
       insert into scene_stash_ids (scene_id, endpoint, stash_id, updated_at) values
         (104, '${box}/', 'three', '2024-01-01T00:00:00Z')`,
    );
    const moved = await library.stowage('move', '--from', from.url, '--to', to.url);
    assert.equal(moved.exitCode, 3, moved.error?.message);
    const title = (id: number) =>
      Object.values(to.rows(`select title from scenes where id = ${id}`)[0] as object)[0];
    assert.deepEqual([105, 103, 104].map(title), ['ANOTHER FILE', 'Harbour 3', 'Harbour 4']);
    // The one server writes the address of the box in its own way, also where it had no id before.
    assert.deepEqual(
      to
        .rows('select scene_id, endpoint, stash_id from scene_stash_ids order by 1')
        .map((row) => Object.values(row as object)),
      [
        [103, `${box}/`, 'three'],
        [104, `${box}/`, 'four'],
      ],
    );
    const [left] = troubles(moved).filter((text) => text.startsWith('scene'));
    assert.match(
      left as string,
      /^scene 5: a question: it may be scene ANOTHER FILE there \(the same oshash, but another MD5/,
    );
    assert.deepEqual(
      troubles(moved).filter((text) => /nothing for it/.test(text)),
      [],
    );
    assert.deepEqual([moved.summary.left, moved.summary.asked], [0, 1]);
    assert.match(moved.warnings.join('\n'), /for you to say: `stowage matches`/);

    const listed = await library.stowage('matches');
    const shown = listed.lines.join('\n');
    assert.match(
      shown,
      /ANOTHER FILE \(to:105\) may be Harbour 5: the same oshash, but another MD5 and another duration/,
    );
    assert.match(shown, /library: .*, oshash [0-9a-f]+, md5 (?!aaaa)[0-9a-f]{32}/);
    assert.match(
      shown,
      /to: .*incomplete download\.mp4, .* bytes, .* s, oshash [0-9a-f]+, md5 a{32}/,
    );
    assert.match(shown, /`stowage matches accept \d+`/);
    const [match] = listed.events.filter(({ event }) => event === 'match');
    // A person who knows better says so: then they are one, and it goes there.
    assert.equal((await library.stowage('matches', 'accept', String(match?.id))).exitCode, 0);
    await library.stowage('sync', '--name', 'to');
    assert.equal(title(105), 'Harbour 5');
    const again = await library.stowage('sync', '--name', 'to');
    assert.match(again.lines.join('\n'), /Nothing to do/);
  });

  test('a folder that macOS decomposed is found, one that differs stays; how to keep a library is said', async (t) => {
    const decomposed = '/media/Pre\u0301sent';
    const composed = '/media/Pr\u00e9sent';
    const gallery = (
      id: number,
      where: string,
    ) => `insert into folders (id, path, mod_time, created_at, updated_at)
        values (${id}, '${where}', '2024-01-01T00:00:00Z', ${now});
      insert into galleries (id, folder_id, title, organized, created_at, updated_at) values (${id}, ${id}, '', 0, ${now});`;
    const { from, to } = await servers(
      t,
      `${gallery(901, `${decomposed}/one`)} ${gallery(902, `${decomposed}/two`)}
       update galleries set title = 'walk ' || id, rating = 77 where id > 900`,
      `${gallery(801, `${composed}/one`)} ${gallery(802, `${composed}/two`)} ${gallery(803, `${decomposed}/two`)} ${collision}`,
    );
    const moved = await call('move', '--from', from.url, '--to', to.url);
    assert.deepEqual([moved.exitCode, moved.summary.left, moved.summary.asked], [3, 0, 1]);
    assert.match(moved.warnings.join('\n'), /run the same command with `--data DIR`/);
    assert.deepEqual(
      to
        .rows('select id, title, rating from galleries where id > 800 order by id')
        .map((row) => ({ ...(row as object) })),
      [
        { id: 801, title: 'walk 901', rating: 77 },
        { id: 802, title: '', rating: null },
        { id: 803, title: 'walk 902', rating: 77 },
      ],
    );
  });

  test('names that are aliases on the other side are suggested in both directions', async (t) => {
    const tag = (id: number, name: string, scene: number) =>
      `insert into tags (id, name, created_at, updated_at) values (${id}, '${name}', ${now});
       insert into scenes_tags (scene_id, tag_id) values (${scene}, ${id});`;
    const shared = `${tag(900, 'shore', 0)} delete from scenes_tags where scene_id = 0;
      insert into performers (id, name, disambiguation, created_at, updated_at) values (900, 'Ann', NULL, ${now});`;
    const { from, to, library } = await servers(
      t,
      `${shared} ${tag(901, 'bar', 3)} insert into tag_aliases (tag_id, alias) values (900, 'foo')`,
      `${shared} ${tag(902, 'foo', 103)} insert into tag_aliases (tag_id, alias) values (900, 'bar');
       update performers set disambiguation = '' where id = 900`,
    );
    const moved = await library.stowage('move', '--from', from.url, '--to', to.url);
    assert.equal(moved.exitCode, 3, moved.error?.message);
    assert.ok(
      troubles(moved).includes(
        'tag 901: a question: it may be tag shore there (its name is an alias of the other)',
      ),
      troubles(moved).join('\n'),
    );
    const listed = (await library.stowage('matches', '--kind', 'tag')).events.filter(
      ({ event }) => event === 'match',
    );
    assert.deepEqual(
      listed.map(({ label, other, source }) => `${source}: ${label}, ${other}`).sort(),
      ['from: bar, shore', 'to: foo, shore'],
    );
    // NULL and an empty disambiguation are one.
    assert.equal(to.rows(`select 1 from performers where name = 'Ann'`).length, 1);
    const accepted = await library.stowage(
      ...['matches', 'accept', ...listed.map(({ id }) => String(id))],
    );
    assert.equal(accepted.exitCode, 0, accepted.error?.message);
    const synced = await library.stowage('sync', '--name', 'to');
    assert.deepEqual([synced.exitCode, synced.troubles], [0, []]);
    assert.deepEqual(
      to
        .rows(`select name from tags where name in ('foo', 'bar', 'shore')`)
        .map((row) => Object.values(row as object)[0]),
      ['shore'],
    );
    const tagged = to.rows('select scene_id from scenes_tags where tag_id = 900');
    assert.deepEqual(
      tagged.map((row) => Object.values(row as object)[0]),
      [103],
    );
    // Said once, it is not asked again.
    assert.deepEqual((await library.stowage('matches', '--kind', 'tag')).summary, { matches: 0 });
  });
});
