import { existsSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { makeFolder } from './library/disk.ts';

/**
 * A folder of this process's own below the data directory, for copies that may be as large as a library; what killed
 * processes of this machine left there is cleared away.
 */
export async function temporaryFolder(
  dataDirectory: string,
): Promise<AsyncDisposable & { path: string }> {
  const folder = join(dataDirectory, 'temporary');
  const made = missingFolders(folder);
  await makeFolder(folder, 0o700);
  const machine = encodeURIComponent(hostname());
  for (const name of await readdir(folder).catch(() => [])) {
    const [, owner, pid] = /^(.*)-(\d+)$/.exec(name) ?? [];
    if (owner === machine && !isAlive(Number(pid))) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }
  const path = join(folder, `${machine}-${process.pid}`);
  await makeFolder(path, 0o700);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
      // Whoever only looks leaves no folder behind; one that somebody else uses by now stays.
      for (const empty of made) await rmdir(empty).catch(() => {});
    },
  };
}

/** The folders of a path that are not there, the innermost first. */
function missingFolders(folder: string): string[] {
  return existsSync(folder) ? [] : [folder, ...missingFolders(dirname(folder))];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
