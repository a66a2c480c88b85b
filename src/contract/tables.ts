import { readFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { ServerVersion } from './schema.ts';

/** The number that a version's database has in `schema_migrations`. */
export const databaseSchema = {
  'v0.25': 55,
  'v0.28': 72,
  'v0.30': 75,
  newer: 85,
} as const satisfies { [V in ServerVersion]: number };

const layouts = Object.entries(databaseSchema) as [ServerVersion, number][];

/** The version whose layout a database of this schema number has: the newest that is not newer than it. */
export const versionOfSchema = (schema: number): ServerVersion | undefined =>
  layouts.findLast(([, number]) => number <= schema)?.[0];

/** Lays an empty database out as a server of this version does. */
export function createTables(database: DatabaseSync, version: ServerVersion): void {
  for (const [name, number] of layouts) {
    database.exec(readFileSync(new URL(`./tables/${number}.sql`, import.meta.url), 'utf8'));
    if (name === version) break;
  }
  database
    .prepare('insert into schema_migrations (version, dirty) values (?, 0)')
    .run(databaseSchema[version]);
}
