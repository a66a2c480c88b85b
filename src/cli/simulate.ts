import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Option } from 'commander';
import { type ServerVersion, serverVersions } from '../contract/schema.ts';
import { StowageError } from '../model/errors.ts';
import type { Pictures } from '../simulator/generate/pictures.ts';
import { generate } from '../simulator/generate.ts';
import { type Simulator, startSimulator } from '../simulator/simulator.ts';
import { atLeast, type CommandContext, type CommandDefinition } from './command.ts';

interface Options {
  scenes: number;
  images: number;
  pictures: Pictures;
  seed: number;
  as: ServerVersion;
  file?: string;
  host: string;
  port: number;
  apiKey?: string;
}

/** `stowage simulate`: a Stash to try things on, with a made-up library, until Ctrl-C. */
export const simulate: CommandDefinition<Options> = {
  configure: (command) =>
    command
      .option('--scenes <n>', 'how many scenes to make up', atLeast(0), 500)
      .option('--images <n>', 'how many images', atLeast(0), 500)
      .addOption(
        new Option('--pictures <which>', 'how many records have a picture')
          .choices(['none', 'few', 'all'] satisfies Pictures[])
          .default('few'),
      )
      .option('--seed <n>', 'another number, another library', atLeast(0), 1)
      .addOption(
        new Option('--as <version>', 'which Stash to be').choices(serverVersions).default('v0.30'),
      )
      .option('--file <path>', "a Stash's database file to serve instead (it is left as it is)")
      .option('--host <name>', 'where to listen', '127.0.0.1')
      .option('--port <n>', '0 for any free one', atLeast(0), 9999)
      .option('--api-key <key>', 'ask for this key'),
  async run(context, options) {
    const { output, redactor, signal } = context;
    redactor.add(options.apiKey);
    const simulator = await open(context, options);
    try {
      const { url } = simulator;
      output.line(`A simulated Stash ${simulator.version} listens at ${url}. Ctrl-C stops it.`);
      output.line(`Try: npx stowage migrate --from ${url}${options.apiKey ? ' --api-key …' : ''}`);
      output.event('listening', { url });
      if (!signal.aborted) await once(signal, 'abort');
      return { complete: true, summary: { requests: simulator.requests.length } };
    } finally {
      await simulator.close();
    }
  },
};

/** Serves a copy of the file that was named, or of one made up. */
async function open({ output }: CommandContext, options: Options): Promise<Simulator> {
  const { file, as: version, host, port, apiKey } = options;
  const server = { host, port, ...(apiKey !== undefined && { apiKey }) };
  try {
    if (file !== undefined) return await startSimulator({ ...server, database: file });
    const folder = await mkdtemp(path.join(tmpdir(), 'stowage-simulate-'));
    try {
      using making = output.stage('making a library up');
      const database = path.join(folder, 'stash-go.sqlite');
      const { scenes, images, pictures, seed } = options;
      generate(database, { scenes, images, pictures, seed, version });
      making.finish();
      return await startSimulator({ ...server, database, version });
    } finally {
      await rm(folder, { recursive: true });
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    throw new StowageError('usage', `Something else listens on port ${port} already.`, {
      remedy: 'Name another with --port; 0 takes any free one.',
      cause,
    });
  }
}
