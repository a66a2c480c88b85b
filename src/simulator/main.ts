import { parseArgs } from 'node:util';
import { startSimulator } from './simulator.ts';

/** Runs a simulator in a process of its own: prints a line of JSON with its address, stops on SIGTERM. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string' },
    host: { type: 'string' },
    'api-key': { type: 'string' },
    'base-path': { type: 'string' },
  },
});
const [database] = positionals;
if (!database) throw new Error('which database?');
const simulator = await startSimulator({
  database,
  ...(values.port && { port: Number(values.port) }),
  ...(values.host && { host: values.host }),
  ...(values['api-key'] && { apiKey: values['api-key'] }),
  ...(values['base-path'] && { basePath: values['base-path'] }),
});
process.stdout.write(`${JSON.stringify({ url: simulator.url, version: simulator.version })}\n`);
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void simulator.close());
}
