import { databaseSchema } from '../contract/tables.ts';
import { StowageError } from '../model/errors.ts';

/** What is older is not read: its tables are others. */
export const oldestSchema = databaseSchema['v0.24'];

/** What is older is only read: it keeps no times of plays and Os. */
export const isOnlyRead = (schema: number): boolean => schema < databaseSchema['v0.25'];

export const tooOld = (what: string, item: string): StowageError =>
  new StowageError('source.unsupported', `${what} is of a Stash older than v0.24.`, {
    item,
    remedy: 'Open it once with a newer Stash, which makes a backup and upgrades it.',
  });
