import type { ClientBase } from 'pg';
import { fillTables, refuseOccupied, schemaSteps, type TableRows } from '../library/dump.ts';
import { type Held, isPictureId, type PictureStore } from '../media/store.ts';
import { StowageError } from '../model/errors.ts';
import { damaged, type Part, readArchive } from './archive.ts';
import type { Contents, Totals } from './create.ts';

export interface RestoreOptions {
  client: ClientBase;
  backup: Backup;
  store: PictureStore;
  /** Is given what sources' keys are encrypted with, where the backup has it. */
  keepSecret: (secret: string) => Promise<void>;
  /** So many more bytes have been written. */
  progress: (bytes: number) => void;
  /** While indexes and constraints are put back. */
  indexing: (done: number, of: number) => void;
  signal: AbortSignal;
}

/** A backup whose first part was read. */
export interface Backup extends Contents {
  file: string;
  parts: AsyncGenerator<Part>;
}

/** Looks into a backup. @throws StowageError `backup.damaged`, `library.too-new` */
export async function openBackup(file: string, known: readonly number[]): Promise<Backup> {
  const parts = readArchive(file);
  const { value: first } = await parts.next();
  if (first?.name !== 'library.json') throw damaged(file);
  const contents: Contents = JSON.parse((await first.bytes()).toString());
  if (contents.format !== 1 || contents.steps.some((step) => !known.includes(step))) {
    throw new StowageError('library.too-new', 'The backup was made by a newer Stowage.', {
      item: `${file}, by version ${contents.stowage}`,
      remedy: 'Update Stowage.',
    });
  }
  return { ...contents, file, parts };
}

/**
 * Fills an empty library, whose schema has the backup's steps, with all that the backup holds: in one transaction, and only
 * where the backup is whole.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Totals> {
  const { client, backup, progress, indexing, signal } = options;
  await refuseOccupied(client);
  if ((await schemaSteps(client)).join() !== backup.steps.join()) {
    throw new TypeError('the library has other steps of the schema than the backup');
  }
  const found: Totals = { bytes: {}, pictures: 0 };
  const reading = new Reading(backup, found, progress);
  await fillTables(client, reading.tables(), { progress: indexing, signal }, async () => {
    await restOf(options, reading, found);
  });
  return found;
}

/** A backup's parts, of which the next one can be looked at. */
class Reading {
  readonly #backup: Backup;
  readonly #found: Totals;
  readonly #progress: (bytes: number) => void;
  #next: Part | undefined;

  constructor(backup: Backup, found: Totals, progress: (bytes: number) => void) {
    this.#backup = backup;
    this.#found = found;
    this.#progress = progress;
  }

  async peek(): Promise<Part | undefined> {
    this.#next ??= (await this.#backup.parts.next()).value ?? undefined;
    return this.#next;
  }

  async bytes(): Promise<Buffer> {
    const part = await this.peek();
    this.#next = undefined;
    const bytes = (await part?.bytes()) ?? Buffer.alloc(0);
    this.#progress(bytes.length);
    return bytes;
  }

  async *tables(): AsyncGenerator<TableRows> {
    for (let table = await this.#table(); table; table = await this.#table()) {
      const known = this.#backup.tables.find((one) => one.table === table);
      if (!known || table in this.#found.bytes) throw damaged(this.#backup.file);
      this.#found.bytes[table] = 0;
      yield { ...known, bytes: this.#pieces(table) };
    }
  }

  async *#pieces(table: string): AsyncGenerator<Buffer> {
    while ((await this.#table()) === table) {
      const bytes = await this.bytes();
      this.#found.bytes[table] = (this.#found.bytes[table] ?? 0) + bytes.length;
      yield bytes;
    }
  }

  /** Whose rows come next. */
  async #table(): Promise<string | undefined> {
    return /^tables\/([^/]+)\//.exec((await this.peek())?.name ?? '')?.[1];
  }
}

/** What comes after the tables; only with the last part the backup is whole. */
async function restOf(
  { backup, store, keepSecret, signal }: RestoreOptions,
  reading: Reading,
  found: Totals,
): Promise<void> {
  let held: Held[] = [];
  const settle = async () => {
    await store.settle(held);
    held = [];
  };
  for (let part = await reading.peek(); part; part = await reading.peek()) {
    signal.throwIfAborted();
    const bytes = await reading.bytes();
    const [, md5] = /^pictures\/(.*)$/.exec(part.name) ?? [];
    if (md5 !== undefined) {
      const kept = isPictureId(md5) ? await store.put(bytes, md5) : undefined;
      if (!kept) throw damaged(backup.file);
      held.push(kept);
      found.pictures++;
      if (held.length >= settledTogether) await settle();
    } else if (part.name === 'secret') {
      await keepSecret(bytes.toString());
    } else if (part.name === 'end.json') {
      await settle();
      if (!isSame(JSON.parse(bytes.toString()), found)) throw damaged(backup.file);
      return;
    }
  }
  throw damaged(backup.file);
}

const settledTogether = 500;

/** A table without rows has no part. */
const isSame = (told: Totals, found: Totals): boolean =>
  told.pictures === found.pictures &&
  Object.entries(told.bytes).every(([table, bytes]) => bytes === (found.bytes[table] ?? 0));
