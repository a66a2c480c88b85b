import { quoted } from './names.ts';

/*
 * Every statement that is ever sent to a server's `querySQL`, which would run any: nothing but SELECTs, and each
 * short, because one waits its turn among the server's writers. Values come as JSON, a column of many rows in one
 * array: rows of the answer's own cost ten times as much (stash-facts.md).
 */

/** Asks for a `LayoutRow` of every column, of all tables but SQLite's own and ours (`ownTables.ts`). */
export const layoutSelect = `select t.name, c.name, c.type, c.pk
  from sqlite_master t join pragma_table_info(t.name) c
  where t.type = 'table' and t.name not like 'sqlite\\_%' escape '\\'
    and t.name not like 'stowage:%' order by t.name, c.cid`;

export const schemaSelect = 'select coalesce(max(version), 0) from schema_migrations';

/** The highest number that each table ever gave. Every Stash has tables that number their rows by themselves. */
export const sequencesSelect = 'select name, seq from sqlite_sequence';

/** The size of the database, and so of a snapshot, in bytes. */
export const sizeSelect =
  'select page_count * page_size from pragma_page_count(), pragma_page_size()';

export const countSelect = (table: string): string => `select count(*) from ${quoted(table)}`;

/** Rows with something in this column. 0 is what a new flag or counter holds where nobody has touched it. */
export const filledSelect = (table: string, column: string): string =>
  `${countSelect(table)} where ${quoted(column)} is not null and ${quoted(column)} not in ('', 0)`;

/** A table as it is mirrored: in ranges of the column that comes first in its key. */
export interface Mirrored {
  readonly name: string;
  readonly key: string;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly key: number;
  }[];
}

/** So many ids have one digest together: 2 to the power of this. */
export const bucketBits = 8;

/** The highest key of each table, in one row. Each is the end of an index. */
export const lastKeysSelect = (tables: readonly Mirrored[]): string =>
  `select ${tables.map(({ name, key }) => `(select max(${quoted(key)}) from ${quoted(name)})`).join(', ')}`;

/** So many ids are digested by one statement, which takes a third of a second at most where each has ten rows. */
export const idsDigested = 2 ** 17;

/**
 * Given two ids, three arrays: buckets of ids, the number of rows of each, and a digest that changes with them. SQLite has no hash
 * function: a row's columns are folded into a number below 2^31 and squared, so that two values swapped between two
 * rows show.
 * All digests of 100,000 scenes and 100,000 images take 1.4 s.
 */
export function digestSelect({ name, key, columns }: Mirrored): string {
  const folded = columns.reduce(
    (before, column) =>
      `(${before} * 48271 + ${digestOf(quoted(column.name), column.type)}) % ${prime}`,
    '0',
  );
  // `limit -1` keeps SQLite from writing the whole of `folded` in twice.
  return `select json_group_array(b), json_group_array(n), json_group_array(d) from (
    select b, count(*) n, sum(r * r % ${prime}) d from (
      select ${quoted(key)} >> ${bucketBits} b, ${folded} r from ${quoted(name)}
      where ${quoted(key)} between ? and ? limit -1)
    group by b)`;
}

const prime = 2 ** 31 - 1;

function digestOf(column: string, type: string): string {
  const text = `length(${column}) * 524287 + unicode(${column}) * 8191
    + unicode(substr(${column}, -1)) * 127 + unicode(substr(${column}, length(${column}) / 2))`;
  const numbers = `coalesce(${column} % ${prime}, -1)`;
  if (/^(date|timestamp)/i.test(type)) return `coalesce(unixepoch(${column}), -1)`;
  switch (affinityOf(type)) {
    case 'text':
      return `coalesce(${text}, -1)`;
    case 'real':
      return `coalesce(cast(${column} * 1000000 as integer) % ${prime}, -1)`;
    case 'none':
      return `iif(typeof(${column}) = 'integer', ${numbers}, coalesce(${text}, -1))`;
    default:
      return numbers;
  }
}

/** Given two ids, an array for each column: its values in the rows from the one to the other. */
export function rowsSelect({ name, key, columns }: Mirrored): string {
  const arrays = columns.map((column) => {
    const { sql } = transportOf(column.type);
    return `json_group_array(${sql(quoted(column.name))})`;
  });
  return `select ${arrays.join(', ')} from ${quoted(name)} where ${quoted(key)} between ? and ?`;
}

/** What a column prefers to store (https://sqlite.org/datatype3.html#determination_of_column_affinity). */
function affinityOf(type: string): 'integer' | 'text' | 'none' | 'real' | 'numeric' {
  if (/int/i.test(type)) return 'integer';
  if (/char|clob|text/i.test(type)) return 'text';
  if (/blob/i.test(type) || type === '') return 'none';
  if (/real|floa|doub/i.test(type)) return 'real';
  return 'numeric';
}

export type Stored = string | number | bigint | null | Uint8Array;

/** How a column's values cross in JSON so that they are stored here as they are there. */
export interface Transport {
  sql(column: string): string;
  stored?(crossed: Stored): Stored;
}

/** All 17 digits: SQLite 3.45 writes a real into JSON with 15, which changes nine of ten random ones. Infinity as it reads it. */
const exactly = (real: string) => `replace(printf('%!.17g', ${real}), 'Inf', '9e999')`;

export function transportOf(type: string): Transport {
  switch (affinityOf(type)) {
    case 'text':
      // JSON holds no blob. Here it would be read as a text, so it may as well be one.
      return { sql: (column) => `cast(${column} as text)` };
    case 'real':
      return {
        sql: (column) =>
          `iif(typeof(${column}) = 'real', ${exactly(column)}, cast(${column} as text))`,
        stored: (crossed) => (isNumeric(crossed) ? Number(crossed) : crossed),
      };
    case 'none':
      return { sql: tagged, stored: untagged };
    default:
      // What is no number here is made one by the column's own preference, as it was there.
      return {
        sql: (column) =>
          `case typeof(${column}) when 'real' then ${exactly(column)} when 'blob' then cast(${column} as text) else ${column} end`,
      };
  }
}

const isNumeric = (crossed: Stored) =>
  typeof crossed === 'string' && crossed.trim() !== '' && !Number.isNaN(Number(crossed));

/** Where a column stores whatever it is given, the first letter says what that was. */
const tagged = (column: string) => `case typeof(${column}) when 'text' then 't' || ${column}
  when 'integer' then 'i' || ${column} when 'real' then 'r' || ${exactly(column)}
  when 'blob' then 'b' || hex(${column}) end`;

function untagged(crossed: Stored): Stored {
  if (typeof crossed !== 'string') return null;
  const value = crossed.slice(1);
  switch (crossed[0]) {
    case 'i':
      return BigInt(value);
    case 'r':
      return Number(value);
    case 'b':
      return Buffer.from(value, 'hex');
    default:
      return value;
  }
}
