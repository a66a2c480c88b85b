import { open, rename, rm } from 'node:fs/promises';
import { isSettled } from '../library/waiting.ts';
import { PlanFile } from '../sync/planFile.ts';
import { planSource } from '../sync/sync.ts';
import { type CommandDefinition, libraryOptions } from './command.ts';
import { type KnownSourceOptions, knownSourceOptions, reachKnown } from './knownSource.ts';
import { lockForWriting, lookingAtLibrary, namedSource } from './library.ts';
import { openSource } from './opening.ts';
import { tellCounts, tellItems } from './planTable.ts';
import { type ReadingOptions, readingOptions } from './reading.ts';
import { isUncertain, mirrorOf, type SyncOptions, syncingOf, syncOptions } from './syncing.ts';
import { tellHeld, tellLinked, tellWaiting } from './tellSynced.ts';

interface Options extends KnownSourceOptions, ReadingOptions, SyncOptions {
  out: string;
}

/** `stowage plan --out FILE`: what a sync would do, kept in a file that `stowage apply` carries out. */
export const plan: CommandDefinition<Options> = {
  configure: (command) =>
    syncOptions(readingOptions(knownSourceOptions(libraryOptions(command)))).requiredOption(
      '--out <file>',
      'where to write the plan',
    ),
  run: (context, options) =>
    lookingAtLibrary(context, async (client) => {
      const { output } = context;
      await lockForWriting(client);
      const known = await reachKnown(client, options, context);
      const { name, reached } = known;
      const source = known.source ?? (await namedSource(client, name));
      const mirror = await mirrorOf(context, client, known, { isLookedAt: true });
      const { via, blobs, out } = options;
      const compare = options.full || isUncertain(source) ? ('full' as const) : ('quick' as const);
      const reading = { via, blobs, mirror, compare };
      await using opened = await openSource(reached, reading, { again: true }, context);
      using syncing = syncingOf(context, client, opened, source, options);
      // Under another name until it is whole, and for nobody else: it holds what the library holds.
      const half = `${out}.part`;
      await rm(half, { force: true });
      await (await open(half, 'wx', 0o600)).close();
      const planned = PlanFile.make(half);
      try {
        const head = await planSource(syncing, planned);
        await tellItems(output, client, planned, name);
        const counts = planned.counts();
        tellLinked(output, planned.linked());
        tellCounts(output, counts, name);
        for (const warning of head.warnings) output.warning(warning);
        tellHeld(output, head.held);
        const { conflicts: asks, changes } = planned;
        const did = changes === 0 ? 'nothing' : 'something';
        const waiting = await tellWaiting(context, client, source, did, planned);
        planned.close();
        await rename(half, out);
        output.line(`\`stowage apply ${out}\` carries it out.`);
        const { held } = head;
        return {
          complete: isSettled(waiting) && asks + Object.keys(held).length === 0,
          summary: { counts, held, ...waiting, asks, out },
        };
      } catch (error) {
        planned.close();
        await rm(half, { force: true });
        throw error;
      }
    }),
};
