import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';

/** What is waited for on purpose, from here on; less is a pause in the course of things. */
const onPurpose = 100;

/**
 * Makes the pauses between tries a hundred times shorter, in this process: a server is given up after a minute and
 * more of asking again, and there is nothing to learn from waiting for that.
 */
export function shortenWaits(): void {
  const { setTimeout: sleep } = timers;
  timers.setTimeout = (ms = 0, ...rest) => sleep(ms >= onPurpose ? ms / 100 : ms, ...rest);
  syncBuiltinESMExports();
}
