import type { Instant } from './fields.ts';

/** A record's id in the library: a UUIDv7. */
export type LibraryId = string;

/**
 * Values of a record's fields by name, in library ids: as in `Rec`, with a `LibraryId` wherever that has a number (the
 * refs ascending as text, the keys of `groups` and `subGroups`, the ids inside a saved filter).
 */
export type Values = { [field: string]: unknown };

/** A record as the library holds it. */
export interface HeldRecord {
  id: LibraryId;
  /** Rises with every change (the database sees to that: migrations/0003_sync.sql). */
  revision: number;
  /** Kept for what a person made of it, though it was deleted. */
  deletedAt: Instant | null;
  /** Every field that `qar` has a place for, facts too; none is absent. */
  values: Values;
}
