import type { DatabaseSync } from 'node:sqlite';
import { layoutSelect, schemaSelect } from './selects.ts';

/** Names that tables and columns had before Stash renamed movies to groups (its migration 65, v0.27). */
const formerTables = new Map([
  ['groups', 'movies'],
  ['groups_scenes', 'movies_scenes'],
  ['groups_tags', 'movies_tags'],
  ['group_urls', 'movie_urls'],
]);
const formerColumns = new Map([
  ['groups.description', 'synopsis'],
  ['groups_scenes.group_id', 'movie_id'],
  ['groups_tags.group_id', 'movie_id'],
  ['group_urls.group_id', 'movie_id'],
]);

export interface LayoutColumn {
  /** As declared: `varchar(255)`. Empty where nothing was. */
  type: string;
  /** Its place in the primary key, from 1; 0 where it is not part of it. */
  key: number;
}

/** Table, column, declared type, place in the primary key. */
export type LayoutRow = [string, string, string, number];

/**
 * Which tables and columns a database has. They come and go between versions of Stash, so nothing is taken for
 * granted: asked for by its newest name, each is found under the one that it has here, or not at all.
 */
export class Layout {
  /** Every table with its columns, by the names they have here. */
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, LayoutColumn>>;
  /** The database schema's number: 55 (v0.25), 72 (v0.28), 75 (v0.30), …; 0 where there is none. */
  readonly schema: number;

  constructor(rows: Iterable<LayoutRow>, schema: number) {
    const tables = new Map<string, Map<string, LayoutColumn>>();
    for (const [table, column, type, key] of rows) {
      const columns = tables.get(table) ?? new Map<string, LayoutColumn>();
      tables.set(table, columns.set(column, { type, key }));
    }
    this.tables = tables;
    this.schema = schema;
  }

  static of(db: DatabaseSync): Layout {
    const read = (sql: string): unknown[][] => {
      const statement = db.prepare(sql);
      statement.setReturnArrays(true);
      return statement.all() as unknown as unknown[][];
    };
    const rows = read(layoutSelect) as LayoutRow[];
    const isNumbered = rows.some(
      ([table, column]) => table === 'schema_migrations' && column === 'version',
    );
    return new Layout(rows, isNumbered ? Number(read(schemaSelect)[0]?.[0]) : 0);
  }

  /** The table's name here; undefined where there is no such table. */
  table(name: string): string | undefined {
    return [name, formerTables.get(name)].find((n) => n !== undefined && this.tables.has(n));
  }

  /** The column's name here; undefined where there is no such column. */
  column(table: string, name: string): string | undefined {
    const columns = this.tables.get(this.table(table) ?? '');
    return [name, formerColumns.get(`${table}.${name}`)].find(
      (n) => n !== undefined && columns?.has(n),
    );
  }
}
