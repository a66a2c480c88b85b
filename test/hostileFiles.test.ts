import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { link, mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { generate } from '../src/simulator/generate.ts';
import { ownLibrary } from './support/commands.ts';
import { harmless } from './support/harmless.ts';
import { temporaryFolder } from './support/pictures.ts';

type Made = (t: TestContext) => Promise<string>;

const place = async (t: TestContext) => path.join(await temporaryFolder(t), 'stash-go.sqlite');

async function healthy(t: TestContext): Promise<string> {
  const file = await place(t);
  generate(file, { scenes: 30, images: 30, seed: 6 });
  return file;
}

/** A Stash's database, changed. */
const changed =
  (sql: string): Made =>
  async (t) => {
    const file = await healthy(t);
    using database = new DatabaseSync(file);
    database.exec(`pragma foreign_keys = off; ${sql}`);
    return file;
  };

/** The same, changed where SQL does not reach: in how its tables are said to be made. */
const declared =
  (sql: string): Made =>
  async (t) => {
    const file = await healthy(t);
    using database = new DatabaseSync(file);
    database.enableDefensive(false);
    database.exec(`pragma writable_schema = on; ${sql}`);
    return file;
  };

const written =
  (bytes: Buffer): Made =>
  async (t) => {
    const file = await place(t);
    await writeFile(file, bytes);
    return file;
  };

/** Some bytes of the file's header are others. */
const header =
  (at: number, ...bytes: number[]): Made =>
  async (t) => {
    const file = await healthy(t);
    const whole = await readFile(file);
    whole.set(bytes, at);
    await writeFile(file, whole);
    return file;
  };

const refused: { [what: string]: { file: Made; code: string; says: RegExp } } = {
  'a pipe': {
    file: async (t) => {
      const file = await place(t);
      execFileSync('mkfifo', [file]);
      return file;
    },
    code: 'source.file-unreadable',
    says: /a pipe or a socket, not a file/,
  },
  'a socket': {
    file: async (t) => {
      const file = await place(t);
      const server = createServer().listen(file);
      t.after(() => server.close());
      return file;
    },
    code: 'source.file-unreadable',
    says: /a socket, not a file/,
  },
  'a device': {
    file: async () => '/dev/zero',
    code: 'source.file-unreadable',
    says: /a device.*not a file/,
  },
  'a link to itself': {
    file: async (t) => {
      const file = await place(t);
      await symlink(file, file);
      return file;
    },
    code: 'source.file-unreadable',
    says: /leads back to itself/,
  },
  'a link to a pipe': {
    file: async (t) => {
      const file = await place(t);
      execFileSync('mkfifo', [`${file}.pipe`]);
      await symlink(`${file}.pipe`, file);
      return file;
    },
    code: 'source.file-unreadable',
    says: /a pipe/,
  },
  'a link to nothing': {
    file: async (t) => {
      const file = await place(t);
      await symlink(`${file}.gone`, file);
      return file;
    },
    code: 'source.file-unreadable',
    says: /no such file/,
  },
  'a path below a file': {
    file: async (t) => path.join(await healthy(t), 'stash-go.sqlite'),
    code: 'source.file-unreadable',
    says: /no such file/,
  },
  'an archive': {
    file: written(gzipSync(Buffer.alloc(2 ** 24))),
    code: 'source.file-not-sqlite',
    says: /unpack it first/,
  },
  'an empty file': {
    file: written(Buffer.alloc(0)),
    code: 'source.file-not-sqlite',
    says: /is empty/,
  },
  'an encrypted database': {
    file: written(
      Buffer.from(Array.from({ length: 40_960 }, (_, i) => (i * 7919 + (i >> 3)) & 255)),
    ),
    code: 'source.file-not-sqlite',
    says: /not a SQLite database/,
  },
  'a header and nothing more': {
    file: written(Buffer.from('SQLite format 3\0')),
    code: 'source.file-not-sqlite',
    says: /not a SQLite database/,
  },
  'a file larger than any disk': {
    file: async (t) => {
      const file = await healthy(t);
      await truncate(file, 15e12);
      return file;
    },
    code: 'disk.full',
    says: /needs \d+ MB, \d+ MB are free/,
  },
  'pages of another size': {
    file: header(16, 0x02, 0x00),
    code: 'source.file-damaged',
    says: /damaged/,
  },
  'pages of no size': {
    file: header(16, 0x00, 0x03),
    code: 'source.file-not-sqlite',
    says: /not a SQLite database/,
  },
  'a version of the format that is none': {
    file: header(18, 9, 9),
    code: 'source.file-not-sqlite',
    says: /not a SQLite database/,
  },
  'a view in the place of a table': {
    file: changed('alter table scenes rename to held; create view scenes as select * from held'),
    code: 'source.file-not-stash',
    says: /not a Stash’s/,
  },
  'a view without an end in the place of the version': {
    file: changed(`drop table schema_migrations; create view schema_migrations as
      with recursive n(version) as (select 1 union all select version + 1 from n)
      select version, 0 as dirty from n`),
    code: 'source.unsupported',
    says: /older than v0\.24/,
  },
  'a virtual table in the place of a table': {
    file: changed('drop table scenes; create virtual table scenes using fts5(id, title)'),
    code: 'source.file-not-stash',
    says: /not a Stash’s/,
  },
  'a way of sorting that nobody knows': {
    file: declared(
      `update sqlite_master set sql = replace(sql, 'name varchar(255)', 'name varchar(255) collate nobodys')
        where name = 'tags'`,
    ),
    code: 'source.file-not-stash',
    says: /cannot be read.*nobodys/,
  },
  'a schema that is no SQL': {
    file: declared(`update sqlite_master set sql = 'create nothing' where name = 'scenes'`),
    code: 'source.file-damaged',
    says: /damaged/,
  },
};

for (const [what, { file, code, says }] of Object.entries(refused)) {
  test(`${what} is refused, and harms nothing`, { timeout: 20_000 }, async (t) => {
    const library = await ownLibrary(t);
    await harmless(library, ['migrate', '--from', await file(t)], code, says);
  });
}

const taken: { [what: string]: { file: Made; troubles: RegExp | null } } = {
  'triggers that would change it': {
    file: changed(`
      create trigger gone after update on schema_migrations begin delete from scenes; end;
      create trigger more after insert on tags begin insert into tags select * from tags; end`),
    troubles: null,
  },
  'checks that would take for ever': {
    file: declared(`update sqlite_master set sql = substr(sql, 1, length(sql) - 1) ||
      ', check (length(hex(zeroblob(400000000))) > 0))' where name = 'tags'`),
    troubles: null,
  },
  'a link to it, with its log beside the file': {
    file: async (t) => {
      const file = await healthy(t);
      const database = new DatabaseSync(file);
      database.exec('pragma journal_mode = wal; pragma wal_autocheckpoint = 0');
      database.exec(`update tags set name = 'from the log' where id = 1`);
      // Closed, it would take its log away.
      const kept = `${file}.kept`;
      await mkdir(kept);
      for (const end of ['', '-wal']) await link(file + end, path.join(kept, `stash${end}`));
      database.close();
      const elsewhere = await place(t);
      await symlink(path.join(kept, 'stash'), elsewhere);
      return elsewhere;
    },
    troubles: null,
  },
  'a pipe where its log would be': {
    file: async (t) => {
      const file = await healthy(t);
      for (const end of ['-wal', '-journal']) execFileSync('mkfifo', [file + end]);
      return file;
    },
    troubles: null,
  },
  'numbers that no Stash gives': {
    file: changed(`
      update tags set id = -5 where id = 1; update tags set id = 0 where id = 2;
      update tags set id = 9007199254740993 where id = 3;
      update tags set id = 9223372036854775807 where id = 4`),
    troubles:
      /^tag 0 null: left out: its number is .*no Stash gives$|names tag \S+, which is not there$/,
  },
  'numbers twice, and texts for numbers': {
    file: changed(`
      create table as_it_was as select * from studios; drop table studios;
      alter table as_it_was rename to studios; update studios set id = 2 where id = 3;
      update studios set id = 'seven' where id = 4; update studios set id = null where id = 5`),
    troubles:
      /^studio 0 null: left out: its number is .*(another has, too|no Stash gives)$|names studio/,
  },
  'references to nothing': {
    file: changed(`
      update scenes set studio_id = 9999; update or ignore scenes_tags set tag_id = -1;
      update or ignore tags_relations set parent_id = 9007199254740993`),
    troubles: /names (studio|tag) \S+, which is not there/,
  },
  'JSON without a bottom': {
    file: changed(`update saved_filters set object_filter =
      '{"a":' || replace(hex(zeroblob(500000)), '0', '[') || replace(hex(zeroblob(500000)), '0', ']') || '}'`),
    troubles: /objectFilter: is nested deeper/,
  },
};

for (const [what, { file, troubles }] of Object.entries(taken)) {
  test(`${what}: the rest is brought, and what is not is named`, { timeout: 60_000 }, async (t) => {
    const library = await ownLibrary(t);
    const migrated = await library.stowage(
      'migrate',
      '--from',
      await file(t),
      '--pictures',
      'none',
    );
    assert.equal(migrated.exitCode, troubles === null ? 0 : 3, migrated.error?.message);
    const told = migrated.troubles.map(
      ({ kind, id, field, why }) => `${kind} ${id} ${field}: ${why}`,
    );
    if (troubles !== null) assert.ok(told.length > 0);
    for (const one of told) assert.match(one, troubles as RegExp);
    const [row] = await library.query<{ n: number }>('SELECT count(*)::int AS n FROM qar.cargo');
    assert.equal(row?.n, 30);
  });
}
