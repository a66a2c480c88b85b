import type { DatabaseSync } from 'node:sqlite';

/**
 * What a mirror's file holds beside the server's tables. No table of a Stash has such a name, and `layoutSelect` passes
 * these over.
 */
export const ownTables = {
  /** The server's `sqlite_sequence`: the highest number that each table ever gave. */
  sequences: 'stowage:sequences',
} as const;

export const hasTable = (db: DatabaseSync, name: string): boolean =>
  db.prepare('select 1 from sqlite_master where name = ?').get(name) !== undefined;
