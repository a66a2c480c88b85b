import { open } from 'node:fs/promises';
import path from 'node:path';
import type { ClientBase } from 'pg';
import { makeFolder } from '../library/disk.ts';
import type { Source } from '../library/sources.ts';
import type { Trouble } from '../model/reading.ts';
import { inParallel } from './parallel.ts';
import { picturesOf } from './picturesOf.ts';
import { pictureType } from './pictureType.ts';
import type { PictureStore } from './store.ts';

export interface ExportOptions {
  client: ClientBase;
  source: Pick<Source, 'id'>;
  store: PictureStore;
  /** Where the files are written: each picture once, as `MD5.jpg`. */
  folder: string;
  progress: (written: number, of: number) => void;
  /** Told of each record whose picture the store does not hold. */
  trouble: (trouble: Trouble) => void;
  signal: AbortSignal;
}

/** Writes the pictures of a source's records into a folder. In the caller's transaction. */
export async function exportPictures(options: ExportOptions): Promise<number> {
  const { client, source, store, folder, progress, trouble, signal } = options;
  await makeFolder(folder, 0o700);
  let written = 0;
  let seen = 0;
  for await (const batch of picturesOf(client, source)) {
    await inParallel(
      batch,
      filesAtOnce,
      async ({ md5, owners, of }) => {
        const bytes = await store.read(md5);
        progress(++seen, of);
        if (bytes === null) {
          for (const owner of owners) trouble({ ...owner, why: 'the library lacks its picture' });
          return;
        }
        await write(path.join(folder, `${md5}.${pictureType(bytes) ?? 'bin'}`), bytes);
        written++;
      },
      signal,
    );
  }
  return written;
}

const filesAtOnce = 4;

/** Again is no fault: the same name holds the same bytes. */
async function write(file: string, bytes: Buffer): Promise<void> {
  await using handle = await open(file, 'w', 0o600);
  await handle.writeFile(bytes);
}
