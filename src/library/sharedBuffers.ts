import { bufferSize } from './copy.ts';

/**
 * A fixed number of buffers in memory that two threads share: one fills them, the other sends them off and gives
 * them back. Nothing is copied, nothing is left for the garbage collector, and the filling thread waits where all
 * are on their way.
 */
export class SharedBuffers {
  /** What the other thread needs: `new SharedBuffers(memory)`. */
  readonly memory: SharedArrayBuffer;
  /** One word a buffer (1: in use), then a word that counts what was given back, to wait on. */
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(headSize + count * bufferSize)) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, count + 1);
  }

  /** A free buffer; waits for one, so never to be called by the thread that gives them back. */
  take(): Buffer {
    for (;;) {
      const before = Atomics.load(this.#words, count);
      for (let slot = 0; slot < count; slot++) {
        if (Atomics.compareExchange(this.#words, slot, 0, 1) === 0)
          return this.at(slot, bufferSize);
      }
      Atomics.wait(this.#words, count, before);
    }
  }

  /** Which buffer these bytes are in; undefined where they are in none of ours. */
  slotOf(bytes: Buffer): number | undefined {
    if ((bytes.buffer as unknown) !== this.memory) return undefined;
    return Math.floor((bytes.byteOffset - headSize) / bufferSize);
  }

  at(slot: number, length: number): Buffer {
    return Buffer.from(this.memory as unknown as ArrayBuffer, headSize + slot * bufferSize, length);
  }

  giveBack(slot: number): void {
    Atomics.store(this.#words, slot, 0);
    Atomics.add(this.#words, count, 1);
    Atomics.notify(this.#words, count);
  }
}

/** One for each of some 40 tables being filled, and 48 on their way: 8 starve behind an index build (measured). */
const count = 96;
const headSize = 4096;
