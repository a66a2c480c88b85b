import type { ClientBase } from 'pg';
import { labelsOf } from '../library/labels.ts';
import { setMirrorToken } from '../library/outside.ts';
import { beginRehearsal } from '../library/rehearsal.ts';
import { countChanged } from '../library/runRecords.ts';
import { beginRun, finishRun, type Run } from '../library/runs.ts';
import type { Source } from '../library/sources.ts';
import { boxesOf } from '../library/stashBoxes.ts';
import { StowageError } from '../model/errors.ts';
import { applyThere, type Failure } from '../sync/applyThere.ts';
import { PlanFile } from '../sync/planFile.ts';
import type { Syncing } from '../sync/sync.ts';
import { planUndoThere } from '../sync/undo/planThere.ts';
import { type Kept, undoHere } from '../sync/undo/undoHere.ts';
import { askAbout, askAboutWritten } from '../sync/undo/waiting.ts';
import {
  atLeast,
  type CommandContext,
  type CommandDefinition,
  libraryOptions,
  type Outcome,
} from './command.ts';
import { several } from './counting.ts';
import { type KnownSourceOptions, knownSourceOptions, reachKnown } from './knownSource.ts';
import { lockForWriting, namedSource, withLibrary } from './library.ts';
import { openSource } from './opening.ts';
import type { Output } from './output.ts';
import { tellItems } from './planTable.ts';
import { tellLines } from './runs/lines.ts';
import { namedRun } from './runs/show.ts';
import { mirrorOf, syncingOf } from './syncing.ts';
import { tellFailures } from './tellSynced.ts';

interface Options extends KnownSourceOptions {
  id: number;
  on: string;
  dryRun?: boolean;
}

/** `stowage undo 12`: takes back what a run did, where nobody changed it since. */
export const undo: CommandDefinition<Options> = {
  configure: (command) =>
    knownSourceOptions(libraryOptions(command))
      .argument('<id>', 'the number of the run: `stowage runs` lists them', atLeast(1))
      .option(
        '--on <side>',
        "library: only in the library; the source's name: also there, what it brought from there or wrote there; both: what it wrote there also in the library",
        'library',
      )
      .option('--dry-run', 'show what would be taken back, and do nothing'),
  run: (context, options) =>
    withLibrary(context, async (client) => {
      await lockForWriting(client);
      const undone = await namedRun(client, options.id);
      refuseImport(undone);
      if (options.on === 'library') return takeBack(context, client, undone, options, undefined);
      const named = options.on === 'both' || options.on === 'stash' ? undone.source : options.on;
      const name = options.name ?? named ?? undefined;
      if (named !== null) await namedSource(client, named);
      const of = { ...options, ...(name !== undefined && { name }) };
      const known = await reachKnown(client, of, context);
      const source = known.source ?? (await namedSource(client, known.name));
      const { dryRun = false } = options;
      if (!source.writes && !dryRun) refuseReadOnly(source);
      const mirror = await mirrorOf(context, client, known, { isLookedAt: dryRun });
      const reading = { via: 'auto' as const, mirror };
      await using opened = await openSource(known.reached, reading, { again: true }, context);
      using syncing = syncingOf(context, client, opened, source, {});
      return await takeBack(context, client, undone, options, syncing);
    }),
};

/** In the library, in one transaction; then at the source, if that is wanted. */
async function takeBack(
  { output }: CommandContext,
  client: ClientBase,
  undone: Run,
  { on, dryRun = false }: Options,
  syncing: Syncing | undefined,
): Promise<Outcome> {
  const plan = PlanFile.make();
  try {
    const reading = await syncing?.read();
    const sourceId = syncing?.source.id;
    await (dryRun ? beginRehearsal(client) : client.query('BEGIN'));
    const run = {
      id: await beginRun(client, {
        command: 'undo',
        undoes: undone.id,
        ...(sourceId !== undefined && { sourceId }),
      }),
    };
    const kept = await undoHere(client, undone.id, run, { writtenToo: on === 'both' });
    if (syncing && reading) {
      kept.push(
        ...(await planUndoThere(
          {
            ...{ ...syncing, reading, plan, renumbered: false, now: Date.now() },
            boxes: await boxesOf(client, syncing.source),
          },
          undone.id,
        )),
      );
    }
    let asked = await askAbout(client, run, ({ id }) => id !== sourceId);
    let counts = await countChanged(client, run.id);
    const isNothing = Object.keys(counts).length === 0 && plan.changes === 0;
    if (dryRun || isNothing) {
      await tellLines(output, client, run.id);
      await tellItems(output, client, plan, syncing?.source.name ?? '', { onlyThere: true });
      await client.query('ROLLBACK');
      await tellKept(output, client, kept);
      const there = Object.keys(undone.counts).some((what) => what.startsWith('source '));
      output.line(isNothing ? 'Nothing to take back.' : 'Nothing was done: this is what would be.');
      if (isNothing && !syncing && there) {
        output.line(
          `\`stowage undo ${undone.id} --on ${undone.source}\` takes back what it changed in ${undone.source}.`,
        );
      }
      return told(null, counts, asked, kept, []);
    }
    // What it writes there was not read again.
    if (syncing) await setMirrorToken(client, syncing.source, null);
    await client.query('COMMIT');
    let failures: Failure[] = [];
    if (syncing) {
      ({ failures } = await applyThere({
        ...syncing,
        plan,
        run: { id: run.id, sourceId: syncing.source.id },
        progress: syncing.stage('source', plan.sizeThere),
      }));
      asked += await askOf(client, run, syncing.source);
    }
    counts = await countChanged(client, run.id);
    await finishRun(client, run.id, 'done', counts);
    await tellLines(output, client, run.id);
    await tellKept(output, client, kept);
    await tellFailures(output, client, failures);
    output.line(`Taken back by run ${run.id}; \`stowage undo ${run.id}\` gives it back.`);
    if (asked > 0) {
      const fields = several(asked, 'field is', 'fields are');
      output.warning(`${fields} otherwise at a source: they wait in \`stowage conflicts\`.`);
      if (!syncing) {
        const there = undone.source ?? 'stash';
        output.line(`\`stowage undo ${undone.id} --on ${there}\` puts them back there, too.`);
      }
    }
    return told(run.id, counts, asked, kept, failures);
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // the first error tells more
    throw error;
  } finally {
    plan.close();
  }
}

async function askOf(client: ClientBase, run: { id: number }, source: Source): Promise<number> {
  await client.query('BEGIN');
  const asked =
    (await askAbout(client, run, ({ id }) => id === source.id)) +
    (await askAboutWritten(client, run, source));
  await client.query('COMMIT');
  return asked;
}

const told = (
  run: number | null,
  counts: Run['counts'],
  asked: number,
  kept: readonly Kept[],
  failures: readonly Failure[],
): Outcome => ({
  complete: kept.length + failures.length + asked === 0,
  summary: { run, counts, asked, kept: kept.length, failures: failures.length },
});

/** A first import has no journal: all that there is came with it. */
function refuseImport({ id, command }: Run): void {
  if (command !== 'migrate') return;
  throw new StowageError('usage', `Run ${id} is a first import: it cannot be taken back.`, {
    remedy: 'Delete the library, if it is not wanted: its data directory, or its database.',
  });
}

function refuseReadOnly({ name }: Source): never {
  throw new StowageError('usage', `Nothing is written to ${name}.`, {
    remedy: `Switch it on with \`stowage sources set ${name} writes=on\`, or see with --dry-run what would be.`,
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
