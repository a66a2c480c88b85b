import { truncateSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Does something while no other process does, nor anyone else in this one. Node has no `flock`; SQLite's lock on a
 * file is one, and the kernel lets go of it when its holder dies, however it dies.
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  options: { signal?: AbortSignal | undefined; waiting?: (() => void) | undefined } = {},
): Promise<T> {
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    for (let tries = 0; !acquire(file, path); tries++) {
      if (tries === 100) options.waiting?.();
      await sleep(20, undefined, { signal: options.signal });
    }
    return await work();
  } finally {
    file.close();
  }
}

const busy = 5; // SQLITE_BUSY
const notADatabase = 26; // SQLITE_NOTADB

function acquire(file: DatabaseSync, path: string): boolean {
  try {
    file.exec('PRAGMA journal_mode = MEMORY'); // nothing is written: it must do on a full disk too
    file.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    const { errcode } = error as { errcode?: number };
    if (errcode !== busy && errcode !== notADatabase) throw error;
    // Whatever somebody wrote into it means nothing; emptied, it is the same file with the same locks.
    if (errcode === notADatabase) truncateSync(path);
    return false;
  }
}
