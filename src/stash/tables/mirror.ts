import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { StowageError } from '../../model/errors.ts';
import { parseJson } from '../../model/records.ts';
import { inOrder } from '../graphql/pipeline.ts';
import { knownIn } from './coverage.ts';
import { Layout, type LayoutRow } from './layout.ts';
import { quoted } from './names.ts';
import { ownTables } from './ownTables.ts';
import {
  bucketBits,
  digestSelect,
  idsDigested,
  lastKeysSelect,
  layoutSelect,
  type Mirrored,
  rowsSelect,
  type Stored,
  schemaSelect,
  sequencesSelect,
  transportOf,
} from './selects.ts';

/** Sends one of our SELECTs to the server, and returns its rows. */
export type Ask = (sql: string, args?: number[]) => Promise<Stored[][]>;

export interface MirrorOptions {
  signal?: AbortSignal | undefined;
  /** Rows brought so far, and in all as far as is known. */
  onProgress?: ((rows: number, total: number) => void) | undefined;
}

/** How often what moved meanwhile is read again. A round without news takes 1.4 s with 100,000 scenes and images. */
const rounds = 20;

/**
 * Makes a SQLite file equal to the server's tables, the pictures' own aside: every bucket of ids whose digest is
 * not that of what we hold is read (again), until a round finds none. Then the file is what the server had when
 * that round began: a change since must show in a digest taken later, or it came after. An empty file is the case
 * where all is missing; one from an earlier reading is brought up to date.
 */
export async function mirror(
  ask: Ask,
  file: string,
  { signal, onProgress }: MirrorOptions = {},
): Promise<Layout> {
  const layout = await layoutOf(ask);
  using db = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  db.exec('pragma journal_mode = wal; pragma synchronous = normal');
  const tables = mirroredIn(layout).map((table) => new MirroredTable(db, table));
  dropOthers(db, layout);
  const progress = { rows: 0, total: 0 };
  for (let round = 0; round < rounds; round++) {
    const missing: [MirroredTable, Bucket[]][] = [];
    const [lastKeys = []] = await ask(lastKeysSelect(tables.map(({ of }) => of)));
    for (const [i, table] of tables.entries()) {
      signal?.throwIfAborted();
      const theirs = started(digests(ask, table.of, Number(lastKeys[i] ?? -1)));
      // While the server digests what it holds, so do we.
      await setImmediate();
      table.held();
      const buckets = table.news(await theirs);
      progress.total += buckets.reduce((sum, { rows }) => sum + rows, 0);
      if (buckets.length > 0) missing.push([table, buckets]);
    }
    if (missing.length === 0) {
      keepSequences(db, await ask(sequencesSelect));
      db.exec('pragma journal_mode = delete');
      return layout;
    }
    await bring(ask, missing, signal, (rows) => {
      progress.rows += rows;
      onProgress?.(progress.rows, progress.total);
    });
  }
  throw new StowageError('source.moving', 'The server’s tables change faster than they are read.', {
    remedy: 'Wait until its tasks are done (Settings → Tasks). Or use --via snapshot.',
  });
}

export async function layoutOf(ask: Ask): Promise<Layout> {
  const rows = (await ask(layoutSelect)) as LayoutRow[];
  const [[schema] = [0]] = await ask(schemaSelect);
  return new Layout(rows, Number(schema));
}

/** The tables that we know, with all of their columns. */
function mirroredIn(layout: Layout): Mirrored[] {
  return [...knownIn(layout).keys()].flatMap((name) => {
    if (name === 'blobs') return [];
    const columns = [...(layout.tables.get(name) ?? [])].map(([column, rest]) => ({
      name: column,
      ...rest,
    }));
    // Tables without a key have the record that owns their rows first.
    const key = columns.find((column) => column.key === 1) ?? columns[0];
    return key ? [{ name, key: key.name, columns }] : [];
  });
}

function dropOthers(db: DatabaseSync, layout: Layout): void {
  for (const name of Layout.of(db).tables.keys()) {
    if (!layout.tables.has(name)) db.exec(`drop table ${quoted(name)}`);
  }
}

function keepSequences(db: DatabaseSync, rows: Stored[][]): void {
  const table = quoted(ownTables.sequences);
  db.exec(`begin; drop table if exists ${table}; create table ${table} (name text, seq integer)`);
  const insert = db.prepare(`insert into ${table} values (?, ?)`);
  for (const [name, seq] of rows) insert.run(String(name), Number(seq));
  db.exec('commit');
}

/** Of each bucket of ids how many rows it has, and what its digest is. */
type Digests = Map<number, { rows: number; digest: string }>;

interface Bucket {
  bucket: number;
  rows: number;
  digest: string;
  /** Its place among all buckets, here and there: two that follow each other have no row between them. */
  place: number;
}

async function digests(ask: Ask, table: Mirrored, last: number): Promise<Digests> {
  const sql = digestSelect(table);
  const found: Digests = new Map();
  for (let from = 0; from <= last; from += idsDigested) {
    const [row] = await ask(sql, [from, from + idsDigested - 1]);
    for (const [bucket, digest] of digestsOf(row)) found.set(bucket, digest);
  }
  return found;
}

function digestsOf(row: Stored[] | undefined): Digests {
  const [buckets = [], rows = [], sums = []] = (row ?? []).map(numbersOf);
  return new Map(
    buckets.map((bucket, i) => [
      Number(bucket),
      { rows: Number(rows[i]), digest: `${rows[i]} ${sums[i]}` },
    ]),
  );
}

/** An array as SQLite wrote it. Reading exact integers takes several times as long, and hardly any needs it. */
function numbersOf(array: Stored | undefined): Stored[] {
  const text = String(array);
  return (/[[,]-?\d{16}/.test(text) ? parseJson(text) : JSON.parse(text)) as Stored[];
}

/** Awaited only later, or never where something else fails first: a failure until then is not unhandled. */
function started<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** Rows for one statement: each statement costs far more than each row. */
const together = 100;

/** A table of the mirror: what it holds, and how to put rows into it. */
class MirroredTable {
  readonly of: Mirrored;
  readonly #db: DatabaseSync;
  #held: Digests | null = null;

  constructor(db: DatabaseSync, of: Mirrored) {
    this.of = of;
    this.#db = db;
  }

  /** What it holds. The first time it looks; later it knows. */
  held(): Digests {
    this.#held ??= this.#prepare();
    return this.#held;
  }

  /** The buckets that are not as we hold them, in order. One that the server no longer has comes without rows. */
  news(now: Digests): Bucket[] {
    const held = this.held();
    const all = [...new Set([...now.keys(), ...held.keys()])].sort((a, b) => a - b);
    return all.flatMap((bucket, place) => {
      const { rows, digest } = now.get(bucket) ?? { rows: 0, digest: '' };
      return digest === (held.get(bucket)?.digest ?? '') ? [] : [{ bucket, rows, digest, place }];
    });
  }

  /** Replaces the rows of buckets that follow each other by those in these arrays, one for each column. */
  put(buckets: Bucket[], arrays: Stored[][]): void {
    const [table, key] = [quoted(this.of.name), quoted(this.of.key)];
    this.#db.exec('begin');
    try {
      this.#db
        .prepare(`delete from ${table} where ${key} between ? and ?`)
        .run(...rangeOf(buckets));
      const count = arrays[0]?.length ?? 0;
      const whole = count - (count % together);
      this.#insert(arrays, 0, whole, together);
      this.#insert(arrays, whole, count, 1);
      this.#db.exec('commit');
    } catch (error) {
      this.#db.exec('rollback');
      throw error;
    }
    for (const { bucket, rows, digest } of buckets) this.held().set(bucket, { rows, digest });
  }

  #insert(arrays: Stored[][], from: number, to: number, atOnce: number): void {
    if (from === to) return;
    const row = `(${arrays.map(() => '?').join(', ')})`;
    const insert = this.#db.prepare(
      `insert into ${quoted(this.of.name)} values ${Array(atOnce).fill(row).join(', ')}`,
    );
    for (let first = from; first < to; first += atOnce) {
      const rows: Stored[] = [];
      for (let i = first; i < first + atOnce; i++) {
        for (const values of arrays) rows.push(values[i] as Stored);
      }
      insert.run(...rows);
    }
  }

  /** Makes the table, unless it is there just so; and returns what it holds. */
  #prepare(): Digests {
    const { name, columns } = this.of;
    const there = Layout.of(this.#db).tables.get(name);
    const isSame =
      there?.size === columns.length &&
      [...there].every(([column, { type, key }], i) => {
        const other = columns[i];
        return other?.name === column && other.type === type && other.key === key;
      });
    if (isSame) {
      const statement = this.#db.prepare(digestSelect(this.of));
      statement.setReturnArrays(true);
      return digestsOf(statement.get(0, Number.MAX_SAFE_INTEGER) as unknown as Stored[]);
    }
    this.#db.exec(`drop table if exists ${quoted(name)}; ${createTable(this.of)}`);
    return new Map();
  }
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

function rangeOf(buckets: Bucket[]): [number, number] {
  const [first, last] = [buckets[0]?.bucket ?? 0, buckets.at(-1)?.bucket ?? 0];
  return [first * 2 ** bucketBits, (last + 1) * 2 ** bucketBits - 1];
}

/** Characters in an answer: what fits in memory a few times over, and keeps the server a fraction of a second. */
const wanted = 1e6;
const mostRows = 20_000;

/** One more than the server answers at a time, so that it need not wait for us. */
const underWay = 2;

/** A stretch of a table: buckets that follow each other. */
interface Range {
  table: MirroredTable;
  buckets: Bucket[];
}

/** Reads these buckets of tables into the mirror. */
async function bring(
  ask: Ask,
  missing: readonly [MirroredTable, Bucket[]][],
  signal: AbortSignal | undefined,
  onRows: (rows: number) => void,
): Promise<void> {
  const sizes = new AnswerSizes();
  const answers = inOrder(
    rangesOf(missing, sizes),
    underWay,
    async (range) => {
      const { of } = range.table;
      const [row = []] = await ask(rowsSelect(of), rangeOf(range.buckets));
      return { ...range, row };
    },
    signal,
  );
  for await (const { table, buckets, row } of answers) {
    signal?.throwIfAborted();
    sizes.learn(table, buckets, row);
    const { columns } = table.of;
    const arrays = row.map((text, i) => {
      const values = numbersOf(text);
      const { stored } = transportOf(columns[i]?.type ?? '');
      return stored ? values.map(stored) : values;
    });
    table.put(buckets, arrays);
    onRows(arrays[0]?.length ?? 0);
  }
}

function* rangesOf(
  missing: readonly [MirroredTable, Bucket[]][],
  sizes: AnswerSizes,
): Generator<Range> {
  for (const [table, buckets] of missing) {
    let range: Bucket[] = [];
    let rows = 0;
    for (const bucket of buckets) {
      const isNeighbour = range.at(-1)?.place === bucket.place - 1;
      if (range.length > 0 && (!isNeighbour || rows + bucket.rows > sizes.rowsFor(table))) {
        yield { table, buckets: range };
        range = [];
        rows = 0;
      }
      range.push(bucket);
      rows += bucket.rows;
    }
    if (range.length > 0) yield { table, buckets: range };
  }
}

/** How many rows of a table make an answer of the wanted size, learnt from the answers so far. */
class AnswerSizes {
  readonly #rows = new Map<MirroredTable, number>();

  rowsFor(table: MirroredTable): number {
    return this.#rows.get(table) ?? 2000;
  }

  learn(table: MirroredTable, buckets: Bucket[], row: Stored[]): void {
    const size = row.reduce<number>((sum, text) => sum + String(text).length, 0);
    const rows = buckets.reduce((sum, bucket) => sum + bucket.rows, 0);
    const fitting = Math.ceil((Math.max(rows, 1) * wanted) / Math.max(size, 1));
    this.#rows.set(table, Math.min(mostRows, fitting, this.rowsFor(table) * 8));
  }
}
