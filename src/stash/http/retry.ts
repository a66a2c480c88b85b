import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode } from '../../model/errors.ts';
import { StashFailure } from './failure.ts';

/** How often each failure is worth another try. What is not here will not mend by waiting. */
const tries: { [C in ErrorCode]?: number } = {
  // A server that is started again takes ten seconds and more.
  'source.unreachable': 8,
  'source.incomplete': 5,
  'source.failed': 5,
  'source.throttled': 8,
  // A slow server is not made faster by asking it again and again.
  'source.timeout': 2,
  // A scan or an import holds the database for a while, in short turns.
  'source.locked': 15,
};

const longestPause = 10_000;
/** A server that asks for more than this is better left alone until later. */
const longestWait = 120_000;

export interface Patience {
  /** Milliseconds before the second try; each further pause is twice as long. */
  firstPause: number;
  signal?: AbortSignal | undefined;
  /** Whether this failure may be tried again at all. */
  worthwhile?: (failure: StashFailure) => boolean;
  /** Told of a failure that is waited out, once it takes longer than a moment. */
  waiting?: ((failure: StashFailure) => void) | undefined;
}

/** What passes by the third try is nothing that a person has to know. */
const told = 3;

/** Calls `once` again after failures that may pass, waiting longer each time; with jitter, so that many do not meet. */
export async function withRetries<T>(once: () => Promise<T>, patience: Patience): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once();
    } catch (error) {
      if (!(error instanceof StashFailure) || patience.worthwhile?.(error) === false) throw error;
      if (attempt >= (tries[error.code] ?? 0)) throw error;
      const pause = Math.min(longestPause, patience.firstPause * 2 ** (attempt - 1));
      const wait = error.retryAfter ?? pause * (0.5 + Math.random() / 2);
      if (wait > longestWait) throw error;
      if (attempt >= told) patience.waiting?.(error);
      await sleep(wait, undefined, { signal: patience.signal }).catch(() => {
        throw patience.signal?.reason;
      });
    }
  }
}
