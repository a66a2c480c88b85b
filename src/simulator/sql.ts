import type { SQLInputValue } from 'node:sqlite';
import type { Library, Value } from './library.ts';
import { json, rfc3339 } from './values.ts';

/** `querySQL`: any statement, its answer converted by the columns' declared types as the Go driver does. */
export function querySql(
  library: Library,
  sql: string,
  args: readonly SQLInputValue[],
): { columns: string[]; rows: unknown[][] } {
  try {
    const statement = library.database.prepare(sql);
    statement.setReturnArrays(true);
    statement.setReadBigInts(true);
    const columns = statement.columns();
    const convert = columns.map(({ type }) => conversions[type?.toLowerCase() ?? ''] ?? plain);
    const rows = statement.all(...args) as unknown as Value[][];
    return {
      columns: columns.map(({ name }) => name),
      rows: rows.map((row) => row.map((stored, i) => convert[i]?.(stored))),
    };
  } catch (error) {
    const given = args.map((arg) => (arg === null ? '<nil>' : String(arg))).join(' ');
    throw new Error(`error executing \`${sql}\` [[${given}]]: ${(error as Error).message}`);
  }
}

const plain = (stored: Value): unknown =>
  typeof stored === 'bigint' && stored >= -limit && stored <= limit ? Number(stored) : json(stored);
const limit = BigInt(Number.MAX_SAFE_INTEGER);

const zero = '0001-01-01T00:00:00Z';
const instant = (stored: Value): unknown =>
  typeof stored === 'string' ? (rfc3339(stored) ?? zero) : plain(stored);

const conversions: { [declared: string]: (stored: Value) => unknown } = {
  boolean: (stored) => (typeof stored === 'bigint' ? stored > 0n : plain(stored)),
  date: instant,
  datetime: instant,
  timestamp: instant,
};
