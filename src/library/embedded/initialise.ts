import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StowageError } from '../../model/errors.ts';
import type { Account } from './account.ts';
import { type Binaries, program } from './binaries.ts';
import { start } from './child.ts';
import { initialisation, postgresMajor } from './settings.ts';

/** Where the password for TCP is kept, inside the data directory. */
export const passwordFile = (directory: string): string => join(directory, 'stowage-password');

/** Whether the data directory is there; one of another major version is refused. */
export async function isInitialised(directory: string): Promise<boolean> {
  const other = (await readdir(dirname(directory))).find(
    (name) => /^postgres-\d+$/.test(name) && name !== basename(directory),
  );
  const version = await readFile(join(directory, 'PG_VERSION'), 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const found = version?.trim() ?? other?.slice('postgres-'.length);
  if (found !== undefined && found !== String(postgresMajor))
    throw new StowageError(
      'library.embedded',
      `The library here was made by PostgreSQL ${found}; this Stowage comes with ${postgresMajor}.`,
      {
        item: version === undefined ? join(dirname(directory), other as string) : directory,
        remedy:
          'Use the Stowage that made it; or convert it with pg_upgrade; or choose another --data to begin anew.',
      },
    );
  return version !== undefined;
}

/**
 * Makes a data directory: beside its place, then renamed, so that one that is there is whole. What an interrupted
 * attempt left is removed. Only for who holds the lock.
 */
export async function initialise(
  directory: string,
  binaries: Binaries,
  {
    account,
    log,
    signal,
  }: { account: Account | undefined; log: string; signal: AbortSignal | undefined },
): Promise<void> {
  const prefix = `${directory}.new-`;
  await removeAll(prefix);
  const workplace = await mkdtemp(prefix);
  try {
    const password = join(workplace, 'password');
    await writeFile(password, randomBytes(24).toString('base64url'), { mode: 0o600 });
    if (account !== undefined)
      for (const path of [workplace, password]) await chown(path, account.uid, account.gid);
    const { child, failure } = await start({
      command: program(binaries, 'initdb'),
      args: (place) => [`--pgdata=${place}/data`, `--pwfile=${place}/password`, ...initialisation],
      directory: workplace,
      account,
      log,
    });
    const stop = () => child.kill('SIGTERM');
    signal?.addEventListener('abort', stop);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    signal?.removeEventListener('abort', stop);
    signal?.throwIfAborted();
    if (child.exitCode !== 0) throw await failure();
    const made = join(workplace, 'data');
    await rename(password, passwordFile(made));
    await rename(made, directory);
    await syncDirectory(dirname(directory));
  } finally {
    await rm(workplace, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A program killed with us may still be writing there for a moment. */
async function removeAll(prefix: string): Promise<void> {
  const folder = dirname(prefix);
  for (const name of await readdir(folder))
    if (name.startsWith(basename(prefix)))
      await rm(join(folder, name), { recursive: true, force: true, maxRetries: 5 });
}

async function syncDirectory(path: string): Promise<void> {
  const folder = await open(path);
  await folder.sync();
  await folder.close();
}
