import { StowageError } from '../model/errors.ts';

/** SQLITE_CORRUPT; what is wrong in particular is in the higher bits. */
const corrupt = 11;

/**
 * An error met while a database file was read, as a person is told it: not every page that was overwritten shows before it
 * is met. Errors of other kinds are passed on.
 */
export function readingFailure(error: unknown, item: string): unknown {
  const { errcode } = error as { errcode?: number };
  return errcode !== undefined && (errcode & 0xff) === corrupt ? damaged(item, error) : error;
}

export const damaged = (item: string, cause: unknown): StowageError =>
  new StowageError('source.file-damaged', 'The database is damaged.', {
    item,
    remedy: 'Restore it from a backup, or try `sqlite3 … .recover`.',
    cause,
  });
