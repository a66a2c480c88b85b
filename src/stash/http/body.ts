import { StashFailure } from './failure.ts';

/** What is read into memory is refused past so many bytes: the ids of seven million records fit. */
const mostBytes = 2 ** 27;

/** Of bodies larger than this only one at a time is read into memory. */
const largeBytes = 2 ** 23;

/** Slower than this, in bytes a second, a server is as good as silent. */
const slowest = 1000;

/**
 * The chunks of a body that has to get on: the time spent waiting for them is added up, and in each stretch of `timeout`
 * milliseconds of it enough has to come. One byte now and then would pass any limit on silence.
 */
export async function* paced(body: AsyncIterable<Buffer>, timeout: number): AsyncGenerator<Buffer> {
  let [waited, came, asked] = [0, 0, performance.now()];
  for await (const chunk of body) {
    waited += performance.now() - asked;
    came += chunk.length;
    if (waited >= timeout) {
      if (came < (slowest * timeout) / 1000) throw tooSlow(came, waited);
      [waited, came] = [0, 0];
    }
    yield chunk;
    asked = performance.now();
  }
}

/** Reads bodies into memory, which one server's cannot fill. */
export class Memory {
  #large: Promise<unknown> = Promise.resolve();

  /** All of it. */
  async whole(chunks: AsyncIterable<Buffer>, most = mostBytes): Promise<Buffer> {
    const kept: Buffer[] = [];
    let size = 0;
    let release: (() => void) | undefined;
    try {
      for await (const chunk of chunks) {
        kept.push(chunk);
        size += chunk.length;
        if (size > most) throw tooLarge(most);
        if (size > largeBytes) release ??= await this.#turn();
      }
      return Buffer.concat(kept);
    } finally {
      release?.();
    }
  }

  async #turn(): Promise<() => void> {
    const before = this.#large;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#large = promise;
    await before;
    return resolve;
  }
}

/** The beginning of a body. Whatever this is, it may have no end: leaving the loop closes the connection. */
export async function beginningOf(chunks: AsyncIterable<Buffer>, most: number): Promise<string> {
  const kept: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    kept.push(chunk);
    size += chunk.length;
    if (size >= most) break;
  }
  return Buffer.concat(kept).toString('utf8', 0, most);
}

const tooSlow = (came: number, waited: number): StashFailure =>
  new StashFailure(
    'source.timeout',
    `The answer comes too slowly: ${came.toLocaleString('en')} bytes in ${Math.round(waited / 1000)} s.`,
    {
      remedy:
        'Look at the server and at the way to it; or give it more time with --timeout, then run it again.',
    },
  );

const tooLarge = (most: number): StashFailure =>
  new StashFailure('source.too-large', `The answer is larger than ${Math.round(most / 1e6)} MB.`, {
    remedy: 'No Stash answers so much at once: look at what answers at that address.',
  });
