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
  /** Of each stretch of a table the hash of the answer that it was read with. */
  stretches: 'stowage:stretches',
  /** Records that may have changed since someone dealt with that. */
  touched: 'stowage:touched',
} as const;

export const hasTable = (db: DatabaseSync, name: string): boolean =>
  db.prepare('select 1 from sqlite_master where name = ?').get(name) !== undefined;
