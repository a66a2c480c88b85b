import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import { createTables } from '../../contract/tables.ts';
import { knownIn } from './coverage.ts';
import { Layout } from './layout.ts';
import { type Ask, mirror } from './mirror.ts';
import { quoted } from './names.ts';
import { Touched } from './touched.ts';
import type { Stored } from './transport.ts';

const at = "'2020-01-02T03:04:05Z'";

test('a mirror holds every value as it is stored there', async (t) => {
  const server = serverOf(t);
  server.exec(`
    insert into performers (id, name, height, penis_length, favorite, birthdate, created_at, updated_at) values
      (1, 'a' || char(0) || 'b "' || char(10) || '\\N \u{1F3F4} עברית', 9223372036854775807, 0.1 + 0.2, 0, '1980-01-01', ${at}, ${at}),
      (2, '', -9007199254740993, 1e300, 'true', 'soon', 1577934245, ${at}),
      (70000, '3', 4.1, 12, 1, null, ${at}, ${at});
    insert into performer_custom_fields (performer_id, field, value) values
      (1, 'text', '3'), (1, 'integer', 3), (1, 'real', 3.0), (1, 'third', 1.0 / 3),
      (1, 'big', -9223372036854775808), (1, 'bytes', x'00ff'), (1, 'empty', ''), (1, 'nothing', x'');
    insert into files_fingerprints (file_id, type, fingerprint)
      values (1, 'phash', -2), (1, 'oshash', '00ff'), (1, 'md5', cast('ab' as blob));
    insert into scenes_view_dates (scene_id, view_date) values (1, ${at}), (1, ${at}), (2, ${at});`);
  const random = server.prepare(
    'insert into scene_markers (title, seconds, primary_tag_id, scene_id, created_at, updated_at) values (?, ?, 1, 1, 1, 1)',
  );
  for (let i = 0; i < 2000; i++) random.run(`${i}`, Math.random() * 10 ** ((i % 40) - 20));
  const file = fileOf(t);
  await mirror(askOf(server), file);
  assertSame(file, server);
});

test('rows that change while they are read end up right', async (t) => {
  const server = serverOf(t);
  server.exec(`with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000)
    insert into scenes (id, title, resume_time, created_at, updated_at) select i, 'title ' || i, 0, ${at}, ${at} from n;
    insert into scenes_tags (scene_id, tag_id) select id, id % 50 from scenes;
    insert into scene_urls (scene_id, position, url) select id, 0, 'https://a.example/' || id from scenes;`);
  const changes = [
    'delete from scenes where id = 1',
    "update scenes set title = 'titlf 9' where id = 9",
    'update scenes set resume_time = 0.5 where id = 2500',
    `insert into scenes (id, title, created_at, updated_at) values (90000, 'new', ${at}, ${at})`,
    `insert into scenes_o_dates (scene_id, o_date) values (7, ${at}), (7, ${at})`,
    'delete from scenes_tags where scene_id between 300 and 900',
    // Two tags swapped between two scenes, and two urls.
    `update scenes_tags set tag_id = iif(scene_id = 10, 11, 10) where scene_id in (10, 11)`,
    `update scene_urls set url = 'https://a.example/' || iif(scene_id = 10, 11, 10) where scene_id in (10, 11)`,
    'delete from scenes_o_dates where rowid = 1',
    'delete from scene_urls where scene_id > 2000',
  ];
  const ask = askOf(server);
  let asked = 0;
  const file = fileOf(t);
  await mirror(async (sql, args) => {
    const answer = await ask(sql, args);
    if (asked++ % 4 === 3) server.exec(changes.pop() ?? 'select 1');
    return answer;
  }, file);
  assert.deepEqual(changes, []);
  assertSame(file, server);
});

test('a mirror from before is brought up to date by reading only what changed', async (t) => {
  const server = serverOf(t);
  server.exec(
    `${tags(3000)}; insert into scenes_view_dates (scene_id, view_date) values (1, ${at}), (1, ${at});`,
  );
  const file = fileOf(t);
  await mirror(askOf(server), file);
  server.exec(`update tags set favorite = 1 where id = 1000; delete from tags where id = 2999;
    delete from scenes_view_dates where rowid = 1; insert into tag_aliases values (5, 'new')`);
  const { ask, read } = noting(server);
  await mirror(ask, file, { compare: 'quick' });
  assert.deepEqual(read, [
    ...['"tags" [15,46]', '"tag_aliases" [0]', '"scenes_view_dates" [0]'],
    // With their tags, since a text may have changed where the digests do not look.
    ...['"tag_aliases" [15,46]', '"tag_stash_ids" [15,46]'],
  ]);
  assertSame(file, server);
});

test('what was read is proven by digests again only where something was written meanwhile', async (t) => {
  const server = serverOf(t);
  server.exec(tags(300));
  const file = fileOf(t);
  await mirror(askOf(server), file);
  const roundsOf = async (meanwhile: string) => {
    server.exec('update tags set favorite = 1 - favorite where id = 70');
    let [changing, rounds] = [meanwhile, 0];
    const ask = askOf(server);
    await mirror(
      async (sql, args) => {
        if (sql.includes('group_concat(i')) rounds++;
        const answer = await ask(sql, args);
        if (sql.includes('json_each') && changing) {
          server.exec(changing);
          changing = '';
        }
        return answer;
      },
      file,
      { compare: 'quick' },
    );
    assertSame(file, server);
    return rounds;
  };
  assert.equal(await roundsOf(''), 1);
  assert.equal(await roundsOf('update tags set ignore_auto_tag = 1 where id = 200'), 2);
});

test('a mirror that is as the server is is left alone', async (t) => {
  const server = serverOf(t);
  server.exec(tags(300));
  const file = fileOf(t);
  await mirror(askOf(server), file);
  const bytes = readFileSync(file);
  for (const compare of ['quick', 'full'] as const) {
    const { ask, read } = noting(server);
    await mirror(ask, file, { compare });
    assert.deepEqual(read, []);
    assert.ok(readFileSync(file).equals(bytes));
  }
});

test('what changed in the second in which it was read is read again', async (t) => {
  const server = serverOf(t);
  server.exec(`${tags(300)}; insert into tag_aliases values (70, 'one')`);
  const now = `strftime('%Y-%m-%dT%H:%M:%SZ')`;
  server.exec(`update tags set name = 'before', updated_at = ${now} where id = 70`);
  const file = fileOf(t);
  await mirror(askOf(server), file);
  // Neither the time nor the length of the name tells of it.
  server.exec(`update tags set name = 'behind' where id = 70`);
  const { ask, read } = noting(server);
  await mirror(ask, file, { compare: 'quick' });
  assert.ok(read.includes('"tags" [1]') && read.includes('"tag_aliases" [1]'));
  assertSame(file, server);
});

test('what belongs to a record that changed is read with it', async (t) => {
  const server = serverOf(t);
  const alias = (middle: string) => `${'a'.repeat(30)}${middle}${'z'.repeat(30)}`;
  server.exec(`${tags(300)}; insert into tag_aliases values (70, '${alias('one')}')`);
  const file = fileOf(t);
  await mirror(askOf(server), file);
  // As long as before, and not other where the digests look: only the time tells, in another table.
  server.exec(`update tag_aliases set alias = '${alias('two')}' where tag_id = 70;
    update tags set updated_at = '2022-02-02T02:02:02Z' where id = 70`);
  await mirror(askOf(server), file, { compare: 'quick' });
  assertSame(file, server);
});

test('a full comparison sees what digests cannot', async (t) => {
  const server = serverOf(t);
  server.exec(tags(300));
  const file = fileOf(t);
  await mirror(askOf(server), file);
  server.exec(`update tags set name = 'tag 07' where id = 70`);
  await mirror(askOf(server), file, { compare: 'full' });
  assertSame(file, server);
});

describe('a mirror is filled anew', () => {
  const cases: [what: string, spoil: (file: string, server: DatabaseSync) => void][] = [
    ['that is no database', (file) => writeFileSync(file, 'x'.repeat(10_000))],
    ['that is damaged', (file) => writeFileSync(file, spoiled(readFileSync(file)))],
    ['that lacks a table', (file) => execIn(file, 'drop table tags')],
    [
      'that was not filled to its end',
      (file) => execIn(file, 'update "stowage:mirror" set filled = 0'),
    ],
    [
      'whose server has other columns',
      (_, server) => server.exec('alter table tags add column mood text'),
    ],
    ['whose server lacks a table', (_, server) => server.exec('drop table tag_stash_ids')],
    [
      'whose server has gone back',
      (_, server) =>
        server.exec('update sqlite_sequence set seq = 1; delete from tags where id > 1'),
    ],
  ];
  for (const [what, spoil] of cases) {
    test(what, async (t) => {
      const server = serverOf(t);
      server.exec(tags(300));
      const file = fileOf(t);
      await mirror(askOf(server), file);
      spoil(file, server);
      await mirror(askOf(server), file, { compare: 'full' });
      assertSame(file, server);
      assert.equal(new Touched(file).touched('tag'), null);
    });
  }
});

test('what changes faster than it is read is not taken for a library', async (t) => {
  const server = serverOf(t);
  server.exec(`insert into tags (id, name, created_at, updated_at) values (1, 'a', ${at}, ${at})`);
  const ask = askOf(server);
  const restless: Ask = async (sql, args) => {
    server.exec(`update tags set favorite = 1 - favorite, name = name || 'x'`);
    return ask(sql, args);
  };
  await assert.rejects(mirror(restless, fileOf(t)), { code: 'source.moving' });
});

test('a name that means to be SQL is only a name', async (t) => {
  const server = serverOf(t);
  server.exec(
    `alter table tags add column "a"" integer); drop table tags; --" text;
    create table "x""; drop table tags" (a);
    insert into tags (name, created_at, updated_at, "a""" ) values ('t', ${at}, ${at}, 'kept')`.replace(
      '"a"""',
      '"a"" integer); drop table tags; --"',
    ),
  );
  const file = fileOf(t);
  await mirror(askOf(server), file);
  assertSame(file, server);
});

const tags = (
  count: number,
) => `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})
  insert into tags (id, name, created_at, updated_at) select i, 'tag ' || i, ${at}, ${at} from n`;

/** Notes which rows are read. */
function noting(server: DatabaseSync): { ask: Ask; read: string[] } {
  const read: string[] = [];
  const answer = askOf(server);
  const ask: Ask = async (sql, args = []) => {
    if (sql.includes('json_each')) read.push(`${/("\w+")( on|\n\s+where)/.exec(sql)?.[1]} ${args}`);
    return answer(sql, args);
  };
  return { ask, read };
}

/** A page within the file no longer what it was. */
function spoiled(bytes: Buffer): Buffer {
  for (let page = 1; page < bytes.length / 4096; page++)
    bytes.fill(0xab, page * 4096, page * 4096 + 100);
  return bytes;
}

function execIn(file: string, sql: string): void {
  using db = new DatabaseSync(file);
  db.exec(sql);
}

function serverOf(t: TestContext): DatabaseSync {
  const db = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false });
  t.after(() => db.close());
  createTables(db, 'v0.30');
  return db;
}

/** `querySQL` of a server with this database. Its answer crosses as JSON. */
function askOf(db: DatabaseSync): Ask {
  return async (sql, args = []) => {
    const statement = db.prepare(sql);
    statement.setReturnArrays(true);
    return JSON.parse(JSON.stringify(statement.all(...args))) as Stored[][];
  };
}

function fileOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'stowage-mirror-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'mirror.sqlite');
}

/** All rows of all tables that we know, with the type that each value is stored with. */
function assertSame(file: string, server: DatabaseSync): void {
  using copy = new DatabaseSync(file, { readOnly: true });
  let rows = 0;
  for (const table of knownIn(Layout.of(server)).keys()) {
    if (table === 'blobs') continue;
    const columns = [...(Layout.of(server).tables.get(table) ?? new Map()).keys()].map(quoted);
    const select = `select ${columns.map((c) => `typeof(${c}), ${c}`).join(', ')} from ${quoted(table)} order by ${columns.join(', ')}`;
    const [ours, theirs] = [copy, server].map((db) => {
      const statement = db.prepare(select);
      statement.setReadBigInts(true);
      return statement.all();
    });
    assert.deepEqual(ours, theirs, table);
    rows += theirs?.length ?? 0;
  }
  assert.ok(rows > 1);
}
