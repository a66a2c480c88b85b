import type { ClientBase } from 'pg';
import { labelsOf } from '../library/labels.ts';
import type { Source } from '../library/sources.ts';
import { isInStep, type Waiting, waitingOf } from '../library/waiting.ts';
import { counted } from '../model/counted.ts';
import type { Kind } from '../model/kinds.ts';
import { plural } from '../model/vocabulary.ts';
import type { Failure } from '../sync/applyThere.ts';
import type { PlanFile } from '../sync/planFile.ts';
import type { Synced } from '../sync/sync.ts';
import type { CommandContext, Outcome } from './command.ts';
import { several } from './counting.ts';
import { differingLines } from './differingLines.ts';
import { goneFromFolder, missingOf } from './missing.ts';
import type { Output } from './output.ts';
import { tellCounts } from './planTable.ts';
import { partOf } from './tellRefused.ts';

/**
 * What is left when a sync has nothing to do, or has done it: what waits for a person, and what differs nevertheless; of one
 * that is only planned, also what that would leave.
 */
export async function tellWaiting(
  context: CommandContext,
  client: ClientBase,
  source: Source,
  did: 'nothing' | 'something' = 'something',
  planned?: PlanFile,
): Promise<Waiting> {
  const { output } = context;
  const leaving = planned?.leaving() ?? { absent: 0, differing: [] };
  const waiting = await waitingOf(client, source);
  const { conflicts, suggestions, absent, unsent, refused, leftOut, differing } = waiting;
  const missing = (await missingOf(client, source)) + (await goneFromFolder(context, client));
  const isUnsent = unsent > 0 && !source.writes;
  if (did === 'nothing') {
    const left = leaving.absent + leaving.differing.length + missing;
    const isAll = isInStep(waiting) && left === 0;
    output.line(isAll ? 'Nothing to do: both sides are in step.' : 'Nothing to do.');
  }
  if (absent > 0) {
    output.line(
      `${several(absent, 'record is', 'records are')} gone from ${source.name}, and kept here: \`stowage status\`.`,
    );
  }
  if (leaving.absent > 0) {
    output.line(
      `${several(leaving.absent, 'record is', 'records are')} gone from ${source.name}, and would be kept here.`,
    );
  }
  for (const line of differingLines(differing, source)) output.line(line);
  for (const line of differingLines(leaving.differing, source)) output.line(line);
  if (isUnsent) {
    output.line(
      `${several(unsent, 'record edited here waits', 'records edited here wait')}: nothing is written to ${source.name} before \`stowage sources set ${source.name} writes=on\`.`,
    );
  }
  if (missing > 0) {
    output.warning(
      `${several(missing, 'picture is', 'pictures are')} missing here: \`stowage status\`.`,
    );
  }
  if (conflicts > 0) {
    output.warning(
      `${several(conflicts, 'conflict waits', 'conflicts wait')}: \`stowage conflicts\`.`,
    );
  }
  if (refused > 0) {
    output.warning(
      `${several(refused, 'record', 'records')} made here, ${source.name} has refused: \`stowage status\`.`,
    );
  }
  if (leftOut > 0) {
    output.line(
      `${several(leftOut, 'part of a record stays', 'parts of records stay')} here, as ${source.name} does not take ${leftOut === 1 ? 'it' : 'them'}: \`stowage status\`.`,
    );
  }
  if (suggestions > 0) {
    output.warning(
      `${several(suggestions, 'record', 'records')} may be another: \`stowage matches\`.`,
    );
  }
  return waiting;
}

/** Nothing that a person would call a change: at most it was written down that both sides are the same. */
export const isNothing = ({ changes, conflicts, linked, held, failures }: Synced): boolean =>
  [changes, failures, Object.keys(linked), Object.keys(held)].every(({ length }) => length === 0) &&
  conflicts === 0;

/** Says what a sync did, and what it leaves to the person. */
export async function tellSynced(
  { output }: CommandContext,
  client: ClientBase,
  source: Source,
  synced: Synced,
): Promise<Outcome> {
  const { changes, linked, held, warnings, stale, failures } = synced;
  tellLinked(output, linked);
  tellCounts(output, changes, source.name);
  for (const warning of warnings) output.warning(warning);
  tellHeld(output, held);
  if (stale.length > 0)
    output.warning(`${stale.length} records were edited meanwhile: sync again.`);
  await tellFailures(output, client, failures);
  return {
    complete: Object.keys(held).length + failures.length + stale.length === 0,
    summary: {
      counts: changes,
      linked,
      held,
      failures: failures.length,
      stale: stale.length,
      run: synced.runId,
    },
  };
}

/** What the source did not take, or not wholly. */
export async function tellFailures(
  output: Output,
  client: ClientBase,
  failures: readonly Failure[],
): Promise<void> {
  for (const [kind, some] of Map.groupBy(failures, (failure) => failure.kind)) {
    const names = await labelsOf(
      client,
      kind,
      some.map(({ libraryId }) => libraryId),
    );
    for (const { remoteId: id, libraryId, error, left } of some) {
      const name = names.get(libraryId) || libraryId;
      if (left) {
        const why = `${partOf(left)}stays here: ${left.why}`;
        output.trouble({ kind, id, name, field: left.field, why });
        continue;
      }
      const why = error.code === 'source.refused' ? 'the source refused it: ' : '';
      output.trouble({ kind, id, name, field: null, why: `${why}${error.message}` });
    }
  }
}

/** What of a source the library has already. */
export function tellLinked(output: Output, linked: Synced['linked']): void {
  if (Object.keys(linked).length === 0) return;
  output.line(`Found in the library, and linked: ${counted(linked)}.`);
}

/** What is not deleted before the person says so, and how that is said. */
export function tellHeld(output: Output, held: Synced['held']): void {
  const counts = Object.entries(held);
  if (counts.length === 0) return;
  const kinds = counts.map(
    ([kind, count]) => `${count} ${plural[kind as Kind].replaceAll('_', ' ')}`,
  );
  const holds = counts.reduce((sum, [, count]) => sum + count, 0);
  output.warning(
    `Held back: ${kinds.join(', ')} would be deleted. If that is right, say --allow-deletions ${holds}.`,
  );
}
