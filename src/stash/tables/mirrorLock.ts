import { truncateSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StowageError } from '../../model/errors.ts';

/**
 * Held by the one process that uses a mirror. Node has no `flock`; SQLite's lock on a file is one, and the kernel lets
 * go of it when its holder dies, however it dies.
 */
export class MirrorLock {
  readonly #file: DatabaseSync;

  static take(mirror: string): MirrorLock {
    const path = `${mirror}.lock`;
    try {
      return new MirrorLock(path);
    } catch (error) {
      if (isBusy(error)) throw busyMirror();
      if ((error as { errcode?: number }).errcode !== sqliteNotADatabase) throw error;
      // What it holds means nothing.
      truncateSync(path);
      return new MirrorLock(path);
    }
  }

  private constructor(path: string) {
    this.#file = new DatabaseSync(path, { timeout: 0 });
    try {
      // Nothing is written.
      this.#file.exec('pragma journal_mode = memory; begin exclusive');
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  release(): void {
    this.#file.close();
  }
}

export const isBusy = (error: unknown): boolean =>
  ((error as { errcode?: number }).errcode ?? 0) % 256 === sqliteBusy;

export const busyMirror = () =>
  new StowageError('library.busy', 'Another Stowage is reading this source right now.', {
    remedy: 'Wait until it is done.',
  });

const sqliteBusy = 5;
const sqliteNotADatabase = 26;
