import { randomBytes } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Library } from './library.ts';

/** Snapshots to download: made by VACUUM INTO, so two of an unchanged library are the same file, byte for byte. */
export class Backups {
  readonly #library: Library;
  readonly #folder: string;
  readonly #files = new Map<string, string>();

  constructor(library: Library, folder: string) {
    this.#library = library;
    this.#folder = folder;
  }

  /** The address below the server's base; it stays valid for more than one GET. Null where nothing is to be downloaded. */
  make(download: boolean): string | null {
    const hash = randomBytes(4).toString('hex');
    const file = join(this.#folder, `backup-${hash}`);
    this.#library.database.prepare('vacuum into ?').run(file);
    if (!download) {
      rmSync(file);
      return null;
    }
    const time = new Date().toISOString().replace(/[-:]/g, '').replace('T', '_').slice(0, 15);
    const path = `/downloads/${hash}/stash-go.sqlite.${this.#library.schema}.${time}`;
    this.#files.set(path, file);
    return path;
  }

  find(path: string): { file: string; size: number } | undefined {
    const file = this.#files.get(path);
    return file ? { file, size: statSync(file).size } : undefined;
  }
}
