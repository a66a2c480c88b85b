/**
 * `npm run bench [-- --short] [WORD…]`: every benchmark, or those whose file name contains a word. Prints a table
 * that can be put into docs/benchmarks.md as it is, then the same as one line of JSON. Exits with 1 where a
 * number misses its limit; short runs have no limits.
 */
import { glob } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Bench, type Measurement, meets } from './bench.ts';

const { values, positionals } = parseArgs({
  options: { short: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort());

const files = (await Array.fromAsync(glob('*.bench.ts', { cwd: import.meta.dirname }))).sort();
const chosen = files.filter(
  (file) => positionals.length === 0 || positionals.some((word) => file.includes(word)),
);
if (chosen.length === 0) throw new Error('There is no such benchmark.');

const { model = 'unknown' } = os.cpus()[0] ?? {};
const machine = {
  cpu: `${os.cpus().length} × ${model}`,
  memoryGb: Math.round(os.totalmem() / 2 ** 30),
  system: `${os.type()} ${os.release()}`,
  node: process.version,
};
const shown = (value: number, unit: Measurement['unit']) =>
  `${value.toFixed(unit === '×' ? 2 : value < 100 ? 1 : 0)} ${unit}`;

console.log(`${machine.cpu}, ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}\n`);
console.log('| benchmark | what | measured | to reach |\n|---|---|---|---|');
const results: (Measurement & { bench: string; met: boolean })[] = [];
for (const file of chosen) {
  const name = path.basename(file, '.bench.ts');
  const { bench }: { bench: Bench } = await import(`./${file}`);
  for await (const found of bench({ short: values.short, signal: interruption.signal })) {
    const { limit, ...measured } = found;
    const measurement = values.short ? measured : found;
    const met = meets(measurement);
    results.push({ bench: name, ...measurement, met });
    const { what, value, unit, least } = measurement;
    const bound =
      values.short || limit === undefined ? '' : `${least ? '≥' : '≤'} ${shown(limit, unit)}`;
    console.log(
      `| ${name} | ${what} | ${shown(value, unit)}${met ? '' : ' **missed**'} | ${bound} |`,
    );
  }
}
console.log(`\n${JSON.stringify({ short: values.short, machine, results })}`);
process.exitCode = results.every(({ met }) => met) ? 0 : 1;
