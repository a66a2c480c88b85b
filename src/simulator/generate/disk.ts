import type { Dice } from './dice.ts';
import { timeAt } from './dice.ts';
import type { Rows } from './rows.ts';

export interface NewFile {
  folder: number;
  /** Bytes where they are not UTF-8, as the names that old cameras and archives give. */
  basename: string | Uint8Array;
  size: number;
  zip?: number | null;
}

/** Folders and files, and what the server knows of them. */
export class Disk {
  readonly #rows: Rows;
  readonly #separator: string;
  readonly #root: number;
  readonly #paths = new Map<number, string>();
  readonly #folders = new Map<string, number>();
  #files = 0;

  constructor(rows: Rows, windows: boolean) {
    this.#rows = rows;
    this.#separator = windows ? '\\' : '/';
    this.#root = this.#write(windows ? 'D:\\media' : '/data/media', 'media', null, null);
  }

  /** A folder below the library's root. */
  folder(name: string): number {
    return this.inside(this.#root, name);
  }

  /** A folder inside another; inside a zip, too, whose folder has no time of its own. */
  inside(parent: number, name: string, zip: number | null = null): number {
    const path = `${this.#paths.get(parent)}${this.#separator}${name}`;
    return this.#folders.get(path) ?? this.#write(path, name, parent, zip);
  }

  #write(path: string, basename: string, parent: number | null, zip: number | null): number {
    const id = this.#folders.size + 1;
    this.#folders.set(path, id);
    this.#paths.set(id, path);
    this.#rows.insert('folders', {
      id,
      path,
      basename,
      parent_folder_id: parent,
      mod_time: zip ? '0001-01-01T00:00:00Z' : timeAt(id),
      created_at: timeAt(id),
      updated_at: timeAt(id),
      zip_file_id: zip,
    });
    return id;
  }

  file({ folder, basename, size, zip = null }: NewFile): number {
    this.#files += 1;
    const id = this.#files;
    const at = timeAt(1000 + id * 3);
    this.#rows.insert('files', {
      id,
      basename: typeof basename === 'string' ? basename : 'not UTF-8',
      zip_file_id: zip,
      parent_folder_id: folder,
      size,
      mod_time: timeAt(id * 3),
      created_at: at,
      updated_at: at,
    });
    if (typeof basename !== 'string') {
      this.#rows.database
        .prepare('update files set basename = cast(? as text) where id = ?')
        .run(basename, id);
    }
    return id;
  }

  video(
    file: NewFile,
    dice: Dice,
    details: { format?: string; interactive?: boolean } = {},
  ): number {
    const id = this.file(file);
    const { format = 'mp4', interactive = false } = details;
    const wide = dice.chance(0.7);
    this.#rows.insert('video_files', {
      file_id: id,
      duration: Math.round(dice.next() * 360_000) / 100,
      video_codec: format === 'gif' ? 'gif' : dice.pick(['h264', 'hevc', 'av1']),
      format,
      audio_codec: format === 'gif' || dice.chance(0.05) ? '' : 'aac',
      width: wide ? 1920 : 1280,
      height: wide ? 1080 : 720,
      frame_rate: dice.pick([24, 25, 29.97, 50, 59.94]),
      bit_rate: 1_000_000 + dice.below(8_000_000),
      interactive,
      interactive_speed: interactive ? 1 + dice.below(100) : null,
    });
    if (format !== 'gif') {
      this.#fingerprint(id, 'md5', dice.hex(32));
      this.#fingerprint(id, 'oshash', dice.hex(16));
      this.#fingerprint(id, 'phash', dice.int64());
    }
    return id;
  }

  image(file: NewFile, dice: Dice): number {
    const id = this.file(file);
    this.#rows.insert('image_files', {
      file_id: id,
      format: dice.pick(['jpeg', 'png', 'webp']),
      width: 600 + dice.below(4000),
      height: 400 + dice.below(3000),
    });
    this.#fingerprint(id, 'md5', dice.hex(32));
    return id;
  }

  zip(file: NewFile, dice: Dice): number {
    const id = this.file(file);
    this.#fingerprint(id, 'md5', dice.hex(32));
    return id;
  }

  #fingerprint(file_id: number, type: string, fingerprint: string | bigint): void {
    this.#rows.insert('files_fingerprints', { file_id, type, fingerprint });
  }
}
