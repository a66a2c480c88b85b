import { DatabaseSync } from 'node:sqlite';
import { StowageError } from '../../model/errors.ts';

/**
 * Held by the one process that uses a mirror. Node has no `flock`; SQLite's lock on a file is one, and the kernel lets
 * go of it when its holder dies, however it dies.
 */
export class MirrorLock {
  readonly #file: DatabaseSync;

  static take(mirror: string): MirrorLock {
    const file = new DatabaseSync(`${mirror}.lock`, { timeout: 0 });
    try {
      // Nothing is written.
      file.exec('pragma journal_mode = memory; begin exclusive');
      return new MirrorLock(file);
    } catch (error) {
      file.close();
      if ((error as { errcode?: number }).errcode !== sqliteBusy) throw error;
      throw new StowageError('library.busy', 'Another Stowage is reading this source right now.', {
        remedy: 'Wait until it is done.',
      });
    }
  }

  private constructor(file: DatabaseSync) {
    this.#file = file;
  }

  release(): void {
    this.#file.close();
  }
}

const sqliteBusy = 5;
