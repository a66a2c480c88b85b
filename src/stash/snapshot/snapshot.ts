import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, open, realpath, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { StowageError } from '../../model/errors.ts';
import type { Reading, SourceProfile, UnknownData } from '../../model/reading.ts';
import { damaged, readingFailure } from '../damage.ts';
import { FileReading } from '../fileReading.ts';
import { freeBytes } from '../freeBytes.ts';
import { download } from '../http/download.ts';
import { oldestSchema, tooOld } from '../oldest.ts';
import { profileOfLayout } from '../profile.ts';
import type { StashServer } from '../server.ts';
import { unknownIn } from '../tables/coverage.ts';
import { Layout } from '../tables/layout.ts';
import { origins } from '../tables/roads.ts';
import { rowsOf } from '../tables/rows.ts';
import { copyDatabase } from './copyDatabase.ts';
import { offeredCopy } from './offer.ts';

export interface SnapshotOptions {
  /** A folder for the copy, which takes as much room as the database. */
  tempDir: string;
  signal?: AbortSignal | undefined;
  /** Bytes fetched from the server so far, and in all where it says. */
  onProgress?: ((received: number, total: number | null) => void) | undefined;
}

/** Opens a Stash's database file, with no server at all. Reads a copy: the file itself is not even opened. */
export async function openSnapshot(file: string, options: SnapshotOptions): Promise<Reading> {
  const size = await sizeOf(file);
  // The log of a file that a link leads to lies beside that file.
  const place = await realpath(file);
  const readFile = (copy: (target: string) => Promise<void>) =>
    readCopy(file, null, options, async (target) => {
      await needRoom(options.tempDir, size);
      await copy(target);
    });
  try {
    return await readFile((target) => copyDatabase(place, target, options));
  } catch (error) {
    const isDamaged = error instanceof StowageError && error.code === 'source.file-damaged';
    if (!isDamaged || !existsSync(`${place}-wal`)) throw error;
    // Without its log it may be whole: then that is the log of another one.
    const alone = await readFile((target) => copyFile(place, target)).catch(() => undefined);
    if (!alone) throw error;
    await alone.close();
    throw foreignLog(place, error);
  }
}

const foreignLog = (file: string, cause: unknown): StowageError =>
  new StowageError('source.file-damaged', 'The log beside this database is that of another one.', {
    item: `${file}-wal`,
    remedy: `That happens where a backup is put in the place of a database whose log stays behind. The file itself is whole: copy it alone to another folder (cp '${file}' /ANOTHER/FOLDER/), and give that copy. Nothing of the log is in it. Do not start Stash on this folder before the log is moved away.`,
    cause,
  });

/** Opens the copy of its database that a server makes for us: the whole library, of one moment. */
export async function openServerSnapshot(
  server: StashServer,
  options: SnapshotOptions,
): Promise<Reading> {
  const { signal, onProgress } = options;
  const from = server.client.base.origin;
  return readCopy(from, server.profile, options, async (copy) => {
    const place = await offeredCopy(server, { signal });
    await download(server.client, place, copy, {
      signal,
      ...(onProgress && { onProgress }),
      most: async (begins) => {
        const size = declaredSize(begins);
        if (size === undefined) throw notSqlite(from);
        await needRoom(options.tempDir, size);
        return size;
      },
    });
  });
}

/** How large a database is by its header (https://sqlite.org/fileformat.html#the_database_header). */
function declaredSize(begins: Buffer): number | undefined {
  if (begins.toString('latin1', 0, 16) !== 'SQLite format 3\0') return undefined;
  const pageSize = begins.readUInt16BE(16);
  return begins.readUInt32BE(28) * (pageSize === 1 ? 65_536 : pageSize);
}

async function readCopy(
  item: string,
  served: SourceProfile | null,
  { tempDir, signal }: SnapshotOptions,
  make: (copy: string) => Promise<void>,
): Promise<Reading> {
  const folder = await mkdtemp(join(tempDir, 'snapshot-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const file = join(folder, 'stash.sqlite');
  try {
    await make(file);
    const { layout, unknown } = await check(file, item, signal);
    const profile = served ?? profileOfLayout(layout);
    const notes = null;
    return new FileReading({ road: 'snapshot', item, file, profile, unknown, notes, remove });
  } catch (error) {
    await remove();
    signal?.throwIfAborted();
    const told = failure(error, item);
    const isFiles = told instanceof StowageError && told.code === 'source.file-not-sqlite';
    throw served && isFiles ? notACopy(item, error) : told;
  }
}

/** How large a database file is; refuses what is none. */
export async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file);
    // To open a pipe waits until somebody writes into it.
    if (!found.isFile() && !found.isDirectory()) throw notFile(file);
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
      const begins = buffer.toString('latin1', 0, bytesRead);
      if (begins !== 'SQLite format 3\0') throw notSqlite(file, undefined, remedyFor(begins));
      return (await handle.stat()).size;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw failure(error, file);
  }
}

async function needRoom(folder: string, size: number): Promise<void> {
  const room = await freeBytes(folder);
  if (room >= size) return;
  const [need, free] = [size, room].map((bytes) => `${Math.ceil(bytes / 1e6)} MB`);
  throw new StowageError('disk.full', `A copy of the database needs ${need}, ${free} are free.`, {
    item: folder,
    remedy: 'Make room, or name a folder on another disk with --data.',
  });
}

/** Finishes the copy, its log included, and makes sure that it is whole, and a Stash's. */
async function check(file: string, item: string, signal: AbortSignal | undefined) {
  using db = new DatabaseSync(file);
  // Neither a check nor a function of its schema is anything of Stash's, and may take any time.
  db.exec(`pragma trusted_schema = off; pragma ignore_check_constraints = on;
    pragma journal_mode = delete`);
  const layout = Layout.of(db);
  if (Object.values(origins).some(({ table }) => !layout.table(table))) {
    throw new StowageError('source.file-not-stash', 'This is a database, but not a Stash’s.', {
      item,
      remedy: whichFile,
    });
  }
  if (layout.schema < oldestSchema) throw tooOld(`This database (schema ${layout.schema})`, item);
  if (db.prepare('select 1 from schema_migrations where dirty').get()) {
    throw new StowageError('source.not-ready', 'A migration of this database broke off.', {
      item,
      remedy: 'Restore the backup that Stash made before it (stash-go.sqlite.NN.…).',
    });
  }
  const quickCheck = db.prepare('select * from pragma_quick_check(?)');
  for (const table of layout.tables.keys()) {
    // The structure comes first; of what there is, the first hundred are told.
    for (const { quick_check: found } of quickCheck.all(table)) {
      if (!isReadable.test(String(found))) throw damaged(item, found);
    }
    await setImmediate();
    signal?.throwIfAborted();
  }
  const unknown: UnknownData[] = unknownIn(layout)
    .map(({ what, select }) => ({ what, rows: rowsOf(db, select).next().value?.[0] as number }))
    .filter(({ rows }) => rows > 0);
  return { layout, unknown };
}

/** What SQLite says of a whole table, and of values that a column should not hold. */
const isReadable = /^ok$|^(NULL|TEXT|NUMERIC) value in /;

function failure(error: unknown, item: string): unknown {
  if (error instanceof StowageError) return error;
  const { code, errcode } = error as { code?: string; errcode?: number };
  if (errcode === 26) return notSqlite(item, error); // SQLITE_NOTADB
  if (code === 'ENOSPC' || errcode === 13) {
    return new StowageError('disk.full', 'The disk is full.', {
      item,
      remedy: 'Make room, or name a folder on another disk with --data.',
      cause: error,
    });
  }
  const reasons: { [code: string]: string } = {
    ENOENT: 'There is no such file.',
    EACCES: 'We may not read this file.',
    EPERM: 'We may not read this file.',
    EISDIR: 'This is a folder, not a file.',
    ENOTDIR: 'There is no such file.',
    ELOOP: 'This link leads back to itself.',
    ENAMETOOLONG: 'There is no such file.',
  };
  const reason = reasons[code ?? ''];
  if (!reason) return readingFailure(error, item);
  return new StowageError('source.file-unreadable', reason, {
    item,
    remedy: 'Give the path of stash-go.sqlite, or the address of the server.',
    cause: error,
  });
}

const notSqlite = (item: string, cause?: unknown, remedy = whichFile) =>
  new StowageError('source.file-not-sqlite', 'This is not a SQLite database.', {
    item,
    remedy,
    cause,
  });

const whichFile = 'Stash’s is called stash-go.sqlite; Settings → System says where it is.';

/** By the first bytes of what was given instead. */
function remedyFor(begins: string): string {
  if (begins === '') return `The file is empty. ${whichFile}`;
  const isPacked = ['PK\x03\x04', '\x1f\x8b', '7z\xbc\xaf', '\x28\xb5\x2f\xfd'].some((magic) =>
    begins.startsWith(magic),
  );
  return isPacked ? 'The file is an archive: unpack it first.' : whichFile;
}

const notFile = (item: string) =>
  new StowageError('source.file-unreadable', 'This is a device, a pipe or a socket, not a file.', {
    item,
    remedy: 'Give the path of stash-go.sqlite, or the address of the server.',
  });

const notACopy = (item: string, cause: unknown) =>
  new StowageError('source.not-a-stash', 'What came is not a copy of the server’s database.', {
    item,
    remedy:
      'Perhaps a login or a proxy in between answered instead: it may want a header (--header) or a certificate (--cert). Or read it otherwise: --via tables.',
    cause,
  });
