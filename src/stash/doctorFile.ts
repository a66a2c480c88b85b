import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StowageError } from '../model/errors.ts';
import type { Reading } from '../model/reading.ts';
import { temporaryFolder } from '../temporary.ts';
import {
  covered,
  type DoctorOptions,
  disk,
  type Finding,
  fileVersion,
  foundHere,
  ok,
} from './doctor.ts';
import { openSnapshot, sizeOf } from './snapshot/snapshot.ts';

/** Looks at a database file as at a server: a copy of it is opened, and gone afterwards. */
export async function* examineFile(
  file: string,
  { dataDirectory, pathHere = (path) => path, signal }: DoctorOptions,
): AsyncGenerator<Finding> {
  await using folder = await folderFor(dataDirectory);
  const reading = await openSnapshot(file, { tempDir: folder.path, signal }).catch(
    (error: unknown) => error,
  );
  if (reading instanceof StowageError) {
    const { message, remedy, item } = reading;
    const about = item === undefined || item === file ? '' : ` (${item})`;
    yield { name: 'file', state: 'fail', message: `${message}${about}`, remedy };
    return;
  }
  if (reading instanceof Error) throw reading;
  const { profile, unknown, file: copy, close } = reading as Reading;
  try {
    yield ok('file', 'It is whole, and a Stash’s.');
    yield fileVersion(profile);
    yield covered(
      unknown.map(({ what, rows }) => (rows === null ? what : `${what} (${rows} filled)`)),
    );
    using db = new DatabaseSync(copy as string, { readOnly: true });
    yield pictures(db);
    yield await disk(dataDirectory, await sizeOf(file), hasPictures(db));
    yield await foundHere(roots(db), pathHere);
  } finally {
    await close.call(reading);
  }
}

/** Below the data directory, where that is there: looking makes none. */
async function folderFor(dataDirectory: string): Promise<AsyncDisposable & { path: string }> {
  if (existsSync(dataDirectory)) return temporaryFolder(dataDirectory);
  const path = await mkdtemp(join(tmpdir(), 'stowage-doctor-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

const count = (db: DatabaseSync, sql: string): number => Number(db.prepare(sql).get()?.n);

const hasPictures = (db: DatabaseSync): boolean =>
  count(db, 'select count(*) n from blobs where blob is not null') > 0;

function pictures(db: DatabaseSync): Finding {
  const outside = count(db, 'select count(*) n from blobs where blob is null');
  if (outside === 0) return ok('pictures', 'All its pictures are in it.');
  return {
    name: 'pictures',
    state: 'warn',
    message: `${outside.toLocaleString('en')} pictures are not in the file: its server kept them in a folder.`,
    remedy:
      'Name that folder with --blobs (Stash: Settings → System → Blobs path), or give the address of the server.',
  };
}

/** The folders that its server looked for files in, as far as the file tells. */
const roots = (db: DatabaseSync): string[] =>
  db
    .prepare('select path from folders where parent_folder_id is null order by path')
    .all()
    .map(({ path }) => String(path));
