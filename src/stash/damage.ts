import { StowageError } from '../model/errors.ts';

/** SQLITE_ERROR, SQLITE_CORRUPT; what is wrong in particular is in the higher bits. */
const [unusable, corrupt] = [1, 11];

/**
 * An error met while a database file was read, as a person is told it: not every page that was overwritten shows before it
 * is met, nor every table that is not what it seems. Errors of other kinds are passed on.
 */
export function readingFailure(error: unknown, item: string): unknown {
  const { errcode, message } = error as { errcode?: number; message: string };
  if (errcode === undefined) return error;
  if ((errcode & 0xff) === corrupt) return damaged(item, error);
  if ((errcode & 0xff) !== unusable) return error;
  return new StowageError('source.file-not-stash', `This database cannot be read: ${message}.`, {
    item,
    remedy: 'Look at it with `sqlite3`, and restore it from a backup.',
    cause: error,
  });
}

export const damaged = (item: string, cause: unknown): StowageError =>
  new StowageError('source.file-damaged', 'The database is damaged.', {
    item,
    remedy: 'Restore it from a backup, or try `sqlite3 … .recover`.',
    cause,
  });
