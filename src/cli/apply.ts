import { isSettled } from '../library/waiting.ts';
import { applyPlan, refuseStrange } from '../sync/sync.ts';
import { type CommandDefinition, libraryOptions } from './command.ts';
import { givenPlan } from './givenPlan.ts';
import { reachKnown } from './knownSource.ts';
import { lockForWriting, lookingAtLibrary, namedSource, withLibrary } from './library.ts';
import { openSource, tellUnknown } from './opening.ts';
import { bringPictures } from './pictures.ts';
import { tellCounts, tellItems } from './planTable.ts';
import { accessOptions, type SourceOptions } from './source.ts';
import { isUncertain, mirrorOf, syncingOf } from './syncing.ts';
import { tellHeld, tellLinked, tellSynced, tellWaiting } from './tellSynced.ts';

interface Options extends Omit<SourceOptions, 'from'> {
  file: string;
  from?: string;
  dryRun?: boolean;
}

/** `stowage apply FILE`: carries out just what a plan says, as far as it still holds. */
export const apply: CommandDefinition<Options> = {
  configure: (command) =>
    accessOptions(
      libraryOptions(command)
        .argument('<file>', 'the plan')
        .option('--from <address>', 'where the source is (default: where it was last reached)')
        .option('--dry-run', 'show what the plan says, and do nothing'),
    ),
  run: (context, options) =>
    (options.dryRun ? lookingAtLibrary : withLibrary)(context, async (client) => {
      const planned = await givenPlan(options.file);
      try {
        if (options.dryRun) {
          const { output } = context;
          const { source, held } = planned.head;
          await refuseStrange(client, await namedSource(client, source), planned);
          const counts = planned.counts();
          await tellItems(output, client, planned, source);
          tellLinked(output, planned.linked());
          tellCounts(output, counts, source);
          if (counts.length === 0) output.line('The plan changes nothing.');
          tellHeld(output, held);
          return { complete: true, summary: { counts, conflicts: planned.conflicts, held } };
        }
        await lockForWriting(client);
        const { source: name, road } = planned.head;
        const source = await namedSource(client, name);
        const known = await reachKnown(client, { ...options, name }, context);
        const { reached } = known;
        const reading =
          'server' in reached
            ? {
                via: road,
                mirror: await mirrorOf(context, client, known, { isLookedAt: false }),
                compare: isUncertain(source) ? ('full' as const) : ('quick' as const),
              }
            : { via: 'auto' as const };
        await using opened = await openSource(reached, reading, { again: true }, context);
        using syncing = syncingOf(context, client, opened, source, {});
        const synced = await applyPlan(syncing, planned);
        const { missing } = await bringPictures(context, client, opened, source, {
          which: source.pictures,
          look: 'token',
          learns: synced.runId !== null,
        });
        const isKnown = tellUnknown(context, opened);
        if (synced.runId === null) context.output.line('Nothing was done.');
        const { complete, summary } = await tellSynced(context, client, source, synced);
        const waiting = await tellWaiting(context, client, source);
        const { outdated } = synced;
        for (const { kind, libraryId, remoteId, why } of outdated) {
          context.output.event('outdated', { kind, libraryId, remoteId, why });
          context.output.warning(`Left alone: ${kind} ${remoteId ?? libraryId} ${why}.`);
        }
        const isDone = outdated.length + synced.stale.length + missing === 0;
        return {
          complete: complete && isKnown && isDone && isSettled(waiting),
          summary: { ...summary, ...waiting, outdated: outdated.length },
        };
      } finally {
        planned.close();
      }
    }),
};
