import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { MirrorFile } from './mirrorFile.ts';
import { busyMirror, isBusy, MirrorLock } from './mirrorLock.ts';
import { quoted } from './names.ts';
import { ownTables } from './ownTables.ts';

/** A mirror that is kept from one reading to the next, for one source of one library. */
export interface KeptMirror {
  file: string;
  /** What the library calls the state in which both sides agree about a mirror; null: about none. */
  token(): Promise<string | null>;
  /** Nothing is written there: what is read goes into a copy. */
  isLookedAt: boolean;
}

/**
 * Makes a file ready to be filled or brought up to date: the kept mirror itself, locked; or one that is gone afterwards. What
 * the library does not vouch for is worth nothing: it is thrown away, or not copied, and all is read.
 */
export async function placeMirror(
  kept: KeptMirror | undefined,
  tempDir: string,
): Promise<{ file: string } & AsyncDisposable> {
  await using made = new AsyncDisposableStack();
  let file: string;
  if (kept && !kept.isLookedAt) {
    file = kept.file;
    const lock = MirrorLock.take(file);
    made.defer(() => lock.release());
    if (!hasToken(file, await kept.token())) MirrorFile.remove(file);
  } else {
    const folder = await mkdtemp(join(tempDir, 'tables-'));
    made.defer(() => rm(folder, { recursive: true, force: true }));
    file = join(folder, 'mirror.sqlite');
    if (kept && hasToken(kept.file, await kept.token())) await copy(kept.file, file);
  }
  const place = made.move();
  return { file, [Symbol.asyncDispose]: () => place.disposeAsync() };
}

async function copy(from: string, to: string): Promise<void> {
  using db = new DatabaseSync(from, { readOnly: true });
  try {
    await backup(db, to, { rate: allPages });
  } catch (error) {
    if (isBusy(error)) throw busyMirror();
    MirrorFile.remove(to);
  }
}

/** In smaller steps, it would begin anew whenever another command writes in between. */
const allPages = 2 ** 30;

function hasToken(file: string, token: string | null): boolean {
  if (token === null || !existsSync(file)) return false;
  try {
    using db = new DatabaseSync(file, { readOnly: true });
    return db.prepare(`select token from ${quoted(ownTables.mirror)}`).get()?.token === token;
  } catch (error) {
    if (isBusy(error)) throw busyMirror();
    return false; // whatever it is, it says nothing that could be trusted
  }
}
