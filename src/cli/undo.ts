import type { ClientBase } from 'pg';
import { labelsOf } from '../library/labels.ts';
import { countChanged } from '../library/runRecords.ts';
import { beginRun, finishRun, type Run } from '../library/runs.ts';
import { StowageError } from '../model/errors.ts';
import { type Kept, undoHere } from '../sync/undo/undoHere.ts';
import { askAbout } from '../sync/undo/waiting.ts';
import {
  atLeast,
  type CommandContext,
  type CommandDefinition,
  libraryOptions,
  type Outcome,
} from './command.ts';
import { lockForWriting, withLibrary } from './library.ts';
import type { Output } from './output.ts';
import { tellLines } from './runs/lines.ts';
import { namedRun } from './runs/show.ts';

interface Options {
  id: number;
  dryRun?: boolean;
}

/** `stowage undo 12`: takes back what a run did, where nobody changed it since. */
export const undo: CommandDefinition<Options> = {
  configure: (command) =>
    libraryOptions(command)
      .argument('<id>', 'the number of the run: `stowage runs` lists them', atLeast(1))
      .option('--dry-run', 'show what would be taken back, and do nothing'),
  run: (context, options) =>
    withLibrary(context, async (client) => {
      await lockForWriting(client);
      const undone = await namedRun(client, options.id);
      refuseImport(undone);
      return undoInLibrary(context, client, undone, options.dryRun ?? false);
    }),
};

async function undoInLibrary(
  { output }: CommandContext,
  client: ClientBase,
  undone: Run,
  dryRun: boolean,
): Promise<Outcome> {
  await client.query('BEGIN');
  try {
    const run = { id: await beginRun(client, { command: 'undo', undoes: undone.id }) };
    const kept = await undoHere(client, undone.id, run);
    const asked = await askAbout(client, run);
    const counts = await countChanged(client, run.id);
    const isNothing = Object.keys(counts).length === 0;
    await finishRun(client, run.id, 'done', counts);
    await tellLines(output, client, run.id);
    if (dryRun || isNothing) await client.query('ROLLBACK');
    else await client.query('COMMIT');
    await tellKept(output, client, kept);
    if (isNothing) output.line('Nothing to take back.');
    else if (dryRun) output.line('Nothing was done: this is what would be.');
    else output.line(`Taken back by run ${run.id}; \`stowage undo ${run.id}\` does it again.`);
    if (asked > 0) output.warning(`${asked} fields are otherwise at a source: ${lookAtConflicts}`);
    return {
      complete: kept.length === 0,
      summary: { run: dryRun || isNothing ? null : run.id, counts, asked, kept: kept.length },
    };
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // the first error tells more
    throw error;
  }
}

const lookAtConflicts = 'they wait in `stowage conflicts`.';

/** A first import has no journal: all that there is came with it. */
function refuseImport({ id, command }: Run): void {
  if (command !== 'migrate') return;
  throw new StowageError('usage', `Run ${id} is a first import: it cannot be taken back.`, {
    remedy: 'Delete the library, if it is not wanted: its data directory, or its database.',
  });
}

/** Says what stays as it is, and why. */
async function tellKept(output: Output, client: ClientBase, kept: readonly Kept[]): Promise<void> {
  for (const [kind, some] of Map.groupBy(kept, (one) => one.kind)) {
    const labels = await labelsOf(
      client,
      kind,
      some.map(({ libraryId }) => libraryId),
    );
    for (const { libraryId, field, why } of some) {
      output.event('kept', { kind, libraryId, field, why });
      const name = labels.get(libraryId) || libraryId;
      output.warning(`Stays: ${kind} ${name}${field === null ? '' : `, ${field}`} ${why}.`);
    }
  }
}
