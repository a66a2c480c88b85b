import { type BigIntStats, createReadStream, createWriteStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { StowageError } from '../../model/errors.ts';

const attempts = 12;
/** Milliseconds. File systems tell the time of a write to a clock tick (4–10 ms), so two writes may look like one. */
const tick = 100;

/**
 * Copies a SQLite file with its write-ahead log, or its rollback journal, without opening it: opening would take
 * locks, and write into a server's own files. The copy is of one moment although the server may write meanwhile:
 * it counts only if the file itself did not change, and the log, if at all, grew at its end. What is cut off there
 * SQLite leaves out as a transaction that never ended.
 */
export async function copyDatabase(
  file: string,
  target: string,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const before = await traceOf(file);
    if (Date.now() - Number(before.file.mtimeMs) < tick) {
      await setTimeout(tick, undefined, { signal });
      continue;
    }
    await copy(file, target, signal);
    // A log that is gone by now shows below, as any other change.
    if (before.log) await copy(`${file}-wal`, `${target}-wal`, signal).catch(absent);
    if (before.journal) await copy(`${file}-journal`, `${target}-journal`, signal).catch(absent);
    if (isUntouched(before, await traceOf(file))) return;
    for (const suffix of ['', '-wal', '-journal']) await rm(target + suffix, { force: true });
    await setTimeout(tick * (attempt + 1), undefined, { signal });
  }
  throw new StowageError('source.moving', 'The database is written to all the time.', {
    item: file,
    remedy:
      'Stop Stash, or wait until its tasks are done. Or give its address: it makes a copy itself.',
  });
}

interface Trace {
  file: BigIntStats;
  /** The log's size, and its header, which changes when the log starts over. */
  log: { size: bigint; header: string } | null;
  journal: BigIntStats | null;
}

async function traceOf(file: string): Promise<Trace> {
  return {
    file: await stat(file, { bigint: true }),
    log: await logOf(`${file}-wal`),
    journal: await fileAt(`${file}-journal`),
  };
}

/** A pipe of that name would be waited for without end. */
async function fileAt(path: string): Promise<BigIntStats | null> {
  const found = await stat(path, { bigint: true }).catch(absent);
  return found?.isFile() ? found : null;
}

async function logOf(path: string): Promise<Trace['log']> {
  if (!(await fileAt(path))) return null;
  const handle = await open(path).catch(absent);
  if (!handle) return null;
  try {
    const header = Buffer.alloc(32);
    await handle.read(header, 0, 32, 0);
    return { size: (await handle.stat({ bigint: true })).size, header: header.toString('hex') };
  } finally {
    await handle.close();
  }
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

function isUntouched(before: Trace, after: Trace): boolean {
  const same = (a: BigIntStats | null, b: BigIntStats | null): boolean =>
    a?.mtimeNs === b?.mtimeNs && a?.size === b?.size && a?.ino === b?.ino;
  return (
    same(before.file, after.file) &&
    same(before.journal, after.journal) &&
    before.log?.header === after.log?.header &&
    (before.log?.size ?? 0n) <= (after.log?.size ?? 0n)
  );
}

const copy = (from: string, to: string, signal: AbortSignal | undefined): Promise<void> =>
  pipeline(
    createReadStream(from, { highWaterMark: 2 ** 20 }),
    createWriteStream(to, { mode: 0o600 }),
    { ...(signal && { signal }) },
  );
