import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { pathOfBlob } from '../pictures.ts';
import type { Rows } from './rows.ts';

/** `few`: one in twenty records has a picture. */
export type Pictures = 'none' | 'few' | 'all';

/** Puts pictures into a library, or into a folder beside it; each is one colour, and its own bytes. */
export class Album {
  readonly #rows: Rows;
  readonly #which: Pictures;
  readonly #folder: string | undefined;
  readonly #held = new Set<string>();
  #asked = 0;

  constructor(rows: Rows, which: Pictures, folder: string | undefined) {
    this.#rows = rows;
    this.#which = which;
    this.#folder = folder;
  }

  /** The checksum of a picture for one more record; null where it is to have none. Every thirtieth is the same one. */
  next(): string | null {
    const n = this.#asked;
    this.#asked += 1;
    if (this.#which === 'none' || (this.#which === 'few' && n % 20 !== 0)) return null;
    return this.#keep(drawPng(n % 30 === 0 ? 0 : n));
  }

  #keep(bytes: Buffer): string {
    const checksum = createHash('md5').update(bytes).digest('hex');
    if (this.#held.has(checksum)) return checksum;
    this.#held.add(checksum);
    if (this.#folder) {
      const path = pathOfBlob(this.#folder, checksum);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    }
    this.#rows.insert('blobs', { checksum, blob: this.#folder ? null : bytes });
    return checksum;
  }
}

/** A PNG of 16 × 9 points in one colour, no two numbers' the same. */
function drawPng(n: number): Buffer {
  const [width, height] = [16, 9];
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const line = Buffer.alloc(1 + width * 3);
  for (let x = 0; x < width; x += 1) line.writeUIntBE((n * 0x9e3779 + x) & 0xffffff, 1 + x * 3, 3);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(Array.from({ length: height }, () => line)))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
