import { changeSource, type Source } from '../library/sources.ts';
import { isSettled, waitingOf } from '../library/waiting.ts';
import { PlanFile } from '../sync/planFile.ts';
import { planSource, syncSource } from '../sync/sync.ts';
import {
  type CommandContext,
  type CommandDefinition,
  libraryOptions,
  type Outcome,
} from './command.ts';
import {
  isElsewhere,
  type KnownSourceOptions,
  knownSourceOptions,
  offerName,
  reachedAt,
  reachKnown,
} from './knownSource.ts';
import { lockForWriting, withLibrary } from './library.ts';
import { openSource, tellUnknown, tellUntold } from './opening.ts';
import { bringPictures } from './pictures.ts';
import { tellCounts, tellItems } from './planTable.ts';
import { type ReadingOptions, readingOptions } from './reading.ts';
import {
  isUncertain,
  mirrorOf,
  type SyncOptions,
  sourceNamed,
  syncingOf,
  syncOptions,
} from './syncing.ts';
import { isNothing, tellHeld, tellLinked, tellSynced, tellWaiting } from './tellSynced.ts';
import { tellUnsent } from './tellUnsent.ts';

interface Options extends KnownSourceOptions, ReadingOptions, SyncOptions {
  dryRun?: boolean;
}

/** `stowage sync`: brings the library and a source in step, in both directions. */
export const sync: CommandDefinition<Options> = {
  configure: (command) =>
    syncOptions(readingOptions(knownSourceOptions(libraryOptions(command)))).option(
      '--dry-run',
      'show what would be done, and do nothing',
    ),
  async run(context, options) {
    return withLibrary(context, async (client) => {
      await lockForWriting(client);
      const { name, source: known, reached } = await reachKnown(client, options, context);
      // What is elsewhere may be another Stash, which has no place in this one's mirror.
      const isHere = known === undefined || !isElsewhere(known, reached.access);
      const mirror = 'server' in reached && isHere ? await mirrorOf(context, name) : undefined;
      const { via, blobs } = options;
      const compare = options.full || isDue(known) || isUncertain(known) ? 'full' : 'quick';
      await using opened = await openSource(
        reached,
        { via, blobs, mirror, compare },
        { again: true },
        context,
      );
      const source = await sourceNamed(client, name, opened);
      using syncing = syncingOf(context, client, opened, source, options);
      const sayName = offerName(source, reached.access);
      if (options.dryRun) {
        const outcome = await dryRun(context, source, syncing).catch(sayName);
        return { ...outcome, complete: tellUntold(context, opened) && outcome.complete };
      }
      const at = reachedAt(client, source, reached.access, context);
      const synced = await syncSource({ ...syncing, ...at }).catch(sayName);
      if (compare === 'full') {
        await changeSource(client, source.id, { comparedInFullAt: new Date() });
      }
      const missing =
        synced.runId === null
          ? 0
          : await bringPictures(context, client, opened, source, source.pictures);
      const complete = tellUnknown(context, opened) && tellUntold(context, opened);
      const outcome = await tellSynced(context, client, source, synced);
      const did = isNothing(synced) ? 'nothing' : 'something';
      const waiting = await tellWaiting(context, client, source, did);
      return {
        complete: outcome.complete && complete && missing === 0 && isSettled(waiting),
        summary: { ...outcome.summary, ...waiting },
      };
    });
  },
};

/** Once a day everything is compared, whatever the digests say. */
const isDue = (source: Source | undefined): boolean =>
  !source?.comparedInFullAt || Date.now() - source.comparedInFullAt.getTime() > 24 * 60 * 60 * 1000;

async function dryRun(
  context: CommandContext,
  source: Source,
  syncing: ReturnType<typeof syncingOf>,
): Promise<Outcome> {
  const plan = PlanFile.make();
  try {
    const head = await planSource(syncing, plan);
    await tellItems(context.output, syncing.client, plan, source.name);
    tellLinked(context.output, plan.linked());
    tellCounts(context.output, plan.counts(), source.name);
    for (const warning of head.warnings) context.output.warning(warning);
    tellHeld(context.output, head.held);
    const { unsent } = await waitingOf(syncing.client, source);
    const waits =
      unsent > 0 && !source.writes
        ? await tellUnsent(
            context.output,
            { ...syncing, warn: () => {} },
            { some: `Once it may be written to, ${source.name} would also get:` },
          )
        : [];
    const waiting = await tellWaiting(
      context,
      syncing.client,
      source,
      plan.changes === 0 ? 'nothing' : 'something',
      plan,
    );
    const counts = plan.counts();
    const { held } = head;
    return {
      complete: isSettled(waiting) && plan.conflicts + Object.keys(held).length === 0,
      summary: { counts, held, ...waiting, asks: plan.conflicts, unsent: waits },
    };
  } finally {
    plan.close();
  }
}
