import { readEnvironment } from '../settings.ts';
import type { Commands } from './command.ts';
import { run } from './run.ts';

const commands: Commands = {
  simulate: {
    summary: 'Run a simulated Stash, to try things on',
    load: async () => (await import('./simulate.ts')).simulate,
  },
};

process.exitCode = await run(commands, process.argv.slice(2), readEnvironment());
// A connection that somebody forgot is no reason to keep a person waiting; with none, the process is gone by then.
setTimeout(() => process.exit(), 3000).unref();
