import { hash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { makeFolder } from '../library/disk.ts';
import { StowageError } from '../model/errors.ts';
import type { PictureId } from '../model/fields.ts';
import { inParallel } from './parallel.ts';

/** A picture that the store holds. */
export interface Held {
  md5: PictureId;
  /** Bytes. */
  size: number;
}

/**
 * Pictures as files, by the MD5 of their bytes: `ab/cd/abcd…`. Table `qar.pictures` lists those that are held for
 * certain, after a power cut too: `settle` comes before an entry there. Any other file is only good once `check` says
 * so.
 */
export class PictureStore {
  readonly #folder: string;
  readonly #incoming: string;
  readonly #tokenFile: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#incoming = path.join(folder, 'incoming');
    this.#tokenFile = path.join(folder, 'token');
  }

  /** For reading: nothing is made, nor cleared away. */
  static at(folder: string): PictureStore {
    return new PictureStore(path.resolve(folder));
  }

  /** Makes the folder where it is missing, and clears away what killed processes left half written. */
  static async open(folder: string): Promise<PictureStore> {
    const store = PictureStore.at(folder);
    await store.#guard(async () => {
      await makeFolder(store.#incoming, 0o700);
      await sweep(store.#incoming);
    });
    return store;
  }

  /** How many bytes the file has, and when it was last changed; undefined where there is none. */
  async stat(md5: PictureId): Promise<{ size: number; changedAt: number } | undefined> {
    if (!isPictureId(md5)) return undefined;
    const found = await this.#guard(() => stat(this.#pathOf(md5)).catch(absent));
    return found && { size: found.size, changedAt: Math.floor(found.ctimeMs) };
  }

  /** What the folder says of itself (vouched.ts); undefined where it says nothing. */
  token(): Promise<string | undefined> {
    return this.#guard(() => readFile(this.#tokenFile, 'utf8').catch(absent));
  }

  async setToken(token: string): Promise<void> {
    await this.#write(Buffer.from(token), (temporary) => rename(temporary, this.#tokenFile));
  }

  /** The bytes. Reading fails where there is no such picture. */
  open(md5: PictureId): Readable {
    return createReadStream(this.#pathOf(md5));
  }

  /** The bytes, all at once; null where there is no such picture, or its file is not what its name says. */
  async read(md5: PictureId): Promise<Buffer | null> {
    if (!isPictureId(md5)) return null;
    const bytes = await this.#guard(() => readFile(this.#pathOf(md5)).catch(absent));
    return bytes && hash('md5', bytes) === md5 ? bytes : null;
  }

  /** Reads the file through; undefined where it is missing, or not what its name says. */
  async check(md5: PictureId): Promise<Held | undefined> {
    const bytes = await this.read(md5);
    return bytes ? { md5, size: bytes.length } : undefined;
  }

  /**
   * Stores bytes under their MD5, all or nothing; undefined, and nothing stored, where that is not the expected one.
   *
   * @throws StowageError `disk.full`, `disk.failed`.
   */
  async put(bytes: Uint8Array, expected?: PictureId): Promise<Held | undefined> {
    const md5 = hash('md5', bytes);
    if (expected !== undefined && md5 !== expected) return undefined;
    await this.#write(bytes, (temporary) => this.#place(temporary, md5));
    return { md5, size: bytes.length };
  }

  /** Waits until pictures that were put would survive a power cut; cheaper for many at once than for each. */
  async settle(pictures: readonly Held[]): Promise<void> {
    const files = pictures.map(({ md5 }) => this.#pathOf(md5));
    const folders = new Set<string>();
    for (const file of files) {
      const inner = path.dirname(file);
      folders.add(inner).add(path.dirname(inner)).add(this.#folder);
    }
    await this.#guard(async () => {
      await inParallel(files, flushes, (file) => flush(file, 'r+'));
      // Windows opens no folder, and needs none flushed.
      if (process.platform !== 'win32') {
        await inParallel([...folders], flushes, (folder) => flush(folder, 'r'));
      }
    });
  }

  /** Writes a file under another name until it is whole. */
  async #write(bytes: Uint8Array, place: (temporary: string) => Promise<void>): Promise<void> {
    const temporary = path.join(this.#incoming, temporaryName());
    try {
      await this.#guard(async () => {
        await writeFile(temporary, bytes, { flag: 'wx', mode: 0o600 });
        await place(temporary);
      });
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
  }

  async #place(temporary: string, md5: PictureId): Promise<void> {
    const place = this.#pathOf(md5);
    try {
      await rename(temporary, place);
    } catch (error) {
      absent(error);
      await mkdir(path.dirname(place), { recursive: true, mode: 0o700 });
      await rename(temporary, place);
    }
  }

  #pathOf(md5: PictureId): string {
    // A source may call a picture anything, `../../passwd` too.
    if (!isPictureId(md5)) throw new RangeError(`not an MD5: ${md5}`);
    return path.join(this.#folder, md5.slice(0, 2), md5.slice(2, 4), md5);
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw diskFailure(error, this.#folder);
    }
  }
}

export const isPictureId = (text: string): text is PictureId => /^[0-9a-f]{32}$/.test(text);

/** How many files are flushed at a time: more than libuv has threads for gains nothing. */
const flushes = 4;

async function flush(file: string, flags: 'r' | 'r+'): Promise<void> {
  const handle = await open(file, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Undefined where a file is missing; any other failure is thrown on. */
function absent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

/** A temporary file tells who is writing it. */
const temporaryName = () => `${hostname()}.${process.pid}.${randomUUID()}`;

/** Removes the temporary files of processes that are gone. */
async function sweep(incoming: string): Promise<void> {
  for (const name of await readdir(incoming)) {
    const file = path.join(incoming, name);
    if (await isAbandoned(file, name)) await rm(file, { force: true });
  }
}

/** Another machine's process, or one in another container, cannot be asked for: an hour's silence tells. */
const silence = 3_600_000;

async function isAbandoned(file: string, name: string): Promise<boolean> {
  const [, host, pid] = /^(.*)\.(\d+)\.[^.]*$/.exec(name) ?? [];
  if (host === hostname() && !isRunning(Number(pid))) return true;
  const written = await stat(file).then(({ mtimeMs }) => mtimeMs, absent);
  return written !== undefined && Date.now() - written > silence;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function diskFailure(error: unknown, folder: string): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (error instanceof StowageError || !/^E[A-Z]+$/.test(code)) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new StowageError('disk.full', 'There is no room left for pictures.', {
      item: folder,
      remedy: 'Make room there, or choose another place with --data; then run it again.',
      cause: error,
    });
  }
  return new StowageError('disk.failed', `A picture could not be kept: ${code}.`, {
    item: folder,
    remedy: 'Check that the folder can be written to, and that its disk is well.',
    cause: error,
  });
}
