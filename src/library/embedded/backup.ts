import { constants } from 'node:fs';
import { chown, cp, lchown, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StowageError } from '../../model/errors.ts';
import { freeBytes } from '../disk.ts';
import { readPostmaster } from './postmaster.ts';
import { type EmbeddedOptions, exclusively, places } from './server.ts';

/** What a disk should have left after a copy. */
const reserve = 64 * 1024 * 1024;

/**
 * Copies the data directory of a stopped server beside it: `postgres-18.before-0002`. To go back, put it in the place
 * of `postgres-18`. Blocks are shared where the file system can do that.
 */
export async function backUp(
  dataDirectory: string,
  label: string,
  options: EmbeddedOptions = {},
): Promise<string> {
  const home = await realpath(dataDirectory);
  const { directory } = places(home);
  const copy = `${directory}.${label}`;
  const unfinished = `${copy}.new`;
  await exclusively(
    home,
    async () => {
      if (await readPostmaster(directory))
        throw new StowageError('library.busy', 'Another command is using the library.', {
          item: directory,
          remedy:
            'The library must be brought up to date first: end the other command, and run this again.',
        });
      await rm(unfinished, { recursive: true, force: true });
      const size = await sizeOf(directory);
      if ((await freeBytes(home)) < size + reserve)
        throw new StowageError(
          'disk.full',
          `A copy of the library, made before its schema is changed, needs ${megabytes(size + reserve)} MB; there are ${megabytes(await freeBytes(home))} MB.`,
          { item: home, remedy: 'Make room there, and run this again.' },
        );
      options.log?.(`Copying the library to ${copy} before its schema is changed.`);
      await cp(directory, unfinished, { recursive: true, mode: constants.COPYFILE_FICLONE });
      await keepOwner(directory, unfinished);
      await rm(copy, { recursive: true, force: true });
      await rename(unfinished, copy);
    },
    options,
  );
  return copy;
}

const megabytes = (bytes: number) => Math.ceil(bytes / 1024 / 1024);

async function sizeOf(directory: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  return bytes;
}

/** What root copies belongs to root, as whom PostgreSQL does not run. */
async function keepOwner(from: string, to: string): Promise<void> {
  const { uid, gid } = await stat(from);
  if (uid === process.getuid?.()) return;
  await chown(to, uid, gid);
  for (const name of await readdir(to, { recursive: true })) await lchown(join(to, name), uid, gid);
}
