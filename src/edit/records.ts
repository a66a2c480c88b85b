import type { ClientBase } from 'pg';
import { applyChanges, type LibraryChange } from '../library/change.ts';
import { foldedAmong } from '../library/folds.ts';
import { heldRecords } from '../library/heldRecords.ts';
import { newLibraryId } from '../library/ids.ts';
import { type JournalLine, runChanges } from '../library/journal.ts';
import { kindNumber, kindOfNumber, storedFields } from '../library/layout.ts';
import { countChanged } from '../library/runRecords.ts';
import { beginRun, finishRun } from '../library/runs.ts';
import { StowageError } from '../model/errors.ts';
import type { HeldRecord, LibraryId, Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { foldInto } from '../sync/foldInto.ts';
import { checkValues, neededFor } from './checks.ts';
import { refuseLoop } from './loops.ts';
import { refuseTakenName } from './takenNames.ts';

/*
 * What a person does to records of the library, each time as a run of its own: wholly or not at all, journalled field
 * by field, and told to the sources by their next sync. The library is locked for writing by whoever calls.
 */

type Counts = { [K in Kind]?: number };

/** What came of it. */
export interface Edited {
  id: LibraryId;
  /** Null where everything was that way already: nothing was written. */
  runId: number | null;
  /** What changed in the record itself. */
  changes: JournalLine[];
  /** Records that name it, and had it put in or taken out: how many of each kind. */
  naming: Counts;
  /** Records of other kinds that are part of it, and went or came with it. */
  parts: Counts;
}

/** A record that is to be changed, as it is now. @throws StowageError `usage` where it is not there. */
export async function recordOf(client: ClientBase, kind: Kind, id: LibraryId): Promise<HeldRecord> {
  const record = (await heldRecords(client, kind, [id])).get(id);
  if (record) return record;
  throw new StowageError('usage', `The library has no such ${kind}.`, { item: id });
}

/** Gives a record other values. Decided on `held`: one that was changed meanwhile is left alone. */
export async function editRecord(
  client: ClientBase,
  kind: Kind,
  held: HeldRecord,
  values: Values,
): Promise<Edited> {
  const { id, revision } = held;
  await checkWith(client, kind, id, values, held.values);
  return change(client, 'edit', { kind, id, action: 'update', values, revision });
}

export async function createRecord(
  client: ClientBase,
  kind: Kind,
  values: Values,
): Promise<Edited> {
  const needed = neededFor[kind];
  if (!needed) {
    throw new StowageError('usage', `A ${kind} cannot be made: it comes with its file.`, {
      remedy: 'Let a Stash scan the file; the next sync brings it.',
    });
  }
  const missing = needed.filter((name) => values[name] === undefined);
  if (missing.length > 0) {
    throw new StowageError('usage', `A new ${kind} needs its ${missing.join(', ')}.`, {
      remedy: `Add ${missing.map((name) => `${name}=…`).join(' ')}.`,
    });
  }
  const id = newLibraryId(kind);
  await checkWith(client, kind, id, values, emptyValues(kind));
  return change(client, 'create', { kind, id, action: 'create', values });
}

/** Marks a record as deleted, with what is part of it, and takes it out of others. */
export async function deleteRecord(client: ClientBase, kind: Kind, id: LibraryId): Promise<Edited> {
  if (kind === 'file') {
    throw new StowageError(
      'usage',
      'A file cannot be deleted here: its sources tell what is on their disks.',
    );
  }
  if (kind === 'tag') await refusePrimary(client, id);
  return change(client, 'delete', { kind, id, action: 'delete', values: {} });
}

/** Brings a deleted record back, with what was deleted as a part of it. */
export async function restoreRecord(
  client: ClientBase,
  kind: Kind,
  id: LibraryId,
): Promise<Edited> {
  const { values } = await recordOf(client, kind, id);
  const into = (await foldedAmong(client, [id])).get(id);
  if (into !== undefined) {
    throw new StowageError('usage', `That ${kind} is a part of another now: ${into}.`, {
      item: id,
      remedy: '`stowage undo` takes back the run that merged them.',
    });
  }
  await refuseWithoutOwner(client, kind, values);
  await refuseTakenName(client, kind, id, values);
  return change(client, 'restore', { kind, id, action: 'restore', values: {} });
}

/** Makes others part of a record: it gains what only they have, and whatever names them names it. */
export async function mergeRecords(
  client: ClientBase,
  kind: Kind,
  into: LibraryId,
  others: readonly LibraryId[],
): Promise<Edited> {
  if (kind === 'file' || kind === 'savedFilter') {
    throw new StowageError('usage', `Records of kind ${kind} cannot be merged.`);
  }
  if (others.includes(into)) {
    throw new StowageError('usage', `A ${kind} cannot become part of itself.`, { item: into });
  }
  return asRun(client, 'merge', kind, into, async (run) => {
    for (const other of new Set(others)) await foldInto(client, run, kind, into, other);
  });
}

async function checkWith(
  client: ClientBase,
  kind: Kind,
  id: LibraryId,
  values: Values,
  before: Values,
): Promise<void> {
  checkValues(kind, values, before);
  await refuseTakenName(client, kind, id, values, before);
  await refuseLoop(client, kind, id, values);
}

/** What a record has that was given nothing. */
const emptyValues = (kind: Kind): Values =>
  Object.fromEntries(
    storedFields[kind].map(({ name, shape }) => [
      name,
      shape === 'text' ? '' : shape === 'refs' || shape === 'files' ? [] : null,
    ]),
  );

const change = (client: ClientBase, command: string, wanted: LibraryChange): Promise<Edited> =>
  asRun(client, command, wanted.kind, wanted.id, async (run) => {
    const stale = await applyChanges(client, run, [wanted]);
    if (stale.length === 0) return;
    throw new StowageError('library.busy', `That ${wanted.kind} was changed meanwhile.`, {
      item: wanted.id,
      remedy: 'Look at it, and do it again.',
    });
  });

async function asRun(
  client: ClientBase,
  command: string,
  kind: Kind,
  id: LibraryId,
  work: (run: { id: number }) => Promise<void>,
): Promise<Edited> {
  await client.query('BEGIN');
  try {
    const runId = await beginRun(client, { command });
    await work({ id: runId });
    if (Object.keys(await countChanged(client, runId)).length === 0) {
      await client.query('ROLLBACK');
      return { id, runId: null, changes: [], naming: {}, parts: {} };
    }
    const changes = (await runChanges(client, runId, { libraryId: id })) ?? [];
    const others = await othersIn(client, runId, kind, id);
    await finishRun(client, runId, 'done', { [command]: 1 });
    await client.query('COMMIT');
    return { id, runId, changes, ...others };
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // the first error tells more
    throw error;
  }
}

/** What a run did to other records than the one that it is about, by kind. */
async function othersIn(
  client: ClientBase,
  runId: number,
  kind: Kind,
  id: LibraryId,
): Promise<Pick<Edited, 'naming' | 'parts'>> {
  const { rows } = await client.query<{ kind: number; naming: number; parts: number }>(
    `SELECT kind, count(DISTINCT library_id) FILTER (WHERE action = 'update')::int AS naming,
            count(DISTINCT library_id) FILTER (WHERE action IN ('delete', 'restore') AND kind <> $3)::int AS parts
       FROM stowage.run_changes WHERE run_id = $1 AND library_id <> $2 GROUP BY kind`,
    [runId, id, kindNumber[kind]],
  );
  const counts = (of: (row: (typeof rows)[number]) => number): Counts =>
    Object.fromEntries(
      rows.filter((row) => of(row) > 0).map((row) => [kindOfNumber.get(row.kind), of(row)]),
    );
  return { naming: counts(({ naming }) => naming), parts: counts(({ parts }) => parts) };
}

/** Stash does not let go of a tag by which markers are known, nor is a marker anything without. */
async function refusePrimary(client: ClientBase, id: LibraryId): Promise<void> {
  const { rows } = await client.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM qar.markers WHERE primary_tag_id = $1 AND deleted_at IS NULL',
    [id],
  );
  const count = rows[0]?.count ?? 0;
  if (count === 0) return;
  throw new StowageError('usage', `That tag is the primary one of ${count} markers.`, {
    item: id,
    remedy:
      'Give them another with `stowage edit marker ID primaryTag=…`, or merge the tag into another.',
  });
}

/** A marker is part of a scene, a chapter of a gallery: it comes back with that. */
async function refuseWithoutOwner(client: ClientBase, kind: Kind, values: Values): Promise<void> {
  const owner = kind === 'marker' ? 'scene' : kind === 'chapter' ? 'gallery' : undefined;
  if (owner === undefined) return;
  const id = values[owner] as LibraryId | null;
  const whole = id === null ? undefined : (await heldRecords(client, owner, [id])).get(id);
  if (whole && whole.deletedAt === null) return;
  throw new StowageError('usage', `The ${owner} of that ${kind} is not there any more.`, {
    ...(id !== null && { item: id }),
    remedy: `\`stowage restore ${owner} …\` brings both back.`,
  });
}
