import type { ClientBase } from 'pg';
import type { LibraryId, Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { type Column, columnType, type StoredField, storedFields, tableOf } from './layout.ts';
import { recordset } from './storable.ts';

/** New values of a record's columns, by the names of the fields. */
export interface RowChange {
  id: LibraryId;
  values: Values;
}

/** The fields of a kind that are columns of its own table. */
const columnFields = (kind: Kind): StoredField[] =>
  storedFields[kind].filter(({ storage }) => storage.in === 'column');

/** Makes rows; all the columns' fields are among the values. */
export async function insertRows(
  client: ClientBase,
  kind: Kind,
  rows: readonly RowChange[],
): Promise<void> {
  const fields = columnFields(kind);
  const names = fields.map(column).join(', ');
  await client.query(
    `INSERT INTO qar.${tableOf(kind)} (id, ${names}) SELECT id, ${names} FROM ${rowsOf(fields)}`,
    [given(fields, rows)],
  );
}

/** Sets columns: one statement for all records of which the same fields change. */
export async function updateRows(
  client: ClientBase,
  kind: Kind,
  rows: readonly RowChange[],
): Promise<void> {
  const alike = Map.groupBy(rows, ({ values }) => Object.keys(values).sort().join());
  for (const some of alike.values()) {
    const fields = columnFields(kind).filter(({ name }) =>
      Object.hasOwn(some[0]?.values ?? {}, name),
    );
    const set = fields.map((field) => `${column(field)} = n.${column(field)}`).join(', ');
    await client.query(
      `UPDATE qar.${tableOf(kind)} r SET ${set} FROM ${rowsOf(fields)} WHERE r.id = n.id`,
      [given(fields, some)],
    );
  }
}

/** Raises the revision of records that changed in their relations alone, as a change of a column does by itself. */
export async function raiseRevisions(
  client: ClientBase,
  kind: Kind,
  ids: readonly LibraryId[],
): Promise<void> {
  if (ids.length === 0) return;
  await client.query(
    `UPDATE qar.${tableOf(kind)} SET revision = revision + 1 WHERE id = ANY ($1::uuid[])`,
    [ids],
  );
}

const column = ({ storage }: StoredField): string => (storage as Column).column;

const rowsOf = (fields: readonly StoredField[]): string =>
  `json_to_recordset($1::json) AS n (id uuid, ${fields
    .map((field) => `${column(field)} ${columnType[field.shape as keyof typeof columnType]}`)
    .join(', ')})`;

const given = (fields: readonly StoredField[], rows: readonly RowChange[]): string =>
  recordset(
    rows.map(({ id, values }) => ({
      id,
      ...Object.fromEntries(fields.map((field) => [column(field), values[field.name]])),
    })),
  );
