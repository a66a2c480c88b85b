import type { DatabaseSync } from 'node:sqlite';

/** Names that tables and columns had before migration 65 of Stash renamed movies to groups (v0.27). */
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

/** A table or column name, quoted: some are words of SQL (`groups`, `primary`). */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * Which tables and columns a file has. They come and go between versions of Stash, so nothing is taken for
 * granted: asked for by its newest name, each is found under the one that it has here, or not at all.
 */
export class Layout {
  /** Every table with its columns, by the names they have in the file, and each column's declared type. */
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The database schema's number, `schema_migrations.version`; 0 where there is none. */
  readonly schema: number;

  constructor(db: DatabaseSync) {
    const tables = new Map<string, Map<string, string>>();
    const rows = db.prepare(
      `select t.name, c.name, c.type from sqlite_schema t, pragma_table_info(t.name) c
       where t.type = 'table' and t.name not like 'sqlite\\_%' escape '\\' order by t.name, c.cid`,
    );
    rows.setReturnArrays(true);
    for (const [table, column, type] of rows.iterate() as unknown as Iterable<string[]>) {
      const columns = tables.get(table as string) ?? new Map<string, string>();
      tables.set(table as string, columns.set(column as string, type as string));
    }
    this.tables = tables;
    this.schema = tables.has('schema_migrations')
      ? Number(db.prepare('select max(version) n from schema_migrations').get()?.n ?? 0)
      : 0;
  }

  /** The table's name in this file; undefined where the file has no such table. */
  table(name: string): string | undefined {
    return [name, formerTables.get(name)].find((n) => n !== undefined && this.tables.has(n));
  }

  /** The column's name in this file; undefined where the file has no such column. */
  column(table: string, name: string): string | undefined {
    const columns = this.tables.get(this.table(table) ?? '');
    return [name, formerColumns.get(`${table}.${name}`)].find(
      (n) => n !== undefined && columns?.has(n),
    );
  }
}
