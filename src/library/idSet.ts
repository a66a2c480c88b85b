import type { Id } from '../model/fields.ts';

/** Remote ids as bits: Stash numbers its records from 1, so a million of them take 125 kB. */
export class IdSet {
  #bits = new Uint8Array(1024);
  /** Ids too large to be worth a bit each. */
  readonly #far = new Set<Id>();

  add(id: Id): void {
    if (id >= farthestBit) {
      this.#far.add(id);
      return;
    }
    const at = Math.floor(id / 8);
    if (at >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(this.#bits.length * 2, at + 1));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    this.#bits[at] = (this.#bits[at] as number) | (1 << (id % 8));
  }

  has(id: Id): boolean {
    if (id >= farthestBit) return this.#far.has(id);
    return ((this.#bits[Math.floor(id / 8)] ?? 0) & (1 << (id % 8))) !== 0;
  }
}

const farthestBit = 2 ** 27;
