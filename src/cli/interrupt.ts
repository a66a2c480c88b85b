import { StowageError } from '../model/errors.ts';
import { exitCodes } from './command.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** `npx` passes on the Ctrl-C that the terminal has already sent to us: one key press, two signals. */
const oneKeyPress = 500;

/** Turns the first Ctrl-C (or SIGTERM) into an aborted signal, so that work ends cleanly; the second one kills. */
export function listenForInterrupts(whereItStopped: () => string): {
  signal: AbortSignal;
  stopListening: () => void;
} {
  const controller = new AbortController();
  let first = 0;
  const interrupt = () => {
    if (!controller.signal.aborted) {
      first = performance.now();
      const message = `Stopped${whereItStopped()}.`;
      const remedy = 'Run the same command again to go on.';
      controller.abort(new StowageError('interrupted', message, { remedy }));
    } else if (performance.now() - first > oneKeyPress) {
      process.exit(exitCodes.interrupted);
    }
  };
  for (const name of signals) process.on(name, interrupt);
  return {
    signal: controller.signal,
    stopListening: () => {
      for (const name of signals) process.off(name, interrupt);
    },
  };
}
