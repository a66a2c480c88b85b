import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { LibraryId, Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { sameValue } from '../model/records.ts';
import { emptyRelation } from './cells.ts';
import { insertRows, type RowChange, raiseRevisions, updateRows } from './changeRows.ts';
import { heldFields } from './heldRecords.ts';
import { type Exists, holdable } from './holdable.ts';
import { type NewLine, recordDone } from './journal.ts';
import { type StoredField, storedFields } from './layout.ts';
import { type RelationChange, writeRelation } from './relationRows.ts';

/** New values for a record that is locked. */
export interface Edit {
  id: LibraryId;
  values: Values;
  remoteId?: Id | undefined;
  why?: string | undefined;
}

/** So many records are read and written at a time. */
const batchSize = 500;

export function* batchesOf<T>(all: readonly T[]): Generator<T[]> {
  for (let at = 0; at < all.length; at += batchSize) yield all.slice(at, at + batchSize);
}

/** What names records of the same kind, in a column: some of them may be made only after this one. */
const namesItsKind = (kind: Kind, { storage, target }: StoredField): boolean =>
  storage.in === 'column' && target === kind;

/** Makes records without what relates them: what that refers to may not be there yet. */
export async function insertRecords(
  client: ClientBase,
  runId: number,
  kind: Kind,
  creations: readonly Edit[],
  exists: Exists,
): Promise<void> {
  for (const batch of batchesOf(creations)) {
    const rows: RowChange[] = [];
    const lines: NewLine[] = [];
    for (const { id, values, remoteId, why } of batch) {
      const held: Values = {};
      const after: Values = {};
      const whys = why === undefined ? [] : [why];
      for (const field of storedFields[kind]) {
        const given = values[field.name];
        const { value, why: unheld } = holdable(field, given, exists);
        held[field.name] = namesItsKind(kind, field) ? null : value;
        if (given === undefined) continue;
        after[field.name] = value;
        if (unheld !== undefined) whys.push(`${field.name} ${unheld}`);
      }
      rows.push({ id, values: held });
      lines.push({
        kind,
        libraryId: id,
        remoteId,
        action: 'create',
        after,
        why: whys.join('; ') || undefined,
      });
    }
    await insertRows(client, kind, rows);
    await recordDone(client, runId, lines);
  }
}

/** Relates new records. */
export async function relateRecords(
  client: ClientBase,
  kind: Kind,
  creations: readonly Edit[],
  exists: Exists,
): Promise<void> {
  for (const batch of batchesOf(creations)) {
    for (const field of storedFields[kind]) {
      const { name, storage } = field;
      const held = ({ values }: Edit) => holdable(field, values[name], exists).value;
      if (storage.in !== 'column') {
        const before = emptyRelation(field);
        const changes = batch.map((one) => ({ id: one.id, before, after: held(one) }));
        await writeRelation(client, kind, field, changes);
      } else if (namesItsKind(kind, field)) {
        const rows = batch.map((one) => ({ id: one.id, values: { [name]: held(one) } }));
        await updateRows(
          client,
          kind,
          rows.filter(({ values }) => values[name] !== null),
        );
      }
    }
  }
}

/** Gives records new values. What they have already is neither written nor journalled. */
export async function updateRecords(
  client: ClientBase,
  runId: number,
  kind: Kind,
  edits: readonly Edit[],
  exists: Exists,
): Promise<void> {
  for (const batch of batchesOf(edits)) {
    const fields = storedFields[kind].filter(({ name }) =>
      batch.some(({ values }) => values[name] !== undefined),
    );
    if (fields.length === 0) continue;
    const held = await heldFields(
      client,
      kind,
      batch.map(({ id }) => id),
      fields,
    );
    const rows = new Map<LibraryId, RowChange>();
    const relations = new Map<StoredField, RelationChange[]>();
    const lines: NewLine[] = [];
    for (const { id, values, remoteId, why } of batch) {
      const before = held.get(id)?.values ?? {};
      for (const field of fields) {
        const { name } = field;
        if (values[name] === undefined) continue;
        const { value: after, why: unheld } = holdable(field, values[name], exists);
        if (sameValue(before[name], after)) continue;
        if (field.storage.in === 'column') {
          const row = rows.get(id) ?? { id, values: {} };
          row.values[name] = after;
          rows.set(id, row);
        } else {
          const changes = relations.get(field) ?? [];
          changes.push({ id, before: before[name], after });
          relations.set(field, changes);
        }
        // Times that a source keeps of its records change with everything, and tell nothing.
        if (field.shape === 'instant') continue;
        lines.push({
          kind,
          libraryId: id,
          remoteId,
          action: 'update',
          field: name,
          before: before[name],
          after,
          why: [why, unheld].filter(Boolean).join('; ') || undefined,
        });
      }
    }
    await updateRows(client, kind, [...rows.values()]);
    const related = new Set<LibraryId>();
    for (const [field, changes] of relations) {
      await writeRelation(client, kind, field, changes);
      if (!field.fact) for (const { id } of changes) if (!rows.has(id)) related.add(id);
    }
    await raiseRevisions(client, kind, [...related]);
    await recordDone(client, runId, lines);
  }
}
