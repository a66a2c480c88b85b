import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import { fieldsOf, type Kind, kindNames } from '../model/kinds.ts';
import { kindNumber, ownerColumn, type StoredField, storedFields, tableOf } from './layout.ts';
import { markEdited } from './links.ts';
import type { Source } from './sources.ts';

/** The records whose field names another. */
export async function namingIn(
  client: ClientBase,
  kind: Kind,
  field: StoredField,
  named: LibraryId,
): Promise<LibraryId[]> {
  const { rows } = await client.query<{ id: LibraryId }>(
    `SELECT DISTINCT owner AS id FROM ${references(kind, field)} WHERE named = $1 ORDER BY 1`,
    [named],
  );
  return rows.map(({ id }) => id);
}

/** Those of some records that others name, by who names them. */
export async function namedByOthers(
  client: ClientBase,
  kind: Kind,
  ids: readonly LibraryId[],
): Promise<{ id: LibraryId; by: LibraryId }[]> {
  const found: { id: LibraryId; by: LibraryId }[] = [];
  for (const owner of kindNames) {
    for (const field of storedFields[owner]) {
      if (field.target !== kind) continue;
      const { rows } = await client.query<{ id: LibraryId; by: LibraryId }>(
        `SELECT named AS id, owner AS by FROM ${references(owner, field)} JOIN qar.${tableOf(owner)} o ON o.id = owner
          WHERE named = ANY ($1::uuid[]) AND o.deleted_at IS NULL`,
        [ids],
      );
      found.push(...rows);
    }
  }
  return found;
}

/**
 * The next sync looks at the records of a source whose counterparts here name something of these kinds that the source has
 * not: now that it is written to, it may be given that.
 */
export async function markNamingUnlinked(
  client: ClientBase,
  source: Pick<Source, 'id'>,
  targets: ReadonlySet<Kind>,
): Promise<void> {
  for (const owner of kindNames) {
    for (const field of storedFields[owner]) {
      if (field.target === undefined || !targets.has(field.target) || field.fact) continue;
      await client.query(
        `UPDATE stowage.links l SET edited = true
          WHERE l.source_id = $1 AND l.kind = ${kindNumber[owner]} AND NOT l.edited AND l.library_id IN (
            SELECT owner FROM ${references(owner, field)} JOIN qar.${tableOf(field.target)} t ON t.id = named
             WHERE t.deleted_at IS NULL AND NOT EXISTS (
               SELECT FROM stowage.links o WHERE o.library_id = named AND o.source_id = $1))`,
        [source.id],
      );
    }
  }
}

/** The saved filters that have this id in their conditions. */
export async function filtersNaming(client: ClientBase, named: LibraryId): Promise<LibraryId[]> {
  const { rows } = await client.query<{ id: LibraryId }>(
    `SELECT id FROM qar.saved_filters WHERE position($1 IN object_filter::text) > 0 ORDER BY id`,
    [named],
  );
  return rows.map(({ id }) => id);
}

/** By their numbers at a source: the records there whose field names one of these here. */
export async function linkedNaming(
  client: ClientBase,
  source: Source,
  kind: Kind,
  field: StoredField,
  named: readonly LibraryId[],
): Promise<Id[]> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT DISTINCT l.remote_id AS id FROM ${references(kind, field)} JOIN stowage.links l ON l.library_id = owner
      WHERE named = ANY ($1::uuid[]) AND l.source_id = $2 AND l.kind = $3 AND l.absent_since IS NULL`,
    [named, source.id, kindNumber[kind]],
  );
  return rows.map(({ id }) => Number(id));
}

/** The same of saved filters, which name records in their conditions. */
export async function linkedFiltersNaming(
  client: ClientBase,
  source: Source,
  named: readonly LibraryId[],
): Promise<Id[]> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT l.remote_id AS id FROM stowage.links l JOIN qar.saved_filters f ON f.id = l.library_id
      WHERE l.source_id = $2 AND l.kind = $3 AND l.absent_since IS NULL AND EXISTS (
        SELECT FROM unnest($1::text[]) AS named WHERE position(named IN f.object_filter::text) > 0)`,
    [named, source.id, kindNumber.savedFilter],
  );
  return rows.map(({ id }) => Number(id));
}

/** The next sync looks at a source's filters whose counterparts here name one of these: what they are told has changed. */
export async function markFiltersNaming(
  client: ClientBase,
  source: Source,
  named: readonly LibraryId[],
): Promise<void> {
  const filters = await linkedFiltersNaming(client, source, named);
  await markEdited(client, source, 'savedFilter', filters);
}

/** The numbers of a source's records that, as was last agreed, name one of these there. */
export async function numbersNaming(
  client: ClientBase,
  source: Pick<Source, 'id'>,
  owner: Kind,
  named: ReadonlySet<LibraryId>,
): Promise<Id[]> {
  if (named.size === 0) return [];
  const fields = fieldsOf[owner].filter(([, { merge, target }]) => merge !== 'fact' && target);
  const found: Id[] = [];
  for (const [field, { shape, target }] of fields) {
    const value = `l.base -> '${field}'`;
    const names = {
      ref: `${value} = to_jsonb(n.remote_id)`,
      refs: `${value} @> to_jsonb(n.remote_id)`,
      groups: `${value} ? n.remote_id::text`,
      subGroups: `${value} ? n.remote_id::text`,
    }[shape as string];
    if (names === undefined) continue;
    const { rows } = await client.query<{ id: string }>(
      `SELECT DISTINCT l.remote_id AS id FROM stowage.links n JOIN stowage.links l
         ON l.source_id = n.source_id AND l.kind = ${kindNumber[owner]} AND l.absent_since IS NULL AND ${names}
        WHERE n.source_id = $1 AND n.kind = ${kindNumber[target as Kind]} AND n.library_id = ANY ($2::uuid[])`,
      [source.id, [...named]],
    );
    found.push(...rows.map(({ id }) => Number(id)));
  }
  return found;
}

/** Who names whom in a field, as a subquery: `owner` and `named`. */
const references = (kind: Kind, { storage }: StoredField): string =>
  storage.in === 'join'
    ? `(SELECT ${ownerColumn[kind]} AS owner, ${storage.target} AS named FROM qar.${storage.table}) r`
    : `(SELECT id AS owner, ${(storage as { column: string }).column} AS named FROM qar.${tableOf(kind)}) r`;
