import { inspect } from 'node:util';
import type { CommanderError } from 'commander';
import { StowageError } from '../model/errors.ts';
import { exitCodes } from './command.ts';
import type { ShownError } from './output.ts';

/** What a person is told of a failure. */
export function shownError(error: StowageError, debug: boolean): ShownError {
  const { code, message, item, remedy } = error;
  return { code, message, item, remedy, ...(debug && { stack: inspect(error) }) };
}

/** Any error as one of ours. Once the work was told to stop, whatever fails is a consequence of that. */
export function asStowageError(error: unknown, signal: AbortSignal): StowageError {
  if (signal.aborted && signal.reason instanceof StowageError) return signal.reason;
  if (error instanceof StowageError) return error;
  // What was closed after a failure may fail as well; that is not what happened.
  if (error instanceof SuppressedError) return asStowageError(error.suppressed, signal);
  const { code, message, path, errcode } = error as NodeJS.ErrnoException & { errcode?: number };
  if (code === 'ENOSPC' || errcode === sqliteFull) {
    return new StowageError('disk.full', 'The disk is full.', {
      ...(path !== undefined && { item: path }),
      remedy: 'Make room, then run the same command again.',
      cause: error,
    });
  }
  const reason = ofFiles[code ?? ''];
  if (reason !== undefined && path !== undefined) {
    return new StowageError('disk.failed', reason, {
      item: path,
      remedy: 'Choose another place, or make that one usable; then run the same command again.',
      cause: error,
    });
  }
  return new StowageError('internal', `Something unforeseen happened: ${message ?? error}`, {
    remedy: 'This is a fault in Stowage. Please report what it says with STOWAGE_DEBUG=1 set.',
    cause: error,
  });
}

/** SQLite's code, also where it has run out of room for its temporary files. */
const sqliteFull = 13;

/** What the system says of a file or folder that was to be used. */
const ofFiles: { [code: string]: string } = {
  EACCES: 'We may not use that file or folder.',
  EPERM: 'We may not use that file or folder.',
  EROFS: 'Nothing can be written there: it is mounted read-only.',
  ENOENT: 'There is no such file or folder, and none can be made there.',
  ENOTDIR: 'A part of that path is no folder.',
  EEXIST: 'Something else is there already.',
  EISDIR: 'That is a folder, where a file is needed.',
  EIO: 'The disk cannot be read or written.',
  ENAMETOOLONG: 'That path is too long.',
  ELOOP: 'That path goes in a circle.',
};

export function exitCodeOf({ code }: StowageError): number {
  if (code === 'usage') return exitCodes.usage;
  return code === 'interrupted' ? exitCodes.interrupted : exitCodes.failed;
}

/**
 * What commander found wrong with the words, without what may be a secret among them.
 *
 * @param path the names of the command whose words they are
 * @param meant what was meant, where we know better than commander
 */
export function usageError(
  { code, message }: CommanderError,
  path: readonly string[],
  meant?: string,
): StowageError {
  const [said = '', suggestion] = message.replace(/^error: /, '').split('\n');
  const problem =
    code === 'commander.excessArguments'
      ? said.replace(/\. Expected .*$/, '.') // names them all: a key after a forgotten --api-key, say
      : said.replace(/(--[\w-]+)=[^']*/, '$1'); // --apikey=KEY
  const help = `\`${['stowage', ...path, '--help'].join(' ')}\` lists what there is.`;
  const similar = suggestion?.replace(/^\(|\)$/g, '');
  return new StowageError('usage', capitalised(problem), {
    remedy: meant ?? [similar, help].filter(Boolean).join(' '),
  });
}

const capitalised = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
