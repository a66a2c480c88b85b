import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { ServerVersion } from '../contract/schema.ts';
import { versionOfSchema } from '../contract/tables.ts';

export type Value = string | number | bigint | null | Uint8Array;
/** v0.24 serves what it has as v0.25 does. */
export const isUpTo25 = (version: ServerVersion): boolean =>
  version === 'v0.24' || version === 'v0.25';

export type Row = { [column: string]: Value };

/** The simulated server's database: a SQLite file laid out as a real one's. */
export class Library {
  readonly path: string;
  readonly database: DatabaseSync;
  readonly schema: number;
  /** The folder that pictures are kept in, where they are not in the database. */
  readonly pictures: string | undefined;
  readonly version: ServerVersion;
  /** `groups`, or `movies` before v0.28. */
  readonly groups: { table: string; key: string; scenes: string };
  readonly #statements = new Map<string, StatementSync>();
  readonly #columns = new Map<string, Set<string>>();

  constructor(
    path: string,
    options: { version?: ServerVersion | undefined; pictures?: string | undefined } = {},
  ) {
    this.path = path;
    this.pictures = options.pictures;
    this.database = new DatabaseSync(path);
    this.database.exec('pragma foreign_keys = on; pragma journal_mode = wal');
    this.schema = this.scalar('select max(version) from schema_migrations') as number;
    const found = options.version ?? versionOfSchema(this.schema);
    if (!found) throw new Error(`no server of ours has database schema ${this.schema}`);
    this.version = found;
    this.groups = this.has('groups')
      ? { table: 'groups', key: 'group_id', scenes: 'groups_scenes' }
      : { table: 'movies', key: 'movie_id', scenes: 'movies_scenes' };
  }

  close(): void {
    this.#statements.clear();
    this.database.close();
  }

  /** Whether the table is there, with that column. */
  has(table: string, column?: string): boolean {
    let columns = this.#columns.get(table);
    if (!columns) {
      const names = this.rows('select name from pragma_table_info(?)', table);
      columns = new Set(names.map(([name]) => name as string));
      this.#columns.set(table, columns);
    }
    return column === undefined ? columns.size > 0 : columns.has(column);
  }

  rows(sql: string, ...parameters: SQLInputValue[]): Value[][] {
    const key = `rows ${sql}`;
    let statement = this.#statements.get(key);
    if (!statement) {
      statement = this.database.prepare(sql);
      statement.setReturnArrays(true);
      this.#statements.set(key, statement);
    }
    return statement.all(...parameters) as unknown as Value[][];
  }

  objects(sql: string, ...parameters: SQLInputValue[]): Row[] {
    return this.#prepared(sql).all(...parameters) as Row[];
  }

  scalar(sql: string, ...parameters: SQLInputValue[]): Value | undefined {
    return this.rows(sql, ...parameters)[0]?.[0];
  }

  /** Runs one statement; the id of the row it inserted, if it did. */
  run(sql: string, ...parameters: SQLInputValue[]): number {
    try {
      return Number(this.#prepared(sql).run(...parameters).lastInsertRowid);
    } catch (error) {
      throw new Error(
        `executing \`${sql}\` [[${parameters.join(' ')}]]: ${(error as Error).message}`,
      );
    }
  }

  /** All or nothing, as each of a real server's mutations. */
  transaction<T>(work: () => T): T {
    this.database.exec('begin immediate');
    try {
      const result = work();
      this.database.exec('commit');
      return result;
    } catch (error) {
      this.database.exec('rollback');
      throw error;
    }
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
