import type { Id } from '../../model/fields.ts';

/** Ids up to here take a bit each, at most 8 MB; beyond, an entry in a set. */
const dense = 2 ** 26;

/** The ids of all records of a kind, small enough to be held for a million of them. */
export class IdSet {
  #bits = new Uint8Array(1024);
  readonly #beyond = new Set<Id>();

  add(id: Id): void {
    if (id < 0 || id >= dense) {
      this.#beyond.add(id);
      return;
    }
    const at = id >> 3;
    if (at >= this.#bits.length) {
      const longer = new Uint8Array(Math.max(at + 1, this.#bits.length * 2));
      longer.set(this.#bits);
      this.#bits = longer;
    }
    this.#bits[at] = (this.#bits[at] as number) | (1 << (id & 7));
  }

  has(id: Id): boolean {
    if (id < 0 || id >= dense) return this.#beyond.has(id);
    return ((this.#bits[id >> 3] ?? 0) & (1 << (id & 7))) !== 0;
  }
}
