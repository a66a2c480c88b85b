import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { StowageError } from '../model/errors.ts';
import type { PictureId } from '../model/fields.ts';
import type { Supplier } from './supplier.ts';

/**
 * The folder in which a Stash keeps its pictures (`blobs_storage: FILESYSTEM`): `ab/cd/abcd…`, by the MD5 of their
 * bytes, the same in every version from v0.20 (its pkg/sqlite/blob/fs.go).
 */
export class BlobsFolder implements Supplier {
  readonly name = 'the folder of blobs';
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws StowageError `usage` where it does not look like one. */
  static async open(folder: string): Promise<BlobsFolder> {
    const entries = await readdir(folder).catch((error) => {
      throw new StowageError('usage', 'The folder of blobs cannot be read.', {
        item: folder,
        remedy: 'Give the folder that Stash calls its blobs path (Settings → System) with --blobs.',
        cause: error,
      });
    });
    if (entries.length > 0 && !entries.some((name) => /^[0-9a-f]{2}$/.test(name))) {
      throw new StowageError('usage', 'That is not a folder in which Stash keeps pictures.', {
        item: folder,
        remedy:
          'Such a folder has others in it, named 00 to ff. Stash shows which it is: Settings → System, blobs path.',
      });
    }
    return new BlobsFolder(folder);
  }

  async *offers(md5: PictureId): AsyncGenerator<Uint8Array> {
    const bytes = await read(path.join(this.#folder, md5.slice(0, 2), md5.slice(2, 4), md5));
    if (bytes) yield bytes;
  }
}

/** What is larger is no picture. */
const mostBytes = 2 ** 27;

async function read(file: string): Promise<Uint8Array | undefined> {
  try {
    const found = await stat(file);
    // A pipe would be waited for without end.
    if (found.isFile() && found.size <= mostBytes) return await readFile(file);
    throw new Error(`${found.size} bytes, or no file`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new StowageError('source.file-unreadable', 'A picture of the source cannot be read.', {
      item: file,
      remedy: 'Check who may read it, and that its disk is well.',
      cause: error,
    });
  }
}
