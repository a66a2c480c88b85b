import type { Instant, Json, PartialDate, StashIds } from '../../model/fields.ts';
import { instantOf, microseconds } from '../../model/instants.ts';
import type { Caption, Fingerprint } from '../../model/kinds.ts';

/** A value as SQLite holds it. */
export type Cell = string | number | bigint | null | Uint8Array;
export type Row = Cell[];

/** What Go's zero time prints as: Stash shows it for a stored date that it cannot read. */
export const zeroDate: PartialDate = '0001-01-01';

const utf8 = new TextDecoder();

/** A NULL text is served as `''` (stash-facts.md). */
export function text(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  if (cell === null) return '';
  return cell instanceof Uint8Array ? utf8.decode(cell) : String(cell);
}

/** One of a few words. Stash takes an empty one for none. */
export const choice = (cell: Cell): string | null => text(cell) || null;

/** Stash's driver takes what is above 0 for true, and understands the words that Go's `ParseBool` does. */
export function flag(cell: Cell): boolean {
  if (typeof cell === 'number') return cell > 0;
  return typeof cell === 'string' && ['1', 't', 'true'].includes(cell.toLowerCase());
}

/**
 * An instant as Go prints it, from any form that Stash's SQLite driver reads (mattn/go-sqlite3,
 * `SQLiteTimestampFormats`, or seconds or milliseconds since 1970); undefined for anything else.
 */
export function instant(cell: Cell): Instant | undefined {
  if (typeof cell === 'number') {
    const milliseconds = Math.abs(cell) > 1e12 ? cell : cell * 1000;
    if (!(milliseconds >= earliest && milliseconds < latest)) return undefined;
    return new Date(milliseconds).toISOString().replace(/\.?0*Z$/, 'Z');
  }
  if (typeof cell !== 'string') return undefined;
  if (isAsServed(cell)) return cell;
  const found = storedInstant.exec(cell);
  if (!found) return undefined;
  const [, day, minutes = '00:00', seconds = '00', fraction = '', offset = 'Z'] = found;
  const printed = `${day}T${minutes}:${seconds}`;
  const at = Date.parse(`${printed}Z`);
  // For JavaScript the 30th of February is the 1st of March; for Go it is none.
  if (Number.isNaN(at) || !new Date(at).toISOString().startsWith(day as string)) return undefined;
  const digits = fraction.slice(0, 9).replace(/0+$/, '');
  return `${printed}${digits && `.${digits}`}${/[1-9]/.test(offset) ? offset : 'Z'}`;
}

/** RFC 3339 has years of four digits. */
const earliest = Date.parse('0000-01-01T00:00:00Z');
const latest = Date.parse('+010000-01-01T00:00:00Z');

const storedInstant =
  /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(?::(\d\d)(?:[.,](\d+))?([+-]\d\d:\d\d)?)?)?Z?$/;

/** By far the most common forms, without the price of a regular expression: `…T03:04:05Z`, `…T03:04:05+02:00`. */
function isAsServed(stored: string): boolean {
  if (stored[10] !== 'T' || !isPlain(stored)) return false;
  if (stored.length === 20) return stored[19] === 'Z';
  return stored.length === 25 && stored[22] === ':' && !stored.endsWith('00:00');
}

/** Numbers in the right places, and a day that every month has. */
function isPlain(stored: string): boolean {
  return (
    isWithin(stored, 0, 0, 99) &&
    isWithin(stored, 2, 0, 99) &&
    isWithin(stored, 5, 1, 12) &&
    isWithin(stored, 8, 1, 28) &&
    isWithin(stored, 11, 0, 23) &&
    isWithin(stored, 14, 0, 59)
  );
}

function isWithin(text: string, at: number, least: number, most: number): boolean {
  const number = (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
  return number >= least && number <= most;
}

/** The same moments in UTC, ascending. Equal ones count. */
export const history = (served: Instant[]): Instant[] =>
  served
    .map((at) => (at.length === 20 ? at : instantOf(microseconds(at))))
    .sort((a, b) => (a.length === b.length ? (a < b ? -1 : 1) : microseconds(a) - microseconds(b)));

/**
 * So many plays or Os of which nobody knows when they were, but perhaps the last: by the rule of Stash's own upgrade
 * (pkg/sqlite/migrations/55), which gives them the time at which the scene was created.
 */
export function datedAlike(count: number, created: Instant, last?: Instant): Instant[] {
  const dates = Array.from({ length: Math.min(Math.max(0, count), mostUndated) }, () => created);
  if (last !== undefined && dates.length > 0) dates[0] = last;
  return history(dates);
}

/** A counter that nobody can have reached would take all memory. */
const mostUndated = 1e6;

/** When a scene was last played. That upgrade cuts the fraction off, which the driver wrote after a space. */
export function lastPlayed(cell: Cell): Instant | undefined {
  const at = instant(cell);
  return typeof cell === 'string' && cell[10] === ' ' ? at?.replace(/\.\d+/, '') : at;
}

/** A date to the precision that was stored with it: 1 is a month, 2 a year. Undefined where it is no date. */
export function date(cell: Cell, precision: Cell): PartialDate | null | undefined {
  if (cell === null) return null;
  return instant(cell)?.slice(0, precision === 2 ? 4 : precision === 1 ? 7 : 10);
}

/** Rows of `[_, type, value]`. Stash shows one of a type, the first by its primary key (v0.30 pkg/sqlite/file.go). */
export function fingerprints(rows: Row[]): Fingerprint[] {
  const found: Fingerprint[] = [];
  for (const row of rows) {
    const type = text(row[1] as Cell);
    if (found.at(-1)?.type !== type) found.push({ type, value: text(row[2] as Cell) });
  }
  return found;
}

/** Rows of `[_, language, type, file name]`. */
export function captions(rows: Row[]): Caption[] {
  return rows.map(([, language, type, filename]) => ({
    languageCode: text(language as Cell),
    captionType: text(type as Cell),
    filename: text(filename as Cell),
  }));
}

/** Rows of `[_, endpoint, stash id, updated_at]`; the last is undefined where the file has no such column. */
export function stashIds(rows: Row[]): StashIds {
  const found = new Map<string, StashIds[string]>();
  for (const [, endpoint, id, updatedAt] of rows) {
    const stashId = { stashId: text(id as Cell) };
    const at = updatedAt === undefined ? undefined : instant(updatedAt);
    const others = found.get(text(endpoint as Cell));
    const one = at === undefined ? stashId : { ...stashId, updatedAt: at };
    if (others) others.push(one);
    else found.set(text(endpoint as Cell), [one]);
  }
  return Object.fromEntries(found);
}

/**
 * Rows of `[_, field, type, value]`, an integer written out and a blob in hexadecimal. JSON has no infinite numbers:
 * those are left out, and told. Through `fromEntries`, because a person may name a field `__proto__`.
 */
export function customFields(
  rows: Row[],
  leftOut: (name: string, value: number) => void,
): { [name: string]: Json } {
  const found: [string, Json][] = [];
  for (const [, field, type, cell] of rows) {
    const name = text(field as Cell);
    const value = customValue(type, cell as Cell);
    if (typeof value === 'number' && !Number.isFinite(value)) leftOut(name, value);
    else found.push([name, value]);
  }
  return Object.fromEntries(found);
}

function customValue(type: Cell | undefined, value: Cell): Json {
  if (type === 'integer') {
    const exact = BigInt(value as string);
    const plain = Number(exact);
    return Number.isSafeInteger(plain) ? plain : exact;
  }
  // Go writes bytes into JSON as base64.
  if (type === 'blob') return Buffer.from(value as string, 'hex').toString('base64');
  return value as string | number | null;
}
