import { parseArgs } from 'node:util';
import { startSimulator } from './simulator.ts';

/**
 * `node main.ts DATABASE`: a simulator in a process of its own, for benchmarks. Prints a line of JSON with its address
 * when it listens, and stops on SIGTERM.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string' },
    'api-key': { type: 'string' },
    /** The folder that the library's pictures are kept in. */
    blobs: { type: 'string' },
    /** `Scenes=1300`: how many milliseconds an operation takes longer; may be repeated. */
    delay: { type: 'string', multiple: true, default: [] },
  },
});
const [database] = positionals;
if (!database) throw new Error('Say which database to serve.');
const simulator = await startSimulator({
  database,
  ...(values.port && { port: Number(values.port) }),
  ...(values['api-key'] && { apiKey: values['api-key'] }),
  faults: values.delay.map((text) => {
    const [on = '', ms = '0'] = text.split('=');
    return { kind: 'delay', on, ms: Number(ms) };
  }),
  ...(values.blobs && { blobs: { storage: 'FILESYSTEM', dir: values.blobs } }),
});
process.stdout.write(`${JSON.stringify({ url: simulator.url, version: simulator.version })}\n`);
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void simulator.close());
}
