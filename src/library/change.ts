import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import { deleteRecords, restoreRecords } from './changeDeleted.ts';
import { insertRecords, relateRecords, updateRecords } from './changeRecords.ts';
import type { Exists } from './holdable.ts';
import { tableOf } from './layout.ts';
import { idsIn, isLibraryId, type NamedIds } from './translate.ts';

/** What is to be done with a record of the library. */
export interface LibraryChange {
  kind: Kind;
  id: LibraryId;
  action: 'create' | 'update' | 'delete' | 'restore';
  /** The fields' new values, in library ids: only those that change. */
  values: Values;
  /** Decided on this revision: a record that is at another by now is left alone. */
  revision?: number;
  /** For the journal: its number at the source that brought the change, and what the change is for. */
  remoteId?: Id;
  why?: string;
}

/**
 * The one path by which records are changed after a first import. In the caller's transaction; at most one change of
 * an action for a record. A line of the journal for each field, also for what follows from a deletion; a reference to
 * a record that is not there is left out, and the line says so. With a source the changes are its own, no news to it.
 *
 * @returns the changes that were left alone: of records that are not there, or at another revision; of new ones that
 * are there already.
 */
export async function applyChanges(
  client: ClientBase,
  run: { id: number; sourceId?: number },
  changes: readonly LibraryChange[],
): Promise<LibraryChange[]> {
  await client.query(
    `SELECT set_config('stowage.applying', $1, true), set_config('stowage.raising', 'off', true)`,
    [String(run.sourceId ?? '')],
  );
  const { fresh, stale } = await lock(client, changes);
  const of = (kind: Kind, action: LibraryChange['action']) =>
    fresh.filter((change) => change.kind === kind && change.action === action);
  const exists = await existing(client, fresh);
  // Rows first, of all kinds, then what relates them: so records may refer to each other in any order.
  for (const kind of kindNames)
    await insertRecords(client, run.id, kind, of(kind, 'create'), exists);
  for (const kind of kindNames) await restoreRecords(client, run.id, kind, of(kind, 'restore'));
  for (const kind of kindNames) {
    await relateRecords(client, kind, of(kind, 'create'), exists);
    const edits = [...of(kind, 'restore'), ...of(kind, 'update')];
    await updateRecords(client, run.id, kind, edits, exists);
  }
  for (const kind of kindNames) await deleteRecords(client, run.id, kind, of(kind, 'delete'));
  await client.query(`SELECT set_config('stowage.raising', 'on', true)`);
  return stale;
}

/** Holds the records as they are until the transaction ends. */
async function lock(
  client: ClientBase,
  changes: readonly LibraryChange[],
): Promise<{ fresh: LibraryChange[]; stale: LibraryChange[] }> {
  const revisions = new Map<LibraryId, number>();
  for (const kind of kindNames) {
    const ids = changes.filter((change) => change.kind === kind).map(({ id }) => id);
    if (ids.length === 0) continue;
    const { rows } = await client.query<{ id: LibraryId; revision: number }>(
      `SELECT id, revision FROM qar.${tableOf(kind)} WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`,
      [ids],
    );
    for (const { id, revision } of rows) revisions.set(id, revision);
  }
  const isFresh = ({ id, action, revision }: LibraryChange) => {
    const now = revisions.get(id);
    if (action === 'create') return now === undefined;
    return now !== undefined && (revision === undefined || revision === now);
  };
  return {
    fresh: changes.filter(isFresh),
    stale: changes.filter((change) => !isFresh(change)),
  };
}

/** Which of the records that the changes refer to are there, or will be. */
async function existing(client: ClientBase, changes: readonly LibraryChange[]): Promise<Exists> {
  const named: NamedIds = new Map();
  for (const { kind, values } of changes) idsIn(kind, values, named);
  const there = new Set<unknown>();
  for (const [kind, ids] of named) {
    const { rows } = await client.query<{ id: LibraryId }>(
      `SELECT id FROM qar.${tableOf(kind)} WHERE id = ANY ($1::uuid[]) AND deleted_at IS NULL`,
      [[...ids].filter(isLibraryId)],
    );
    for (const { id } of rows) there.add(`${kind} ${id}`);
  }
  for (const { kind, id, action } of changes) {
    if (action === 'create' || action === 'restore') there.add(`${kind} ${id}`);
  }
  return (kind, id) => there.has(`${kind} ${id}`);
}
