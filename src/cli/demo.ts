import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from '../simulator/generate.ts';
import { startSimulator } from '../simulator/simulator.ts';
import type { CommandContext, CommandDefinition } from './command.ts';
import { migrate } from './migrate.ts';
import { verify } from './verify.ts';

interface Options {
  keep?: boolean;
}

/** `stowage demo`: a simulated Stash with a small library, brought over and proved, with nothing to set up. */
export const demo: CommandDefinition<Options> = {
  configure: (command) =>
    command.option('--keep', 'leave the library that it made, to look around in'),
  async run(context, { keep = false }) {
    const { output } = context;
    const folder = await mkdtemp(join(tmpdir(), 'stowage-demo-'));
    const data = join(folder, 'library');
    const inDemo: CommandContext = {
      ...context,
      settings: { ...context.settings, databaseUrl: undefined, dataDirectory: data },
    };
    const database = join(folder, 'stash-go.sqlite');
    try {
      output.line('1. A Stash to try things on: simulated, with a made-up library of 500 scenes.');
      generate(database, { scenes: 500, images: 500, seed: 1, pictures: 'few' });
      const stash = await startSimulator({ database });
      try {
        const from = { from: stash.url, name: 'main', via: 'auto', pictures: 'all' } as const;
        output.line(`   It listens at ${stash.url}.`);
        output.line('\n2. Bring it over:  stowage migrate --from URL');
        const migrated = await migrate.run(inDemo, from);
        output.line('\n3. Prove it, by another road:  stowage verify --from URL');
        const verified = await verify.run(inDemo, from);
        output.line(`\n${whatNext(keep ? data : undefined)}`);
        return {
          complete: migrated.complete && verified.complete,
          summary: { migrated: migrated.summary, verified: verified.summary },
        };
      } finally {
        await stash.close();
      }
    } finally {
      if (keep) await rm(database, { force: true });
      else await rm(folder, { recursive: true, force: true });
    }
  },
};

function whatNext(kept: string | undefined): string {
  const own = `Your own Stash:
  npx stowage doctor  --from http://stash:9999     looks before anything is done
  npx stowage migrate --from http://stash:9999
  npx stowage verify  --from http://stash:9999`;
  if (kept === undefined) return `${own}\n\nNothing of this demo is left (with --keep, it is).`;
  return `${own}

The demo's library is kept:
  npx stowage export --data ${kept} --as main --out exported
  rm -r ${kept}     when you have seen enough`;
}
