/** What this folder's tests share: places on disk, and a library with records in it. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'stowage-media-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A file system of its own, as small as wanted: `256k`. */
export async function smallDisk(t: TestContext, size: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'stowage-media-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
  t.after(async () => {
    execFileSync('umount', [folder]);
    await rm(folder, { recursive: true });
  });
  return folder;
}

/** What to give `node:test` as `skip`. */
export const skipWithoutRoot: string | false =
  process.getuid?.() !== 0 && 'mounting a small file system needs root';
