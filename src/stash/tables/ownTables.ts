import type { DatabaseSync } from 'node:sqlite';

/**
 * What a mirror's file holds beside the server's tables. No table of a Stash has such a name, and `layoutSelect` passes
 * these over.
 */
export const ownTables = {
  /** One row: what the mirror is of, and how it is kept. */
  mirror: 'stowage:mirror',
  /** The server's `sqlite_sequence`: the highest number that each table ever gave. */
  sequences: 'stowage:sequences',
  /** Of each table the digests that the server told of what we hold. */
  digests: 'stowage:digests',
  /** Buckets whose rows were changed so shortly before they were read that a change since may not show. */
  fresh: 'stowage:fresh',
  /** The stretches in which each table is read, and about how many rows each has. */
  stretches: 'stowage:stretches',
  /** Records that may have changed since the library agreed to what was held. */
  touched: 'stowage:touched',
} as const;

export const hasTable = (db: DatabaseSync, name: string): boolean =>
  db.prepare('select 1 from sqlite_master where name = ?').get(name) !== undefined;
