import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { parseJson } from '../../model/records.ts';
import { type Digesting, isAlwaysRead } from './digest.ts';
import { bucketOf, type Mirrored } from './mirrored.ts';
import { quoted } from './names.ts';
import { ownTables } from './ownTables.ts';
import { bucketsSelect, digestsSelect, digestsTogether, stretchSelect } from './selects.ts';
import { type Stored, transportOf } from './transport.ts';

/** Rows as they cross: for each column a JSON array. */
export type Answer = readonly Stored[];

/** Of each bucket of ids that has rows: how many, and their digest. */
export type Digests = ReadonlyMap<number, { rows: number; digest: string }>;

/** A stretch of a table: its rows from one key to another. */
export interface Stretch {
  first: number;
  last: number;
  rows: number;
}

/** What is different between what is held and what came. */
export interface Difference {
  gone: Stored[][];
  come: Stored[][];
}

/** Rows for one statement: each statement costs far more than each row. */
const together = 100;

/** A table of the mirror. */
export class MirroredTable implements Digesting {
  readonly of: Mirrored;
  readonly secret: string;
  readonly isAlwaysRead: boolean;
  readonly #db: DatabaseSync;
  readonly #keyAt: number;
  readonly #statements = new Map<string, StatementSync>();
  #digests: string | null = null;

  constructor(db: DatabaseSync, of: Mirrored, secret: string) {
    this.#db = db;
    this.of = of;
    this.secret = secret;
    this.isAlwaysRead = isAlwaysRead(of);
    this.#keyAt = of.columns.findIndex(({ name }) => name === of.key);
  }

  /** The digests of what it holds, as the server would tell them. */
  digests(): string {
    this.#digests ??= this.#reckon();
    return this.#digests;
  }

  /** The digests that the server told of what is held; null where nothing was kept. */
  get told(): string | null {
    const [told = null] = this.#get(
      `select digests from ${quoted(ownTables.digests)} where name = ?`,
      this.of.name,
    );
    return told === null ? null : String(told);
  }

  set told(digests: string) {
    if (this.told === digests) return;
    this.#db
      .prepare(`insert or replace into ${quoted(ownTables.digests)} values (?, ?)`)
      .run(this.of.name, digests);
  }

  /** About how many rows it has. */
  get rows(): number {
    const sql = `select sum(rows) from ${quoted(ownTables.stretches)} where name = ?`;
    return Number(this.#get(sql, this.of.name)[0]);
  }

  stretches(): Stretch[] {
    return this.#db
      .prepare(`select * from ${quoted(ownTables.stretches)} where name = ? order by first`)
      .all(this.of.name)
      .map(({ first, last, rows }) => ({
        first: Number(first),
        last: Number(last),
        rows: Number(rows),
      }));
  }

  keep({ first, last, rows }: Stretch): void {
    this.#prepared(`insert or replace into ${quoted(ownTables.stretches)} values (?, ?, ?, ?)`).run(
      this.of.name,
      first,
      last,
      rows,
    );
  }

  keysOf(answer: Answer): number[] {
    return numbersOf(answer[this.#keyAt]).map(Number);
  }

  /** Puts rows in where there are none. Returns how many. */
  fill(answer: Answer): number {
    this.#digests = null;
    const columns = this.#columnsOf(answer);
    const count = columns[0]?.length ?? 0;
    this.#insert(
      columns,
      Uint32Array.from({ length: count }, (_, i) => i),
    );
    return count;
  }

  /** Makes the rows of a stretch, or of buckets, equal to those that came. */
  compare(where: Stretch | readonly number[], answer: Answer): Difference {
    const held =
      'first' in where
        ? this.#get(stretchSelect(this.of), where.first, where.last)
        : this.#get(bucketsSelect(this.of), JSON.stringify(where));
    if (held.every((text, i) => text === answer[i])) return { gone: [], come: [] };
    const [before, now] = [this.#columnsOf(held), this.#columnsOf(answer)];
    const difference = differenceOf(before, now, this.#keyAt);
    this.#replace(difference, now);
    return difference;
  }

  bucketOf(row: readonly Stored[]): number {
    return bucketOf(Number(row[this.#keyAt]));
  }

  #reckon(): string {
    const parts: string[] = [];
    for (let from: number | null = 0; from !== null; ) {
      const [text] = this.#get(digestsSelect([{ table: this, from }]));
      if (typeof text !== 'string') break;
      parts.push(text);
      from = nextPart(text);
    }
    return parts.join(',');
  }

  /** All rows of the keys concerned are put in anew: where there is no primary key, equal rows cannot be told apart. */
  #replace({ gone, come }: Difference, now: Stored[][]): void {
    const keys = new Set([...gone, ...come].map((row) => Number(row[this.#keyAt])));
    if (keys.size === 0) return;
    this.#digests = null;
    const [table, key, given] = [
      quoted(this.of.name),
      quoted(this.of.key),
      JSON.stringify([...keys]),
    ];
    this.#db
      .prepare(`delete from ${table} where ${key} in (select value from json_each(?))`)
      .run(given);
    const places = (now[this.#keyAt] ?? []).flatMap((key, i) => (keys.has(Number(key)) ? [i] : []));
    this.#insert(now, places);
  }

  /** Puts in the rows at these places. */
  #insert(columns: readonly Stored[][], places: ArrayLike<number>): void {
    const marks = `(${columns.map(() => '?').join(', ')})`;
    for (let first = 0; first < places.length; ) {
      const atOnce = places.length - first < together ? 1 : together;
      const values: Stored[] = [];
      for (let i = first; i < first + atOnce; i++) {
        for (const column of columns) values.push(column[places[i] as number] as Stored);
      }
      this.#prepared(
        `insert into ${quoted(this.of.name)} values ${Array(atOnce).fill(marks).join(', ')}`,
      ).run(...values);
      first += atOnce;
    }
  }

  #columnsOf(answer: Answer): Stored[][] {
    return answer.map((text, i) => {
      const values = numbersOf(text);
      const { stored } = transportOf(this.of.columns[i]?.type ?? '');
      return stored ? values.map(stored) : values;
    });
  }

  #get(sql: string, ...args: (string | number)[]): Stored[] {
    return (this.#prepared(sql).get(...args) ?? []) as unknown as Stored[];
  }

  /** Kept for the next time: one that is not used any more takes memory until it is collected. */
  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#db.prepare(sql);
    statement.setReturnArrays(true);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** Where the next part of digests begins; null where this was the last. */
export function nextPart(text: string): number | null {
  const last = text.lastIndexOf(',') + 1;
  // Counted only where it may be: a bucket takes three numbers and a comma.
  if (text.length < digestsTogether * 6) return null;
  const bucket = Number(text.slice(last, text.indexOf(' ', last)));
  return text.split(',').length < digestsTogether ? null : bucket + 1;
}

export function digestsOf(text: string): Digests {
  const found = new Map<number, { rows: number; digest: string }>();
  if (text === '') return found;
  for (const part of text.split(',')) {
    const [bucket, rows, digest] = part.split(' ');
    found.set(Number(bucket), { rows: Number(rows), digest: `${rows} ${digest}` });
  }
  return found;
}

/** An array as SQLite wrote it. Reading exact integers takes several times as long, and hardly any needs it. */
function numbersOf(array: Stored | undefined): Stored[] {
  const text = String(array);
  return (/[[,]-?\d{16}/.test(text) ? parseJson(text) : JSON.parse(text)) as Stored[];
}

/** As multisets: of equal rows, what counts is how many there are. Only keys whose rows are not the same are looked at closely. */
function differenceOf(before: Stored[][], now: Stored[][], keyAt: number): Difference {
  const [held, came] = [inOrderOf(before, keyAt), inOrderOf(now, keyAt)];
  const difference: Difference = { gone: [], come: [] };
  for (let [i, j] = [0, 0]; i < held.length || j < came.length; ) {
    const key = Math.min(held[i]?.key ?? Infinity, came[j]?.key ?? Infinity);
    const [from, to] = [i, j];
    while (held[i]?.key === key) i++;
    while (came[j]?.key === key) j++;
    const isSame =
      i - from === j - to &&
      held.slice(from, i).every(({ at }, n) => isSameRow(before, at, now, came[to + n]?.at ?? 0));
    if (!isSame) compareRows(before, held.slice(from, i), now, came.slice(to, j), difference);
  }
  return difference;
}

interface Place {
  key: number;
  /** Of the row, in the order in which it came. */
  at: number;
}

function inOrderOf(columns: Stored[][], keyAt: number): Place[] {
  const places = (columns[keyAt] ?? []).map((key, at) => ({ key: Number(key), at }));
  return places.sort((a, b) => a.key - b.key);
}

const isSameRow = (a: Stored[][], i: number, b: Stored[][], j: number): boolean =>
  a.every((values, column) => {
    const [one, other] = [values[i] as Stored, b[column]?.[j] as Stored];
    return (
      one === other || (typeof one === 'object' && one !== null && signOf(one) === signOf(other))
    );
  });

function compareRows(
  before: Stored[][],
  held: readonly Place[],
  now: Stored[][],
  came: readonly Place[],
  { gone, come }: Difference,
): void {
  const row = (columns: Stored[][], { at }: Place) => columns.map((values) => values[at] as Stored);
  const balance = new Map<string, number>();
  const rows = came.map((place) => row(now, place));
  for (const sign of rows.map(signOfRow)) balance.set(sign, (balance.get(sign) ?? 0) + 1);
  for (const old of held.map((place) => row(before, place))) {
    const sign = signOfRow(old);
    const left = balance.get(sign) ?? 0;
    if (left > 0) balance.set(sign, left - 1);
    else gone.push(old);
  }
  for (const one of rows) {
    const sign = signOfRow(one);
    const left = balance.get(sign) ?? 0;
    if (left === 0) continue;
    balance.set(sign, left - 1);
    come.push(one);
  }
}

/** A text that is the same where all values are. */
const signOfRow = (row: Stored[]): string => row.map(signOf).join('');

function signOf(value: Stored): string {
  if (typeof value === 'string') return `"${value.length} ${value}`;
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString('hex')},`;
  return `${value},`;
}
