import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { createTables } from '../../contract/tables.ts';
import type { Kind, Rec } from '../../model/kinds.ts';
import { TablesReader } from './reader.ts';

const at = "'2020-01-02T03:04:05Z'";

test('records come ascending in batches, each once, with their rows of every child table', (t) => {
  const reader = readerOf(
    t,
    `with recursive n(i) as (select 1201 union all select i - 1 from n where i > 1)
     insert into tags (id, name, created_at, updated_at) select i, 'tag ' || i, ${at}, ${at} from n;
     insert into tag_aliases select id, 'b' || id from tags where id % 2;
     insert into tag_aliases select id, 'a' || id from tags;
     insert into tags_relations (child_id, parent_id) select id, id - 1 from tags where id > 1;`,
  );
  const batches = [...reader.records('tag')];
  const [first, ...others] = batches.map((batch) => batch.length);
  assert.ok(others.length > 1);
  assert.ok(others.slice(0, -1).every((length) => length === first));
  const records = batches.flat();
  assert.deepEqual(
    records.map(({ id }) => id),
    Array.from({ length: 1201 }, (_, i) => i + 1),
  );
  assert.deepEqual(records[599]?.aliases, ['a600']);
  assert.deepEqual(records[600]?.aliases, ['a601', 'b601']);
  assert.deepEqual(records[600]?.parents, [600]);
  assert.equal(reader.counts().tag, 1201);
});

test('a field whose table or column the file lacks is unknown, not empty', (t) => {
  const tag = `insert into tags (id, name, created_at, updated_at) values (1, 'a', ${at}, ${at});`;
  const old = one(readerOf(t, tag, 'v0.25'), 'tag');
  assert.ok(!('sortName' in old) && !('stashIds' in old) && !('customFields' in old));
  const newer = one(readerOf(t, tag, 'newer'), 'tag');
  assert.deepEqual([newer.sortName, newer.stashIds, newer.customFields], ['', {}, {}]);
});

test('a NULL text is an empty one, a NULL date or number is null', (t) => {
  const performer = one(
    readerOf(
      t,
      `insert into performers (id, name, created_at, updated_at) values (1, 'a', ${at}, ${at});`,
    ),
    'performer',
  );
  assert.equal(performer.disambiguation, '');
  assert.equal(performer.birthdate, null);
  assert.equal(performer.height, null);
  assert.equal(performer.gender, null);
});

test('a text is kept to the last character, whatever it holds', (t) => {
  const name = 'a\u0000b\t\n\\N \u{1F3F4} עברית \u200b';
  const reader = readerOf(
    t,
    `insert into groups (id, name, created_at, updated_at)
    values (1, cast(x'${Buffer.from(name).toString('hex')}' as text), ${at}, ${at});`,
  );
  assert.equal(one(reader, 'group').name, name);
});

test('a date has the precision that was stored with it', (t) => {
  const reader = readerOf(
    t,
    `insert into scenes (id, date, date_precision, created_at, updated_at) values
      (1, '2018-03-01', null, ${at}, ${at}), (2, '2018-03-01', 1, ${at}, ${at}),
      (3, '2018-01-01', 2, ${at}, ${at}), (4, '2018-01-01T00:00:00Z', 0, ${at}, ${at});`,
  );
  assert.deepEqual(
    all(reader, 'scene').map(({ date }) => date),
    ['2018-03-01', '2018-03', '2018', '2018-01-01'],
  );
});

test('what Stash itself cannot read is named, and the rest arrives', (t) => {
  const reader = readerOf(
    t,
    `insert into scenes (id, title, date, rating, created_at, updated_at)
       values (1, 'one', 'soon', 9223372036854775807, 'never', ${at});
     insert into saved_filters (id, mode, name, object_filter) values (1, 'SCENES', 'f', '{');`,
  );
  const scene = one(reader, 'scene');
  assert.deepEqual(
    [scene.title, scene.date, scene.rating, scene.createdAt, scene.updatedAt],
    ['one', '0001-01-01', undefined, undefined, '2020-01-02T03:04:05Z'],
  );
  const filter = one(reader, 'savedFilter');
  assert.deepEqual([filter.name, filter.findFilter, filter.objectFilter], ['f', null, undefined]);
  const named = new Set(reader.troubles.map(({ kind, id, field }) => `${kind} ${id} ${field}`));
  assert.deepEqual(
    named,
    new Set(['scene 1 date', 'scene 1 rating', 'scene 1 createdAt', 'savedFilter 1 objectFilter']),
  );
});

test('rows of no record are passed over, links to no record left out and named', (t) => {
  const reader = readerOf(
    t,
    `insert into tags (id, name, created_at, updated_at) values (5, 'a', ${at}, ${at});
     insert into scenes (id, studio_id, created_at, updated_at) values (3, 9, ${at}, ${at});
     insert into scenes_tags (scene_id, tag_id) values (1, 5), (3, 5), (3, 6), (4, 5);
     insert into scenes_view_dates (scene_id, view_date) values (2, ${at});`,
  );
  const scene = one(reader, 'scene');
  assert.deepEqual([scene.tags, scene.studio, scene.plays], [[5], null, []]);
  assert.deepEqual(
    reader.troubles.map(({ kind, id, field, why }) => `${kind} ${id} ${field} ${why}`),
    [
      'scene 3 studio names studio 9, which is not there',
      'scene 3 tags names tag 6, which is not there',
    ],
  );
});

test('plays are a multiset of instants in UTC', (t) => {
  const reader = readerOf(
    t,
    `insert into scenes (id, created_at, updated_at) values (1, ${at}, ${at});
     insert into scenes_view_dates (scene_id, view_date) values
       (1, '2021-05-01T03:00:00+02:00'), (1, '2021-05-01T00:30:00Z'), (1, '2021-05-01T01:00:00Z');`,
  );
  assert.deepEqual(one(reader, 'scene').plays, [
    '2021-05-01T00:30:00Z',
    '2021-05-01T01:00:00Z',
    '2021-05-01T01:00:00Z',
  ]);
});

test('a phash is the hexadecimal of its 64 bits, without leading zeros', (t) => {
  const reader = readerOf(
    t,
    `insert into folders (id, path, mod_time, created_at, updated_at) values (1, '/d', ${at}, ${at}, ${at});
     insert into files (id, basename, parent_folder_id, size, mod_time, created_at, updated_at)
       values (1, 'f', 1, 1, ${at}, ${at}, ${at});
     insert into files_fingerprints (file_id, type, fingerprint) values
       (1, 'phash', -2), (1, 'oshash', '00ff'), (1, 'md5', cast('ab' as blob));`,
  );
  assert.deepEqual(one(reader, 'file').fingerprints, [
    { type: 'md5', value: 'ab' },
    { type: 'oshash', value: '00ff' },
    { type: 'phash', value: 'fffffffffffffffe' },
  ]);
});

test('a path is the folder’s with the name, in the server’s own way', (t) => {
  const reader = readerOf(
    t,
    `insert into folders (id, path, mod_time, created_at, updated_at) values
       (1, '/', ${at}, ${at}, ${at}), (2, 'C:\\a\\b.zip', ${at}, ${at}, ${at}), (3, '\\\\nas\\x', ${at}, ${at}, ${at});
     insert into files (id, basename, parent_folder_id, zip_file_id, size, mod_time, created_at, updated_at) values
       (1, 'f', 1, null, 1, ${at}, ${at}, ${at}), (2, 'g.jpg', 2, 1, 1, ${at}, ${at}, ${at}),
       (3, 'h', 3, null, 1, ${at}, ${at}, ${at});
     insert into image_files (file_id, format, width, height) values (2, 'jpeg', 3, 4);`,
  );
  const [root, inZip, share] = all(reader, 'file');
  assert.deepEqual(
    [root?.path, inZip?.path, share?.path],
    ['/f', 'C:\\a\\b.zip\\g.jpg', '\\\\nas\\x\\h'],
  );
  assert.deepEqual([root?.zipFile, inZip?.zipFile], [null, 1]);
  assert.deepEqual([root?.type, inZip?.type], ['basic', 'image']);
  assert.deepEqual([inZip?.width, inZip?.duration, root?.width], [3, undefined, undefined]);
});

test('custom fields keep the type they are stored with, and any name', (t) => {
  const reader = readerOf(
    t,
    `insert into performers (id, name, created_at, updated_at) values (1, 'a', ${at}, ${at});
     insert into performer_custom_fields (performer_id, field, value) values
       (1, 'text', '007'), (1, 'integer', 7), (1, 'real', 1.5), (1, 'big', 9223372036854775807),
       (1, '__proto__', 'mine'), (1, 'bytes', x'00ff');`,
  );
  const fields = one(reader, 'performer').customFields ?? {};
  assert.deepEqual(
    new Map(Object.entries(fields)),
    new Map<string, unknown>([
      ['__proto__', 'mine'],
      ['big', 2n ** 63n - 1n],
      ['bytes', 'AP8='],
      ['integer', 7],
      ['real', 1.5],
      ['text', '007'],
    ]),
  );
});

test('a number that JSON cannot hold is left out of the custom fields, and named', (t) => {
  const reader = readerOf(
    t,
    `insert into performers (id, name, created_at, updated_at) values (1, 'a', ${at}, ${at});
     insert into performer_custom_fields (performer_id, field, value) values
       (1, 'far', 9e999), (1, 'near', 1), (1, 'under', -9e999);`,
  );
  assert.deepEqual(one(reader, 'performer').customFields, { near: 1 });
  assert.deepEqual(
    reader.troubles.map(({ field, why }) => `${field} ${why}`),
    [
      'customFields "far" is Infinity, which cannot be kept',
      'customFields "under" is -Infinity, which cannot be kept',
    ],
  );
});

test('a file whose folder is not there has its bare name, and is named', (t) => {
  const reader = readerOf(
    t,
    `insert into files (id, basename, parent_folder_id, size, mod_time, created_at, updated_at)
       values (1, 'f', 9, 1, ${at}, ${at}, ${at});`,
  );
  assert.equal(one(reader, 'file').path, 'f');
  assert.deepEqual(reader.troubles, [
    { kind: 'file', id: 1, field: 'path', why: 'names folder 9, which is not there' },
  ]);
});

test('a saved filter that is no object is an empty one, as Stash shows it, and named', (t) => {
  const reader = readerOf(
    t,
    `insert into saved_filters (id, mode, name, object_filter, ui_options) values
       (1, 'TAGS', 'a', '[]', '"x"'), (2, 'TAGS', 'b', '{}', '5');`,
  );
  assert.deepEqual(
    all(reader, 'savedFilter').map(({ objectFilter, uiOptions }) => [objectFilter, uiOptions]),
    [
      [{}, {}],
      [{}, {}],
    ],
  );
  assert.deepEqual(
    reader.troubles.map(({ id, field }) => `${id} ${field}`),
    ['1 objectFilter', '1 uiOptions', '2 uiOptions'],
  );
});

test('a saved filter’s sorting has all its keys, or is null', (t) => {
  const reader = readerOf(
    t,
    `insert into saved_filters (id, mode, name, find_filter, object_filter) values
       (1, 'TAGS', 'a', '{"q":"x"}', '{"a":[1]}'), (2, 'TAGS', 'b', 'null', ''), (3, 'TAGS', 'c', null, 'null');`,
  );
  const none = { page: null, per_page: null, sort: null, direction: null };
  assert.deepEqual(
    all(reader, 'savedFilter').map(({ findFilter, objectFilter }) => [findFilter, objectFilter]),
    [
      [{ q: 'x', ...none }, { a: [1] }],
      [null, null],
      [null, null],
    ],
  );
});

test('a group lists its sub-groups in their order, counted from 0 without gaps', (t) => {
  const reader = readerOf(
    t,
    `insert into groups (id, name, created_at, updated_at)
       values (1, 'a', ${at}, ${at}), (2, 'b', ${at}, ${at}), (3, 'c', ${at}, ${at});
     insert into groups_relations (containing_id, sub_id, order_index, description)
       values (1, 2, 9, null), (1, 3, 4, 'first');`,
  );
  assert.deepEqual(all(reader, 'group')[0]?.subGroups, {
    3: { position: 0, description: 'first' },
    2: { position: 1, description: '' },
  });
});

/** A reader of a database laid out like that of a version, filled by this SQL. */
function readerOf(
  t: TestContext,
  sql: string,
  version: 'v0.25' | 'v0.30' | 'newer' = 'v0.30',
): TablesReader {
  const folder = mkdtempSync(join(tmpdir(), 'stowage-reader-'));
  const file = join(folder, 'stash.sqlite');
  {
    using db = new DatabaseSync(file, { enableForeignKeyConstraints: false });
    db.exec('pragma journal_mode = off; pragma synchronous = off');
    createTables(db, version);
    db.exec(sql);
  }
  const reader = new TablesReader(file);
  t.after(() => {
    reader.close();
    rmSync(folder, { recursive: true });
  });
  return reader;
}

const all = <K extends Kind>(reader: TablesReader, kind: K): Rec<K>[] =>
  [...reader.records(kind)].flat();

function one<K extends Kind>(reader: TablesReader, kind: K): Rec<K> {
  const [record, ...others] = all(reader, kind);
  assert.ok(record && others.length === 0, `one ${kind}`);
  return record;
}
