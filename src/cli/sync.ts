import { changeSource, type Source, unaddedSource } from '../library/sources.ts';
import { isSettled, waitingOf } from '../library/waiting.ts';
import { PlanFile } from '../sync/planFile.ts';
import { planSource, syncSource } from '../sync/sync.ts';
import {
  type CommandContext,
  type CommandDefinition,
  libraryOptions,
  type Outcome,
} from './command.ts';
import { several } from './counting.ts';
import {
  isElsewhere,
  type KnownSourceOptions,
  knownSourceOptions,
  offerName,
  reachedAt,
  reachKnown,
} from './knownSource.ts';
import { lockForWriting, lookingAtLibrary, withLibrary } from './library.ts';
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
    const { dryRun: isLookedAt = false } = options;
    const run = isLookedAt ? lookingAtLibrary : withLibrary;
    return run(context, async (client) => {
      await lockForWriting(client);
      const meant = await reachKnown(client, options, context);
      const { name, source: known, reached } = meant;
      // What is elsewhere may be another Stash, which has no place in this one's mirror.
      const isElse = known !== undefined && isElsewhere(known, reached.access);
      const { via, blobs } = options;
      const mirror = isElse ? undefined : await mirrorOf(context, client, meant, { isLookedAt });
      const full = options.full || isDue(known) || isUncertain(known);
      const compare = full ? 'full' : 'quick';
      await using opened = await openSource(
        reached,
        { via, blobs, mirror, compare },
        { again: true },
        context,
      );
      const { profile } = opened.reading;
      const source = isLookedAt
        ? (known ?? unaddedSource({ name, profile, pictures: 'all' }))
        : await sourceNamed(client, name, opened);
      using syncing = syncingOf(context, client, opened, source, { ...options, full });
      const sayName = offerName(source, reached.access);
      if (isLookedAt) {
        const outcome = await dryRun(context, source, syncing).catch(sayName);
        return { ...outcome, complete: tellUntold(context, opened) && outcome.complete };
      }
      const at = reachedAt(client, source, reached.access, context);
      const synced = await syncSource({ ...syncing, ...at }).catch(sayName);
      if (full) {
        await changeSource(client, source.id, { comparedInFullAt: new Date() });
      }
      const { came, missing } = await bringPictures(context, client, opened, source, {
        which: source.pictures,
        look: options.full ? 'bytes' : full ? 'changed' : 'token',
        learns: synced.runId !== null,
      });
      const complete = tellUnknown(context, opened) && tellUntold(context, opened);
      const outcome = await tellSynced(context, client, source, synced);
      if (came > 0)
        context.output.line(`${several(came, 'picture was', 'pictures were')} brought.`);
      const did = isNothing(synced) && came + missing === 0 ? 'nothing' : 'something';
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
