import { readFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { ServerVersion } from './schema.ts';

/** The number that a version's database has in `schema_migrations`. */
export const databaseSchema = {
  'v0.24': 54,
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
    if (name === 'v0.24') continue;
    run(database, number);
    if (name === version || version === 'v0.24') break;
  }
  if (version === 'v0.24') run(database, databaseSchema[version]);
  database
    .prepare('insert into schema_migrations (version, dirty) values (?, 0)')
    .run(databaseSchema[version]);
}

/** Each file adds to the one before it; that of v0.24 takes back what came with v0.25, and keeps what is there. */
function run(database: DatabaseSync, schema: number): void {
  database.exec(readFileSync(new URL(`./tables/${schema}.sql`, import.meta.url), 'utf8'));
}

/** Makes a v0.24 of a v0.25: of each play and O only the number is left, and the time of the last play. */
export function backToV24(database: DatabaseSync): void {
  run(database, databaseSchema['v0.24']);
  database.prepare('update schema_migrations set version = ?').run(databaseSchema['v0.24']);
}
