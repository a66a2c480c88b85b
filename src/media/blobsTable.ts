import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { StowageError } from '../model/errors.ts';
import type { PictureId } from '../model/fields.ts';
import type { Supplier } from './supplier.ts';

/** The pictures inside a Stash database (`blobs_storage: DATABASE`): table `blobs`, by the MD5 of their bytes. */
export class BlobsTable implements Supplier, Disposable {
  readonly name = 'the database file';
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #find: StatementSync | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#database = new DatabaseSync(path, { readOnly: true });
    const table = this.#database.prepare(
      `SELECT 1 FROM sqlite_schema WHERE name = 'blobs' AND type = 'table'`,
    );
    // A mirror of a server's tables has none.
    if (table.get())
      this.#find = this.#database.prepare(
        `SELECT blob FROM blobs WHERE checksum = ? AND coalesce(length(blob), 0) <= ${2 ** 27}`,
      );
  }

  async *offers(md5: PictureId): AsyncGenerator<Uint8Array> {
    const blob = this.#read(md5);
    // NULL where the picture is kept on disk
    if (blob instanceof Uint8Array) yield blob;
  }

  #read(md5: PictureId): unknown {
    try {
      return this.#find?.get(md5)?.blob;
    } catch (error) {
      throw new StowageError(
        'source.file-damaged',
        'The database file is damaged in its pictures.',
        {
          item: this.#path,
          remedy: 'Check it with `PRAGMA integrity_check`, or restore a backup of it.',
          cause: error,
        },
      );
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
