import type { Source } from '../library/sources.ts';
import type { Synced } from '../sync/sync.ts';
import type { CommandContext, Outcome } from './command.ts';
import { tellCounts } from './planTable.ts';

/** Says what a sync did, and what it leaves to the person. */
export function tellSynced({ output }: CommandContext, source: Source, synced: Synced): Outcome {
  const { changes, conflicts, held, warnings, stale, failures } = synced;
  tellCounts(output, changes, source.name);
  for (const warning of warnings) output.warning(warning);
  const holds = Object.values(held).reduce((sum, count) => sum + count, 0);
  if (holds > 0) {
    const kinds = Object.entries(held).map(([kind, count]) => `${count} ${kind}`);
    output.warning(
      `Held back: ${kinds.join(', ')} would be deleted. Look with --dry-run; then say --allow-deletions ${holds}.`,
    );
  }
  if (conflicts > 0) output.warning(`${conflicts} conflicts wait: \`stowage conflicts list\`.`);
  if (stale.length > 0)
    output.warning(`${stale.length} records were edited meanwhile: sync again.`);
  for (const { kind, remoteId, error } of failures) {
    output.trouble({
      kind,
      id: remoteId ?? 0,
      field: null,
      why: `the source refused it: ${error.message}`,
    });
  }
  return {
    complete: holds === 0 && failures.length === 0,
    summary: {
      counts: changes,
      conflicts,
      held,
      failures: failures.length,
      stale: stale.length,
      run: synced.runId,
    },
  };
}
