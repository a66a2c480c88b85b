import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { kindNumber } from '../src/library/layout.ts';
import type { Kind } from '../src/model/kinds.ts';
import { generate } from '../src/simulator/generate.ts';
import { type OwnLibrary, ownLibrary } from './support/commands.ts';
import './support/database.ts';
import { temporaryFolder } from './support/pictures.ts';

async function migrated(t: TestContext): Promise<OwnLibrary> {
  const database = path.join(await temporaryFolder(t), 'stash.sqlite');
  generate(database, { scenes: 60, images: 60, pictures: 'all' });
  const library = await ownLibrary(t);
  const { exitCode } = await library.stowage('migrate', '--from', database);
  assert.equal(exitCode, 0);
  return library;
}

test('an export reads no base', async (t) => {
  const library = await migrated(t);
  const before = await contents(await library.exported());
  await library.query(`UPDATE stowage.links SET base = '{"spoiled": true}', seen = ''`);
  assert.deepEqual(await contents(await library.exported()), before);
  assert.ok((before.get('scenes.jsonl')?.length ?? 0) > 10_000);
});

test('an export shows what was edited in the library, and nothing else changed', async (t) => {
  const library = await migrated(t);
  const before = await fields(await library.exported());
  const id = (kind: Kind, remote: number) =>
    `(SELECT library_id FROM stowage.links WHERE kind = ${kindNumber[kind]} AND remote_id = ${remote})`;
  await library.query(`
    UPDATE qar.cargo SET title = 'edited', date = '2018-05', rating = NULL, fleet_id = ${id('studio', 2)},
                         urls = '{https://b.example,https://a.example,https://b.example}'
      WHERE id = ${id('scene', 1)};
    DELETE FROM qar.cargo_tags WHERE cargo_id = ${id('scene', 1)};
    INSERT INTO qar.cargo_tags VALUES (${id('scene', 1)}, ${id('tag', 7)}), (${id('scene', 1)}, ${id('tag', 3)});
    DELETE FROM qar.cargo_groups WHERE cargo_id = ${id('scene', 1)};
    INSERT INTO qar.cargo_groups VALUES (${id('scene', 1)}, ${id('group', 2)}, 12);
    DELETE FROM qar.cargo_stash_ids WHERE cargo_id = ${id('scene', 1)};
    INSERT INTO qar.cargo_stash_ids VALUES (${id('scene', 1)}, 'https://box.example', 'abc', NULL);
    DELETE FROM qar.voyage_log WHERE cargo_id = ${id('scene', 7)};
    INSERT INTO qar.voyage_log (cargo_id, what, at) VALUES
      (${id('scene', 7)}, 'play', '2022-02-02 02:02:02.5+02'), (${id('scene', 7)}, 'play', '2022-02-02 00:02:02.5+00'),
      (${id('scene', 7)}, 'o', '2023-03-03 03:03:03Z');
    DELETE FROM qar.tag_parents WHERE tag_id = ${id('tag', 22)};
    INSERT INTO qar.tag_parents VALUES (${id('tag', 22)}, ${id('tag', 23)});
    UPDATE qar.tags SET aliases = '{x,y}' WHERE id = ${id('tag', 2)};
    UPDATE qar.saved_filters SET object_filter =
      jsonb_set(object_filter, '{tags,value,items,0,id}', to_jsonb(${id('tag', 9)}::text)) WHERE id = ${id('savedFilter', 1)};
    DELETE FROM qar.chapters WHERE gallery_id = ${id('gallery', 1)};
    UPDATE qar.galleries SET cover_image_id = ${id('image', 3)} WHERE id = ${id('gallery', 1)};
    UPDATE qar.images SET o_counter = 99 WHERE id = ${id('image', 2)};
    UPDATE qar.crew SET image = NULL, custom_fields = '{"planted": [1, null]}' WHERE id = ${id('performer', 2)};
  `);
  const after = await fields(await library.exported());
  const edited: { [field: string]: unknown } = {};
  for (const [name, value] of after) {
    if (!isDeepStrictEqual(value, before.get(name))) edited[name] = value;
  }
  const filter = before.get('saved_filters 1.object_filter') as { tags: { value: object } };
  assert.deepEqual(edited, {
    'scenes 1.title': 'edited',
    'scenes 1.date': '2018-05',
    'scenes 1.rating100': null,
    'scenes 1.studio': { id: '2' },
    'scenes 1.urls': ['https://b.example', 'https://a.example', 'https://b.example'],
    'scenes 1.tags': [{ id: '3' }, { id: '7' }],
    'scenes 1.groups': [{ group: { id: '2' }, scene_index: 12 }],
    'scenes 1.stash_ids': [{ endpoint: 'https://box.example', stash_id: 'abc', updated_at: null }],
    'scenes 7.play_history': ['2022-02-02T00:02:02.5Z', '2022-02-02T00:02:02.5Z'],
    'scenes 7.play_count': 2,
    'scenes 7.last_played_at': '2022-02-02T00:02:02.5Z',
    'scenes 7.o_history': ['2023-03-03T03:03:03Z'],
    'scenes 7.o_counter': 1,
    'tags 22.parents': [{ id: '23' }],
    'tags 23.children': [{ id: '22' }],
    'tags 7.children': [{ id: '8' }, { id: '21' }, { id: '23' }],
    'tags 2.aliases': ['x', 'y'],
    'saved_filters 1.object_filter': {
      ...filter,
      tags: { ...filter.tags, value: { ...filter.tags.value, items: [{ id: '9', label: 'x' }] } },
    },
    'galleries 1.chapters': [],
    'galleries 1.cover': { id: '3' },
    'images 2.o_counter': 99,
    'performers 2.image_md5': null,
    'performers 2.custom_fields': { planted: [1, null] },
  });
});

test('an export with pictures has every picture that its records name, byte for byte', async (t) => {
  const library = await migrated(t);
  const out = await temporaryFolder(t);
  const exported = () => library.stowage('export', '--as', 'main', '--out', out, '--pictures');
  const whole = await exported();
  assert.equal(whole.exitCode, 0);
  const named = new Set<string>();
  for (const [file, text] of await contents(out)) {
    for (const [, md5] of text.matchAll(/_md5":"([0-9a-f]{32})"/g)) named.add(String(md5));
    assert.match(file, /\.jsonl$/);
  }
  const folder = path.join(out, 'pictures');
  const files = await readdir(folder);
  assert.ok(files.length > 20);
  assert.deepEqual(new Set(files.map((file) => path.parse(file).name)), named);
  for (const file of files) {
    assert.equal(hash('md5', await readFile(path.join(folder, file))), path.parse(file).name);
  }
  assert.equal(whole.summary.pictures, files.length);

  const [lost] = [...named] as [string];
  await rm(path.join(library.data, 'pictures', lost.slice(0, 2), lost.slice(2, 4), lost));
  const short = await exported();
  assert.equal(short.exitCode, 3);
  assert.equal(short.summary.pictures, files.length - 1);
  assert.match(String(short.troubles[0]?.why), /lacks its picture/);
});

/** The files of an export, byte for byte. */
async function contents(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.flatMap((entry) => (entry.isFile() ? [entry.name] : [])).sort();
  const read = files.map(async (file) => [file, await readFile(path.join(folder, file), 'latin1')]);
  return new Map((await Promise.all(read)) as [string, string][]);
}

/** Every field of an export: `scenes 3.title`. */
async function fields(folder: string): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  for (const file of await readdir(folder)) {
    const lines = await readFile(path.join(folder, file), 'utf8');
    for (const line of lines.split('\n').filter(Boolean)) {
      const record = JSON.parse(line);
      for (const [field, value] of Object.entries(record)) {
        found.set(`${path.parse(file).name} ${record.id}.${field}`, value);
      }
    }
  }
  return found;
}
