import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createTables } from '../../contract/tables.ts';
import type { Reading } from '../../model/reading.ts';
import { openSnapshot } from './snapshot.ts';

test('a file is read with what is only in its log yet, and not touched', async (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'stash-go.sqlite');
  using server = new DatabaseSync(file);
  createTables(server, 'v0.30');
  server.exec('pragma journal_mode = wal; pragma wal_autocheckpoint = 0');
  addTag(server, 'from the log');
  const before = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]);

  const reading = await openSnapshot(file, { tempDir: folderOf(t) });
  assert.deepEqual(await tagNames(reading), ['from the log']);
  await reading.close();

  const after = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]);
  assert.deepEqual(after, before);
});

test('a transaction that has not ended is left out, though the file has pages of it', async (t) => {
  const file = databaseIn(folderOf(t), (db) => fill(db));
  using server = new DatabaseSync(file);
  server.exec('pragma cache_size = 1; begin; update scenes set details = upper(details) || id');
  addTag(server, 'not yet');
  const reading = await openSnapshot(file, { tempDir: folderOf(t) });
  assert.deepEqual(await tagNames(reading), ['one']);
  for await (const batch of reading.records('scene')) {
    for (const { id, details } of batch) assert.equal(details, String(id).padStart(500, '0'));
  }
  await reading.close();
});

test('the log of another database beside it is named, and how to go on without', async (t) => {
  const folder = folderOf(t);
  const file = databaseIn(folder, (db) => fill(db));
  const live = join(folder, 'live.sqlite');
  writeFileSync(live, readFileSync(file));
  using server = new DatabaseSync(live);
  server.exec('pragma journal_mode = wal; pragma wal_autocheckpoint = 0');
  for (let i = 0; i < 200; i++) addTag(server, `new ${i}`);
  server.exec("update scenes set title = title || ' newer'");
  writeFileSync(`${file}-wal`, readFileSync(`${live}-wal`));
  // The backup that takes the place of the live one.
  const older = join(folder, 'older.sqlite');
  writeFileSync(older, readFileSync(file));
  using old = new DatabaseSync(older);
  old.exec(`with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000)
    insert into performers (name, details, created_at, updated_at)
      select 'old ' || i, printf('%500d', i), '2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z' from n`);
  old.exec('vacuum');
  old.close();
  writeFileSync(file, readFileSync(older));

  const options = { tempDir: folderOf(t) };
  await assert.rejects(openSnapshot(file, options), {
    code: 'source.file-damaged',
    message: 'The log beside this database is that of another one.',
    item: `${file}-wal`,
    remedy: /copy it alone to another folder/,
  });
  const alone = await openSnapshot(older, options);
  assert.equal((await alone.counts()).performer, 3000);
  await alone.close();
  assert.deepEqual(readdirSync(options.tempDir), []);
});

test('it says of which schema the file is, and what it holds beside what we know', async (t) => {
  const file = databaseIn(folderOf(t), (db) => {
    db.exec("create table moods (mood text); insert into moods values ('calm')");
    db.exec('create table empty (mood text)');
  });
  const reading = await openSnapshot(file, { tempDir: folderOf(t) });
  assert.equal(reading.road, 'snapshot');
  assert.equal(reading.profile.schema, 75);
  assert.deepEqual(reading.unknown, [{ what: 'table moods', rows: 1 }]);
  assert.equal((await reading.counts()).tag, 1);
  await reading.close();
});

test('the copy is gone when the reading is closed, and when it failed', async (t) => {
  const tempDir = folderOf(t);
  const file = databaseIn(folderOf(t));
  const reading = await openSnapshot(file, { tempDir });
  assert.equal(readdirSync(tempDir).length, 1);
  await reading.close();
  const other = databaseIn(folderOf(t), (db) => db.exec('drop table scenes'));
  await assert.rejects(openSnapshot(other, { tempDir }), { code: 'source.file-not-stash' });
  assert.deepEqual(readdirSync(tempDir), []);
});

test('what is no database, or no whole one, is refused', async (t) => {
  const folder = folderOf(t);
  const tempDir = folderOf(t);
  const refuses = (file: string, code: string) =>
    assert.rejects(openSnapshot(file, { tempDir }), { name: 'StowageError', code, item: file });

  await refuses(join(folder, 'missing.sqlite'), 'source.file-unreadable');
  await refuses(folder, 'source.file-unreadable');

  const page = join(folder, 'page.sqlite');
  writeFileSync(page, '<!DOCTYPE html>');
  await refuses(page, 'source.file-not-sqlite');

  const nearly = join(folder, 'nearly.sqlite');
  writeFileSync(nearly, `SQLite format 3\0${'x'.repeat(4096)}`);
  await refuses(nearly, 'source.file-not-sqlite');

  const short = databaseIn(folderOf(t), (db) => fill(db));
  truncateSync(short, Math.floor(statSync(short).size / 8192) * 4096);
  await refuses(short, 'source.file-damaged');

  const scribbled = databaseIn(folderOf(t), (db) => fill(db));
  const bytes = readFileSync(scribbled);
  bytes.fill(0x5a, bytes.length - 40_960, bytes.length - 8192);
  writeFileSync(scribbled, bytes);
  await refuses(scribbled, 'source.file-damaged');
});

test('values that a column should not hold are no damage', async (t) => {
  const file = databaseIn(folderOf(t), (db) => {
    db.exec(`create table odd (name text check (name != ''), place integer);
      pragma ignore_check_constraints = 1; insert into odd values ('', 1)`);
  });
  const reading = await openSnapshot(file, { tempDir: folderOf(t) });
  assert.deepEqual(reading.unknown, [{ what: 'table odd', rows: 1 }]);
  await reading.close();
});

test('a Stash too old, or stuck in a migration, is refused', async (t) => {
  const tempDir = folderOf(t);
  const old = databaseIn(folderOf(t), (db) => db.exec('update schema_migrations set version = 32'));
  await assert.rejects(openSnapshot(old, { tempDir }), { code: 'source.unsupported' });
  const stuck = databaseIn(folderOf(t), (db) => db.exec('update schema_migrations set dirty = 1'));
  await assert.rejects(openSnapshot(stuck, { tempDir }), { code: 'source.not-ready' });
});

test('a file that we may not read is refused', async (t) => {
  const file = databaseIn(folderOf(t));
  const tempDir = folderOf(t);
  chmodSync(file, 0);
  // Root may read all: it has to be somebody else meanwhile.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  try {
    await assert.rejects(openSnapshot(file, { tempDir }), { code: 'source.file-unreadable' });
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

test('a call that was taken back leaves nothing behind', async (t) => {
  const tempDir = folderOf(t);
  const file = databaseIn(folderOf(t));
  const reason = new Error('taken back');
  await assert.rejects(openSnapshot(file, { tempDir, signal: AbortSignal.abort(reason) }), reason);
  assert.deepEqual(readdirSync(tempDir), []);
});

test('a server that ends meanwhile takes its log away: the file is copied again', async (t) => {
  const folder = folderOf(t);
  const file = databaseIn(folder, (db) => fill(db, 3000, 4000));
  const server = new DatabaseSync(file);
  server.exec('pragma journal_mode = wal; pragma wal_autocheckpoint = 0');
  addTag(server, 'from the log');
  const tempDir = folderOf(t);
  const opening = openSnapshot(file, { tempDir });
  const isCopying = () => readdirSync(tempDir, { recursive: true }).length > 1;
  while (!isCopying()) await setImmediate();
  server.close();
  assert.ok(!readdirSync(folder).includes('stash-go.sqlite-wal'));
  const reading = await opening;
  assert.deepEqual(await tagNames(reading), ['one', 'from the log']);
  await reading.close();
});

test('a copy made while another process writes is of one moment', async (t) => {
  const file = databaseIn(folderOf(t), (db) => {
    db.exec('pragma journal_mode = wal');
    fill(db, 3000, 4000);
  });
  const writer = fork(new URL('./snapshot.writer.ts', import.meta.url), [file]);
  t.after(() => writer.kill());
  await once(writer, 'message');
  const reading = await openSnapshot(file, { tempDir: folderOf(t) });
  const ratings = new Map<number, number | null | undefined>();
  for await (const batch of reading.records('scene')) {
    for (const { id, rating } of batch) ratings.set(id, rating);
  }
  await reading.close();
  assert.ok(ratings.get(1));
  for (let id = 1; id <= 1000; id++) {
    assert.equal(ratings.get(id), ratings.get(id + 1000), `${id}`);
    assert.equal(ratings.get(id), ratings.get(id + 2000), `${id}`);
  }
});

function databaseIn(folder: string, change?: (db: DatabaseSync) => void): string {
  const file = join(folder, 'stash-go.sqlite');
  using db = new DatabaseSync(file);
  db.exec('pragma synchronous = off');
  createTables(db, 'v0.30');
  addTag(db, 'one');
  change?.(db);
  return file;
}

const addTag = (db: DatabaseSync, name: string) =>
  db
    .prepare(
      "insert into tags (name, created_at, updated_at) values (?, '2020-01-02T03:04:05Z', '2020-01-02T03:04:05Z')",
    )
    .run(name);

function fill(db: DatabaseSync, scenes = 2000, length = 500): void {
  db.exec(`with recursive n(i) as (select 1 union all select i + 1 from n where i < ${scenes})
    insert into scenes (id, details, created_at, updated_at)
      select i, printf('%0${length}d', i), '2020-01-02T03:04:05Z', '2020-01-02T03:04:05Z' from n`);
}

async function tagNames(reading: Reading): Promise<(string | undefined)[]> {
  const names = [];
  for await (const batch of reading.records('tag')) names.push(...batch.map(({ name }) => name));
  return names;
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'stowage-snapshot-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}
