import type { Id } from './fields.ts';

/** Ids below this take a bit each, at most 16 MB; the others an entry in a set. */
const dense = 2 ** 27;

/** A kind's ids, held as bits: Stash numbers its records from 1, so a million of them take 125 kB. */
export class IdSet {
  #bits = new Uint8Array(1024);
  readonly #far = new Set<Id>();

  add(id: Id): void {
    if (id < 0 || id >= dense) {
      this.#far.add(id);
      return;
    }
    const at = id >> 3;
    if (at >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(this.#bits.length * 2, at + 1));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    this.#bits[at] = (this.#bits[at] as number) | (1 << (id & 7));
  }

  has(id: Id): boolean {
    if (id < 0 || id >= dense) return this.#far.has(id);
    return ((this.#bits[id >> 3] ?? 0) & (1 << (id & 7))) !== 0;
  }
}
