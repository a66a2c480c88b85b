import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { ServerVersion } from '../../contract/schema.ts';
import { createTables } from '../../contract/tables.ts';

type Stored = SQLInputValue | boolean | undefined;

/** A new database of a version's layout, being filled: what the layout has no place for is left out. */
export class Rows implements Disposable {
  readonly database: DatabaseSync;
  readonly version: ServerVersion;
  readonly #columns = new Map<string, Set<string>>();
  readonly #inserts = new Map<string, { columns: string[]; statement: StatementSync } | null>();
  readonly #indexes: string[];

  constructor(path: string, version: ServerVersion) {
    this.database = new DatabaseSync(path);
    this.version = version;
    this.database.exec(
      'pragma journal_mode = off; pragma synchronous = off; pragma foreign_keys = off; pragma cache_size = -100000',
    );
    createTables(this.database, version);
    // Filled first and indexed after, a library of 100,000 scenes takes half the time.
    const indexes = this.database
      .prepare("select name, sql from sqlite_schema where type = 'index' and sql is not null")
      .all() as { name: string; sql: string }[];
    for (const { name } of indexes) this.database.exec(`drop index "${name}"`);
    this.#indexes = indexes.map(({ sql }) => sql);
    this.database.exec('begin');
  }

  /** Whether the layout has the table, with that column. */
  has(table: string, column?: string): boolean {
    let columns = this.#columns.get(table);
    if (!columns) {
      const found = this.database.prepare('select name from pragma_table_info(?)').all(table);
      columns = new Set(found.map(({ name }) => name as string));
      this.#columns.set(table, columns);
    }
    return column === undefined ? columns.size > 0 : columns.has(column);
  }

  /** Every row of a table is to name the same columns, in the same order. */
  insert(table: string, row: { [column: string]: Stored }): void {
    let insert = this.#inserts.get(table);
    if (insert === undefined) {
      const columns = Object.keys(row).filter((column) => this.has(table, column));
      insert =
        columns.length === 0
          ? null
          : {
              columns,
              statement: this.database.prepare(
                `insert into "${table}" (${columns.map((name) => `"${name}"`)})
                 values (${columns.map(() => '?')})`,
              ),
            };
      this.#inserts.set(table, insert);
    }
    if (!insert) return;
    const { columns, statement } = insert;
    const values = new Array<SQLInputValue>(columns.length);
    for (let i = 0; i < columns.length; i += 1) values[i] = stored(row[columns[i] as string]);
    statement.run(...values);
  }

  /** Builds the indexes, and closes. */
  [Symbol.dispose](): void {
    for (const sql of this.#indexes) this.database.exec(sql);
    this.database.exec('commit; analyze');
    this.database.close();
  }
}

function stored(value: Stored): SQLInputValue {
  if (value === undefined) return null;
  return typeof value === 'boolean' ? Number(value) : value;
}
