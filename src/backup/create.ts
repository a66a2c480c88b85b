import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ClientBase } from 'pg';
import { dumpTables, type LibraryTable, libraryTables, schemaSteps } from '../library/dump.ts';
import type { PictureStore } from '../media/store.ts';
import { writeArchive } from './archive.ts';

export interface CreateOptions {
  client: ClientBase;
  store: PictureStore;
  /** What sources' keys are encrypted with, where a file of ours holds it; undefined leaves it out. */
  secret: string | undefined;
  file: string;
  /** Of Stowage. */
  version: string;
  /** So many more bytes have been read. */
  progress: (bytes: number) => void;
  signal: AbortSignal;
}

/** The first part of a backup. */
export interface Contents {
  format: 1;
  stowage: string;
  madeAt: string;
  /** The steps of the schema that the library had. */
  steps: number[];
  tables: LibraryTable[];
}

/** The last part of a backup. */
export interface Totals {
  /** By table. */
  bytes: { [table: string]: number };
  pictures: number;
}

export interface Created extends Totals {
  /** Pictures that the library lists and the store does not hold: they are not in the backup. */
  missing: string[];
}

/** Writes a whole library into one file, as it is at one moment; the file is there only once it is whole. */
export async function createBackup(options: CreateOptions): Promise<Created> {
  const { client, file, signal } = options;
  const created: Created = { bytes: {}, pictures: 0, missing: [] };
  const half = `${file}.part`;
  await rm(half, { force: true });
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    await writeArchive(half, partsOf(options, created), signal);
    await client.query('COMMIT');
    await rename(half, file);
    await flush(dirname(file));
    return created;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // the first error tells more
    await rm(half, { force: true }).catch(() => {});
    throw error;
  }
}

async function* partsOf(options: CreateOptions, created: Created) {
  const { client, store, secret, version, progress } = options;
  const tables = await libraryTables(client);
  const steps = await schemaSteps(client);
  const contents: Contents = {
    format: 1,
    stowage: version,
    madeAt: new Date().toISOString(),
    steps,
    tables,
  };
  yield json('library.json', contents);
  for await (const { table, bytes } of dumpTables(client, tables)) {
    created.bytes[table] = 0;
    let pieces = 0;
    for await (const piece of inPieces(bytes)) {
      created.bytes[table] += piece.length;
      progress(piece.length);
      yield { name: `tables/${table}/${String(++pieces).padStart(6, '0')}`, bytes: piece };
    }
  }
  const { rows } = await client.query<{ md5: string }>('SELECT md5 FROM qar.pictures ORDER BY md5');
  for (const { md5 } of rows) {
    const bytes = (await store.check(md5)) && (await store.read(md5));
    if (!bytes) {
      created.missing.push(md5);
      continue;
    }
    created.pictures++;
    progress(bytes.length);
    yield { name: `pictures/${md5}`, bytes };
  }
  if (secret !== undefined) yield { name: 'secret', bytes: Buffer.from(secret) };
  const { bytes, pictures } = created;
  yield json('end.json', { bytes, pictures } satisfies Totals);
}

const json = (name: string, value: object) => ({
  name,
  bytes: Buffer.from(`${JSON.stringify(value, null, 1)}\n`),
});

/** A tar file tells the size of each file in it beforehand: a table goes in as pieces that fit into memory. */
const pieceSize = 1 << 20;

async function* inPieces(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let gathered: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    gathered.push(chunk);
    size += chunk.length;
    if (size < pieceSize) continue;
    yield Buffer.concat(gathered);
    gathered = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(gathered);
}

/** So that the file's name survives a power cut as well. Windows opens no folder, and needs none flushed. */
async function flush(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}
