import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Library } from './library.ts';

export interface Picture {
  bytes: Buffer;
  type: string;
  etag: string;
}

/** Pictures on disk lie two folders deep: `ab/cd/abcd…`. */
export const pathOfBlob = (folder: string, checksum: string): string =>
  join(folder, checksum.slice(0, 2), checksum.slice(2, 4), checksum);

const columns: { [path: string]: string } = {
  'performer/image': 'image_blob',
  'studio/image': 'image_blob',
  'tag/image': 'image_blob',
  'scene/screenshot': 'cover_blob',
  'group/frontimage': 'front_image_blob',
  'group/backimage': 'back_image_blob',
  'movie/frontimage': 'front_image_blob',
  'movie/backimage': 'back_image_blob',
};

/**
 * A record's picture, or the server's stand-in where that is asked for, where it has none, and where its bytes are gone:
 * with its own ETag, as a real server does. Undefined where there is no such record.
 */
export function pictureOf(
  library: Library,
  kind: string,
  id: number,
  which: string,
  standInOnly: boolean,
): Picture | undefined {
  const column = columns[`${kind}/${which}`];
  if (!column) return undefined;
  const table = kind === 'group' || kind === 'movie' ? library.groups.table : `${kind}s`;
  const checksum = library.scalar(`select coalesce(${column}, '') from ${table} where id = ?`, id);
  if (checksum === undefined) return undefined;
  const bytes = checksum && !standInOnly ? bytesOf(library, checksum as string) : undefined;
  return bytes ? { bytes, type: typeOf(bytes), etag: checksum as string } : standIn;
}

function bytesOf(library: Library, checksum: string) {
  const path = library.pictures && pathOfBlob(library.pictures, checksum);
  if (path && existsSync(path)) return readFileSync(path);
  const stored = library.scalar('select blob from blobs where checksum = ?', checksum);
  return stored ? Buffer.from(stored as Uint8Array) : undefined;
}

function typeOf(bytes: Buffer): string {
  if (bytes[0] === 0x89) return 'image/png';
  if (bytes[0] === 0xff) return 'image/jpeg';
  return bytes.subarray(8, 12).toString('latin1') === 'WEBP' ? 'image/webp' : 'image/gif';
}

const drawing = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><path fill="#ddd" d="M0 0h16v9H0z"/></svg>',
);
const standIn: Picture = {
  bytes: drawing,
  type: 'image/svg+xml',
  etag: createHash('md5').update(drawing).digest('hex'),
};

/** Keeps a picture, and gives its checksum. */
export function keepPicture(library: Library, bytes: Buffer): string {
  const checksum = createHash('md5').update(bytes).digest('hex');
  if (library.pictures) {
    const path = pathOfBlob(library.pictures, checksum);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  library.run(
    'insert into blobs (checksum, blob) values (?, ?) on conflict do nothing',
    checksum,
    library.pictures ? null : bytes,
  );
  return checksum;
}

/** Drops a picture, unless a record still has it. */
export function dropPicture(library: Library, checksum: string): void {
  try {
    library.run('delete from blobs where checksum = ?', checksum);
  } catch {
    return;
  }
  if (library.pictures) rmSync(pathOfBlob(library.pictures, checksum), { force: true });
}
