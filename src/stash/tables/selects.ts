import { type Digesting, digestOf } from './digest.ts';
import { bucketBits, type Mirrored } from './mirrored.ts';
import { quoted } from './names.ts';
import { transportOf } from './transport.ts';

/*
 * Every statement that is ever sent to a server's `querySQL`, which would run any: nothing but SELECTs, and each
 * short, because one waits its turn among the server's writers. Values come as JSON, a column of many rows in one
 * array: rows of the answer's own cost ten times as much (stash-facts.md).
 */

/**
 * Asks for a `LayoutRow` of every column, of all tables but SQLite's own and ours (`ownTables.ts`). A Stash has no virtual
 * ones: what is behind such a table is up to who made it.
 */
export const layoutSelect = `select t.name, c.name, c.type, c.pk
  from sqlite_master t join pragma_table_info(t.name) c
  where t.type = 'table' and t.sql not like 'create virtual%' and t.name not like 'sqlite\\_%' escape '\\'
    and t.name not like 'stowage:%' order by t.name, c.cid`;

export const schemaSelect = 'select coalesce(max(version), 0) from schema_migrations';

/**
 * What a reading begins with, in one row: both of these, the highest number that each table ever gave (every Stash has tables
 * that number their rows by themselves), and the server's clock.
 */
export const openingSelect = `select (select json_group_array(json_array(a, b, c, d)) from (
    select t.name a, c.name b, c.type c, c.pk d from sqlite_master t join pragma_table_info(t.name) c
    where t.type = 'table' and t.sql not like 'create virtual%' and t.name not like 'sqlite\\_%' escape '\\'
      and t.name not like 'stowage:%' order by t.name, c.cid)),
  (${schemaSelect}),
  (select json_group_array(json_array(name, seq)) from sqlite_sequence),
  unixepoch()`;

/** The first schema (v0.27) of servers that answer all of this, and do all writing, by one connection. */
const withOneWriter = 67;

/**
 * What of a server tells whether anything was written since it was asked last: the rows that its writing connection has changed,
 * the last that it has inserted, and what others have committed. Null where a server has several such connections.
 */
export const writtenSelect = ({ schema }: { schema: number }): string | null =>
  schema < withOneWriter
    ? null
    : `select total_changes() || ' ' || last_insert_rowid() || ' ' || data_version from pragma_data_version`;

/** The size of the database, and so of a snapshot, in bytes. */
export const sizeSelect =
  'select page_count * page_size from pragma_page_count(), pragma_page_size()';

export const countSelect = (table: string): string => `select count(*) from ${quoted(table)}`;

/** A JSON array of the ids of a table's rows. */
export const idsSelect = (table: string): string =>
  `select json_group_array(id) from ${quoted(table)}`;

/** Of the rows that have nothing in a column. */
export const idsWithoutSelect = (table: string, column: string): string =>
  `${idsSelect(table)} where ${quoted(column)} is null`;

/** Rows with something in this column. 0 is what a new flag or counter holds where nobody has touched it. */
export const filledSelect = (table: string, column: string): string =>
  `${countSelect(table)} where ${quoted(column)} is not null and ${quoted(column)} not in ('', 0)`;

/** Of each table how many rows it has, and the keys at which stretches of so many rows begin. */
export const stretchesSelect = (tables: readonly (readonly [Mirrored, rows: number])[]): string =>
  `select ${tables
    .map(([{ name, key }, rows]) => {
      const [table, k] = [quoted(name), quoted(key)];
      return `(${countSelect(name)}), (with recursive r(first) as (
        select min(${k}) from ${table} union all
        select (select ${k} from ${table} where ${k} > first order by ${k} limit 1 offset ${rows}) from r
        where first is not null)
        select group_concat(first) from r)`;
    })
    .join(', ')}`;

/** So many digests are asked for at a time: of a table with ten rows an id, a sixth of a second. */
export const digestsTogether = 2 ** 11;

/** Part of a table's digests: those of the buckets from this one on. */
export interface DigestPart<T extends Digesting = Digesting> {
  table: T;
  from: number;
}

/** For each part one text: `BUCKET ROWS DIGEST,…`, ascending, of the buckets that have rows. */
export const digestsSelect = (parts: readonly DigestPart[]): string =>
  `select ${parts.map((part) => `(${digestPart(part)})`).join(', ')}`;

function digestPart({ table, from }: DigestPart): string {
  const [name, key] = [quoted(table.of.name), quoted(table.of.key)];
  const { terms, value } = digestOf(table);
  const rows = (where: string) =>
    terms === null
      ? `${name} where ${where}`
      : // `limit -1` keeps SQLite from writing each term in wherever it is used.
        `(select ${key} k, ${terms} from ${name} where ${where} limit -1)`;
  if (!isKeyed(table.of)) {
    // No index is sure to lead to a bucket's rows: all are looked at once, and put together by sorting.
    return `select group_concat(b || ' ' || n || ' ' || d) from (
      select ${terms === null ? key : 'k'} >> ${bucketBits} b, count(*) n, sum(${value}) d
      from ${rows(`${key} >= ${from * 2 ** bucketBits}`)} group by b order by b)`;
  }
  const first = (id: string) =>
    `(select min(${key}) >> ${bucketBits} from ${name} where ${key} >= ${id})`;
  const bucket = `${key} between i << ${bucketBits} and (i << ${bucketBits}) + ${2 ** bucketBits - 1}`;
  return `with recursive b(i) as (
      select ${first(String(from * 2 ** bucketBits))} union all
      select ${first(`(i + 1) << ${bucketBits}`)} from b where i is not null limit ${digestsTogether})
    select group_concat(i || ' ' || (select count(*) || ' ' || sum(${value}) from ${rows(bucket)}))
    from b where i is not null`;
}

/**
 * Given two ids, an array for each column: its values in the rows from the one to the other. In the order in which SQLite
 * finds them, which is that of an index, and the same the next time; to ask for an order costs half as much again.
 */
export function stretchSelect(table: Mirrored): string {
  return `select ${arraysOf(table)} from ${quoted(table.name)} where ${quoted(table.key)} between ? and ?`;
}

/** Given a JSON array of buckets, the same of the rows in these. */
export function bucketsSelect(table: Mirrored): string {
  const key = quoted(table.key);
  return isKeyed(table)
    ? `select ${arraysOf(table)} from (select value "stowage:bucket" from json_each(?))
        cross join ${quoted(table.name)} on ${key} between "stowage:bucket" << ${bucketBits}
          and ("stowage:bucket" << ${bucketBits}) + ${2 ** bucketBits - 1}`
    : `select ${arraysOf(table)} from ${quoted(table.name)}
        where ${key} >> ${bucketBits} in (select value from json_each(?))`;
}

const arraysOf = ({ columns }: Mirrored): string =>
  columns
    .map((column) => {
      const { sql } = transportOf(column.type);
      return `json_group_array(${sql(quoted(column.name))})`;
    })
    .join(', ');

/** Whether a primary key begins with the column by which the table is mirrored. */
const isKeyed = ({ columns }: Mirrored): boolean => columns.some((column) => column.key === 1);
