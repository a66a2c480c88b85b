/** Fills a Stash's database with what nobody would enter, but what SQLite holds all the same. */
import { createHash } from 'node:crypto';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

/** 200 kB that no compression makes smaller: what is too long for an index of PostgreSQL is so by its real size. */
const long = Array.from({ length: 3200 }, (_, i) =>
  createHash('sha256').update(String(i)).digest('hex'),
).join('');

/** As bytes, where JavaScript has no text for them: SQLite takes any for one. */
const texts: readonly (string | Buffer)[] = [
  long,
  `quotes ' " \` “ ” and \\ backslashes \\\\ \\' \\"`,
  '\\N',
  'tab\there, new\nline, \r\n, escape \u001b[31m, bell \u0007, delete \u007f, \u0085, \u2028, \ufeff',
  'NUL \0 in the middle',
  '\0',
  '\u202eright to left\u202c שלום العربية \u200f\u200b\u200d',
  Buffer.from('a half of a pair \xed\xa0\x80 and bytes \xff\xfe\x80 that are no UTF-8', 'latin1'),
  '𝕿𝖊𝖝𝖙 👩‍👩‍👧‍👧 e\u0301\u0327 \ufffe \uffff \u{10ffff}',
  '{"a": [1, null, "\\u0000"]} {1,2,NULL} (a,b) [x]',
  `'; DROP TABLE qar.cargo; -- $1 %s \${x} {{y}}`,
  '\\u0000 \\ud800 \\\\u0000 written out',
  'NULL',
  '',
  '   ',
  '__proto__',
];

const numbers: readonly SQLInputValue[] = [
  -5,
  0,
  101,
  2 ** 31,
  -(2 ** 53),
  2n ** 53n + 1n,
  -(2n ** 63n),
  2n ** 63n - 1n,
  9.75,
  -1e-300,
  1e308,
  Number.POSITIVE_INFINITY,
  'not a number',
  '',
  '12',
];

const times: readonly SQLInputValue[] = [
  '0000-00-00',
  '0000-00-00T00:00:00Z',
  '0001-01-01T00:00:00Z',
  '2020-02-30',
  '2020-02-30T12:00:00Z',
  '2020-13-01 25:61:61',
  '2020-13-01T00:00:00Z',
  '2020-01-01T24:00:60+25:00',
  '10000-01-01T00:00:00Z',
  '-0044-03-15',
  '294277-01-01T00:00:00Z',
  '1969-12-31T23:59:59.999999999+14:00',
  '2020-01-01T00:00:00.123456789-23:59',
  'yesterday',
  'NUL \0',
  '',
  0,
  -1,
  1_600_000_000,
  8.7e15,
  1e18,
  Number.POSITIVE_INFINITY,
];

type Column = { table: string; name: string; type: string };

/** What of a database becomes hostile. */
export const hostilities = {
  texts: (file: string, except: readonly string[] = []) =>
    spoil(file, texts, ({ table, name, type }) => {
      if (/_blob$|^checksum$|^fingerprint$|_filter$|^ui_options$/.test(name)) return false;
      return /char|text|blob/i.test(type) && !except.includes(`${table}.${name}`);
    }),
  numbers: (file: string) =>
    spoil(file, numbers, ({ name, type }) => {
      if (/(^|_)id$|_precision$|^position$|^order_index$/.test(name)) return false;
      return /int|float|boolean/i.test(type);
    }),
  times: (file: string) => spoil(file, times, ({ type }) => /^date/i.test(type)),
};

/** Gives each row of each such column another one of the values, so that every column has had all it has rows for. */
function spoil(
  file: string,
  values: readonly (SQLInputValue | Buffer)[],
  concerns: (column: Column) => boolean,
): void {
  using database = new DatabaseSync(file);
  database.exec('pragma foreign_keys = off; begin');
  let shift = 0;
  for (const column of columnsOf(database).filter(concerns)) {
    const rows = database.prepare(`select rowid as place from "${column.table}"`).all();
    rows.forEach(({ place }, i) => {
      // The first is the large one: once a column.
      const value = values[i === 0 ? 0 : 1 + ((i + shift) % (values.length - 1))] as SQLInputValue;
      set(database, column, value, place as number);
    });
    shift += 1;
  }
  database.exec('commit');
}

/** A name that has to be the only one gets the row's number too. */
function set(
  database: DatabaseSync,
  { table, name }: Column,
  value: SQLInputValue,
  rowid: number,
): void {
  const text = typeof value === 'string' || Buffer.isBuffer(value);
  const placed = text ? 'cast(? as text)' : '?';
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  try {
    database
      .prepare(`update "${table}" set "${name}" = ${placed} where rowid = ?`)
      .run(bytes, rowid);
  } catch (error) {
    if (!/constraint/.test((error as Error).message)) throw error;
    if (!text) return;
    const only = Buffer.concat([bytes as Buffer, Buffer.from(` ${rowid}`)]);
    database
      .prepare(`update "${table}" set "${name}" = ${placed} where rowid = ?`)
      .run(only, rowid);
  }
}

function columnsOf(database: DatabaseSync): Column[] {
  const rows = database
    .prepare(
      `select t.name as "table", c.name, c.type from sqlite_schema t, pragma_table_info(t.name) c
        where t.type = 'table' and t.name not like 'sqlite_%' and t.name not in ('schema_migrations', 'blobs')`,
    )
    .all();
  return rows as unknown as Column[];
}
