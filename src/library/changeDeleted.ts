import type { ClientBase } from 'pg';
import type { LibraryId } from '../model/held.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import { batchesOf, type Edit, updateRecords } from './changeRecords.ts';
import { heldFields, heldRecords } from './heldRecords.ts';
import { recordDone } from './journal.ts';
import { ownerColumn, type StoredField, storedFields, tableOf } from './layout.ts';
import { putBack } from './putBack.ts';

/** Kinds that are part of a record of another: deleted, and brought back, with it. */
const parts: { [K in Kind]?: { kind: Kind; field: string; column: string } } = {
  scene: { kind: 'marker', field: 'scene', column: 'cargo_id' },
  gallery: { kind: 'chapter', field: 'gallery', column: 'gallery_id' },
};

/**
 * Marks records as deleted, with their parts, and takes them out of the relations of others. They keep all that they
 * held, and the journal tells where they were named: bringing a record back brings back everything.
 */
export async function deleteRecords(
  client: ClientBase,
  runId: number,
  kind: Kind,
  deletions: readonly Omit<Edit, 'values'>[],
): Promise<void> {
  for (const batch of batchesOf(deletions)) {
    const marked = await mark(client, runId, kind, batch);
    const part = parts[kind];
    if (part) {
      const { rows } = await client.query<{ id: LibraryId }>(
        `SELECT id FROM qar.${tableOf(part.kind)} WHERE ${part.column} = ANY ($1::uuid[]) AND deleted_at IS NULL
          ORDER BY id FOR NO KEY UPDATE`,
        [marked],
      );
      const why = `its ${kind} was deleted`;
      await deleteRecords(
        client,
        runId,
        part.kind,
        rows.map(({ id }) => ({ id, why })),
      );
    }
    for (const owner of kindNames) {
      for (const field of storedFields[owner]) {
        if (field.target !== kind || (part?.kind === owner && part.field === field.name)) continue;
        // Facts stay: by its files a scene is known again that was cleaned and scanned anew.
        if (field.fact) continue;
        await takeOut(client, runId, owner, field, marked);
      }
    }
  }
}

/** Marks those that are not marked yet, and returns them. */
async function mark(
  client: ClientBase,
  runId: number,
  kind: Kind,
  deletions: readonly Omit<Edit, 'values'>[],
): Promise<LibraryId[]> {
  const held = await heldRecords(
    client,
    kind,
    deletions.map(({ id }) => id),
  );
  const due = deletions.filter(({ id }) => held.get(id)?.deletedAt === null);
  const ids = due.map(({ id }) => id);
  await client.query(
    `UPDATE qar.${tableOf(kind)} SET deleted_at = now() WHERE id = ANY ($1::uuid[])`,
    [ids],
  );
  await recordDone(
    client,
    runId,
    due.map(({ id, remoteId, why }) => ({
      kind,
      libraryId: id,
      remoteId,
      action: 'delete',
      before: held.get(id)?.values,
      why,
    })),
  );
  return ids;
}

/** Takes deleted records out of a relation of others. */
async function takeOut(
  client: ClientBase,
  runId: number,
  kind: Kind,
  field: StoredField,
  deleted: readonly LibraryId[],
): Promise<void> {
  const { storage, target } = field;
  const naming =
    storage.in === 'column'
      ? `SELECT id FROM qar.${tableOf(kind)} WHERE ${storage.column} = ANY ($1::uuid[])`
      : `SELECT ${ownerColumn[kind]} FROM qar.${storage.table} WHERE ${(storage as { target: string }).target} = ANY ($1::uuid[])`;
  const { rows } = await client.query<{ id: LibraryId }>(
    `SELECT id FROM qar.${tableOf(kind)} WHERE id IN (${naming}) ORDER BY id FOR NO KEY UPDATE`,
    [deleted],
  );
  const gone = new Set(deleted);
  for (const batch of batchesOf(rows)) {
    const held = await heldFields(
      client,
      kind,
      batch.map(({ id }) => id),
      [field],
    );
    const edits = [...held.values()].map(({ id, values }) => ({
      id,
      values: { [field.name]: without(values[field.name], gone) },
      why: `a ${target} that it named was deleted`,
    }));
    await updateRecords(client, runId, kind, edits, () => true);
  }
}

/** A value that names records, without some of them. */
function without(value: unknown, gone: ReadonlySet<LibraryId>): unknown {
  if (Array.isArray(value)) return value.filter((id) => !gone.has(id));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).filter(([id]) => !gone.has(id)));
  }
  return null;
}

/** Takes the mark off, and off the parts that were deleted together with the record; it is named again where it was. */
export async function restoreRecords(
  client: ClientBase,
  runId: number,
  kind: Kind,
  restorations: readonly Omit<Edit, 'values'>[],
): Promise<void> {
  for (const batch of batchesOf(restorations)) {
    const ids = batch.map(({ id }) => id);
    const part = parts[kind];
    if (part) {
      const { rows } = await client.query<{ id: LibraryId }>(
        `SELECT p.id FROM qar.${tableOf(part.kind)} p JOIN qar.${tableOf(kind)} r ON r.id = p.${part.column}
          WHERE r.id = ANY ($1::uuid[]) AND p.deleted_at = r.deleted_at ORDER BY p.id FOR NO KEY UPDATE`,
        [ids],
      );
      const why = `its ${kind} was restored`;
      await restoreRecords(
        client,
        runId,
        part.kind,
        rows.map(({ id }) => ({ id, why })),
      );
    }
    const { rows } = await client.query<{ id: LibraryId }>(
      `UPDATE qar.${tableOf(kind)} SET deleted_at = NULL WHERE id = ANY ($1::uuid[]) AND deleted_at IS NOT NULL
       RETURNING id`,
      [ids],
    );
    const restored = new Set(rows.map(({ id }) => id));
    await recordDone(
      client,
      runId,
      batch
        .filter(({ id }) => restored.has(id))
        .map(({ id, remoteId, why }) => ({
          kind,
          libraryId: id,
          remoteId,
          action: 'restore',
          why,
        })),
    );
    await putBack(client, runId, kind, [...restored]);
  }
}
