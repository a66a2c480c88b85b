import type { ClientBase } from 'pg';
import type { LibraryId } from '../model/held.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import { batchesOf, type Edit, updateRecords } from './changeRecords.ts';
import { heldFields, heldRecords } from './heldRecords.ts';
import { recordDone } from './journal.ts';
import { kindOfNumber, ownerColumn, type StoredField, storedFields, tableOf } from './layout.ts';

/** Kinds that are part of a record of another: deleted, and brought back, with it. */
const parts: { [K in Kind]?: { kind: Kind; field: string; column: string } } = {
  scene: { kind: 'marker', field: 'scene', column: 'cargo_id' },
  gallery: { kind: 'chapter', field: 'gallery', column: 'gallery_id' },
};

/**
 * Marks records as deleted, with their parts, and takes them out of the relations of others. They keep all that they
 * held, so that bringing back the record and the others' values brings back everything.
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
      why: whyTakenOut(target as Kind),
    }));
    await updateRecords(client, runId, kind, edits, () => true);
  }
}

const whyTakenOut = (kind: Kind) => `a ${kind} that it named was deleted`;

/** A value that names records, without some of them. */
function without(value: unknown, gone: ReadonlySet<LibraryId>): unknown {
  if (Array.isArray(value)) return value.filter((id) => !gone.has(id));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).filter(([id]) => !gone.has(id)));
  }
  return null;
}

/** What goes when its file does, and comes back with it: nobody has taken it out of a gallery. */
const withFiles: ReadonlySet<Kind> = new Set(['scene', 'image', 'gallery']);

/**
 * Puts records that are back where they were when they were deleted, as the journal tells it; of a place that another
 * has by now (a cover) nothing.
 */
async function putBack(
  client: ClientBase,
  runId: number,
  kind: Kind,
  restored: ReadonlySet<LibraryId>,
): Promise<void> {
  const { rows } = await client.query<{
    owner: number;
    id: LibraryId;
    field: string;
    before: unknown;
  }>(
    `SELECT c.kind AS owner, c.library_id AS id, c.field, c.before FROM stowage.run_changes c
      WHERE c.run_id IN (SELECT DISTINCT ON (d.library_id) d.run_id FROM stowage.run_changes d
          WHERE d.library_id = ANY ($1::uuid[]) AND d.side = 'library' AND d.action = 'delete'
          ORDER BY d.library_id, d.id DESC)
        AND c.side = 'library' AND c.action = 'update' AND c.why = $2 ORDER BY c.id`,
    [[...restored], whyTakenOut(kind)],
  );
  for (const [number, lines] of Map.groupBy(rows, ({ owner }) => owner)) {
    const owner = kindOfNumber.get(number) as Kind;
    const held = await heldRecords(client, owner, [...new Set(lines.map(({ id }) => id))]);
    const edits = new Map<LibraryId, Edit>();
    for (const { id, field, before } of lines) {
      const record = held.get(id);
      if (!record) continue;
      const edit = edits.get(id) ?? { id, values: {}, why: `a ${kind} that it named is back` };
      const now = edit.values[field] ?? record.values[field];
      const then = withAgain(now, before, restored);
      if (then !== now) edits.set(id, { ...edit, values: { ...edit.values, [field]: then } });
    }
    await updateRecords(client, runId, owner, [...edits.values()], () => true);
    // Their sources have not heard of it, though it may have been one of them that brought the record back.
    await client.query(
      'UPDATE stowage.links SET edited = true WHERE library_id = ANY ($1::uuid[]) AND NOT edited',
      [[...edits.keys()]],
    );
  }
}

/** A value with what it named before and is back; as it is where there is none. */
function withAgain(now: unknown, before: unknown, back: ReadonlySet<LibraryId>): unknown {
  if (Array.isArray(now) && Array.isArray(before)) {
    const again = before.filter((id) => back.has(id) && !now.includes(id));
    return again.length > 0 ? [...now, ...again].sort() : now;
  }
  return now === null && back.has(before as LibraryId) ? before : now;
}

/** Takes the mark off, and off the parts that were deleted together with the record. */
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
    if (withFiles.has(kind) && restored.size > 0) await putBack(client, runId, kind, restored);
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
  }
}
