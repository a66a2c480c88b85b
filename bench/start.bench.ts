import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bench } from './bench.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../bin/stowage.js', import.meta.url));

/** How long a command keeps a person waiting before it does anything. */
export const bench: Bench = async function* ({ short }) {
  const seconds: number[] = [];
  for (let i = 0; i < (short ? 3 : 15); i++) {
    const started = performance.now();
    await run(process.execPath, [program, '--version']);
    seconds.push((performance.now() - started) / 1000);
  }
  seconds.sort((a, b) => a - b);
  const median = seconds[seconds.length >> 1] ?? Number.NaN;
  yield { what: '`stowage --version`, median', value: median * 1000, unit: 'ms', limit: 150 };
};
