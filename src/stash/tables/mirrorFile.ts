import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Mirrored } from './mirrored.ts';
import { quoted } from './names.ts';
import { hasTable, ownTables } from './ownTables.ts';

/** What is known of the server before its tables are read. */
export interface Opening {
  tables: readonly Mirrored[];
  sequences: readonly (readonly [name: string, seq: number])[];
  /** The server's clock: seconds since 1970. */
  now: number;
}

/** How the file is laid out: a mirror kept in another way is filled anew. */
const format = 2;

/**
 * The SQLite file of a mirror. One that was not filled to the end, is of tables with other columns, or of a server that is
 * not the one it was (its numbers went back: restored from a backup, or another at its address) is thrown away.
 */
export class MirrorFile implements Disposable {
  readonly db: DatabaseSync;
  /** Whether it was filled before. */
  readonly isFilled: boolean;
  /** What the weights of its digests follow from. */
  readonly secret: string;

  static open(path: string, opening: Opening): MirrorFile {
    const kept = MirrorFile.#kept(path, opening);
    if (kept) return kept;
    MirrorFile.remove(path);
    return new MirrorFile(path, opening);
  }

  static remove(path: string): void {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  }

  static #kept(path: string, opening: Opening): MirrorFile | null {
    const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    try {
      db.exec('pragma locking_mode = exclusive');
      if (hasTable(db, ownTables.mirror)) {
        const row = db.prepare(`select * from ${quoted(ownTables.mirror)}`).get();
        if (
          row?.filled === 1 &&
          row.format === format &&
          row.layout === JSON.stringify(opening.tables) &&
          opening.tables.every(({ name }) => hasTable(db, name)) &&
          !hasGoneBack(db, opening)
        ) {
          return new MirrorFile(db, String(row.secret));
        }
      }
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
    db.close();
    return null;
  }

  private constructor(path: string, opening: Opening);
  private constructor(db: DatabaseSync, secret: string);
  private constructor(from: string | DatabaseSync, about: Opening | string) {
    if (typeof from !== 'string') {
      this.db = from;
      this.isFilled = true;
      this.secret = about as string;
      return;
    }
    this.secret = randomBytes(16).toString('hex');
    this.isFilled = false;
    this.db = new DatabaseSync(from, { enableForeignKeyConstraints: false });
    // Until it says that it is filled, it is thrown away where anything breaks off: nothing has to be put back.
    this.db.exec(`pragma locking_mode = exclusive; pragma journal_mode = off; pragma synchronous = off;
      create table ${quoted(ownTables.mirror)} (format integer, filled integer, secret text, layout text, unknown integer,
        token text);
      create table ${quoted(ownTables.sequences)} (name text, seq integer);
      create table ${quoted(ownTables.digests)} (name text primary key, digests text);
      create table ${quoted(ownTables.fresh)} (name text, bucket integer, primary key (name, bucket)) without rowid;
      create table ${quoted(ownTables.stretches)} (name text, first integer, last integer, rows integer, primary key (name, first)) without rowid;
      create table ${quoted(ownTables.touched)} (what text, id integer, existence integer, primary key (what, id)) without rowid;`);
    for (const table of (about as Opening).tables) this.db.exec(createTable(table));
    this.db
      .prepare(`insert into ${quoted(ownTables.mirror)} values (?, 0, ?, ?, 1, null)`)
      .run(format, this.secret, JSON.stringify((about as Opening).tables));
  }

  /** Does the work in one transaction; of a mirror that is being filled for the first time, nothing is put back. */
  async together(work: () => Promise<void>): Promise<void> {
    this.db.exec('begin');
    try {
      await work();
      this.db.exec('commit');
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('rollback');
      throw error;
    }
  }

  /** Says that all is there, and sees to it that it is on the disk. */
  filled(): void {
    this.db.exec(`pragma synchronous = full;
      update ${quoted(ownTables.mirror)} set filled = 1;
      pragma journal_mode = delete`);
  }

  keepSequences(rows: Opening['sequences']): void {
    const table = quoted(ownTables.sequences);
    const held = new Map(readSequences(this.db));
    if (held.size === rows.length && rows.every(([name, seq]) => held.get(name) === seq)) return;
    this.db.exec(`delete from ${table}`);
    const insert = this.db.prepare(`insert into ${table} values (?, ?)`);
    for (const [name, seq] of rows) insert.run(name, seq);
  }

  [Symbol.dispose](): void {
    this.db.close();
  }
}

/** Whether this is a database that cannot be read, or that is not as we left it. */
export function isDamage(error: unknown): boolean {
  const { code, errcode = 0 } = error as { code?: string; errcode?: number };
  return code === 'ERR_SQLITE_ERROR' && damages.has(errcode & 0xff);
}

/** SQLITE_ERROR (a table that is missing), SQLITE_CORRUPT, SQLITE_CONSTRAINT, SQLITE_NOTADB. */
const damages = new Set([1, 11, 19, 26]);

function hasGoneBack(db: DatabaseSync, { sequences }: Opening): boolean {
  const now = new Map(sequences);
  return readSequences(db).some(([name, seq]) => seq > (now.get(name) ?? 0));
}

function readSequences(db: DatabaseSync): [string, number][] {
  return db
    .prepare(`select name, seq from ${quoted(ownTables.sequences)}`)
    .all()
    .map(({ name, seq }) => [String(name), Number(seq)]);
}

function createTable({ name, key, columns }: Mirrored): string {
  const lines = columns.map((column) => `${quoted(column.name)} ${typeText(column.type)}`);
  const keys = columns
    .filter((column) => column.key > 0)
    .sort((a, b) => a.key - b.key)
    .map((column) => quoted(column.name));
  if (keys.length > 0) lines.push(`primary key (${keys.join(', ')})`);
  const create = `create table ${quoted(name)} (${lines.join(', ')});`;
  return keys.length > 0
    ? create
    : `${create} create index ${quoted(`${name} ${key}`)} on ${quoted(name)} (${quoted(key)});`;
}

/** A declared type, which the server told us: nothing but what types are made of goes into a statement of ours. */
const typeText = (type: string) => type.replace(/[^\w ()[\],]/g, '');
