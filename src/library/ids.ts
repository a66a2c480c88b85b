import { randomBytes, randomInt } from 'node:crypto';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { kindNumber } from './layout.ts';

/** The remote ids that fit into a computed one; Stash numbers its records from 1. */
export const largestId = 2 ** 40 - 1;

export const hasComputedId = (id: Id): boolean => id >= 0 && id <= largestId;

/**
 * Library ids of a first import, computed from (import, kind, remote id), so that no map from remote to library
 * ids has to be held, in either direction of a reference (measured: stack-facts.md). Each is a valid UUIDv7 of
 * the import's instant; within a kind they ascend with the remote id, which keeps index builds sequential.
 *
 *     48 bits  milliseconds      4  version   4  kind   8  salt     2  variant   40  remote id   22  salt
 */
export class ImportIds {
  readonly #head = Buffer.alloc(16);

  /** `salt` tells two imports in the same millisecond apart: 30 random bits. */
  constructor(milliseconds: number, salt: number) {
    this.#head.writeUIntBE(milliseconds, 0, 6);
    this.#head[6] = 0x70;
    this.#head[7] = (salt >>> 22) & 0xff;
    this.#head[13] = (salt >>> 16) & 0x3f;
    this.#head[14] = (salt >>> 8) & 0xff;
    this.#head[15] = salt & 0xff;
  }

  static salt(): number {
    return randomBytes(4).readUInt32BE() >>> 2;
  }

  /** Writes the 16 bytes of the id of (kind, remote id) into `target` at `offset`. */
  write(target: Buffer, offset: number, kind: Kind, id: Id): void {
    if (!hasComputedId(id)) {
      target.fill(0, offset, offset + 16); // names nothing: such a record is not brought
      return;
    }
    this.#head.copy(target, offset);
    target[offset + 6] = 0x70 | kindNumber[kind];
    // 2 bits of variant, then the id's 40 bits, then 6 bits of salt in byte 13
    const high = Math.floor(id / 2 ** 16); // 24 bits
    const low = id % 2 ** 16;
    target[offset + 8] = 0x80 | (high >>> 18);
    target[offset + 9] = (high >>> 10) & 0xff;
    target[offset + 10] = (high >>> 2) & 0xff;
    target[offset + 11] = ((high & 0x3) << 6) | (low >>> 10);
    target[offset + 12] = (low >>> 2) & 0xff;
    target[offset + 13] = ((low & 0x3) << 6) | (this.#head[13] as number);
  }

  text(kind: Kind, id: Id): string {
    const bytes = Buffer.alloc(16);
    this.write(bytes, 0, kind, id);
    const hex = bytes.toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }
}

/** The id of a record that is made here: as an import would compute it, for a number that nobody gives. */
export const newLibraryId = (kind: Kind): LibraryId =>
  new ImportIds(Date.now(), ImportIds.salt()).text(kind, randomInt(largestId));
