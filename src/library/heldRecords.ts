import type { ClientBase } from 'pg';
import type { HeldRecord, LibraryId, Values } from '../model/held.ts';
import { instantOf } from '../model/instants.ts';
import type { Kind } from '../model/kinds.ts';
import { decodeColumn, decodeRelation, emptyRelation } from './cells.ts';
import { asText, type Cell } from './cursor.ts';
import { ownerColumn, type StoredField, storedFields, tableOf } from './layout.ts';

/** The library's records by their ids, those marked as deleted too; one that was never there is left out. */
export function heldRecords(
  client: ClientBase,
  kind: Kind,
  ids: readonly LibraryId[],
): Promise<Map<LibraryId, HeldRecord>> {
  return heldFields(client, kind, ids, storedFields[kind]);
}

/** As `heldRecords`, but only some of the fields. */
export async function heldFields(
  client: ClientBase,
  kind: Kind,
  ids: readonly LibraryId[],
  fields: readonly StoredField[],
): Promise<Map<LibraryId, HeldRecord>> {
  if (ids.length === 0) return new Map();
  const { rows } = await client.query<Cell[]>({
    text: `SELECT r.id, r.revision, ${microseconds('r.deleted_at')}${fields
      .map((field) => `, ${expression(kind, field)}`)
      .join('')} FROM qar.${tableOf(kind)} r WHERE r.id = ANY ($1::uuid[])`,
    values: [ids],
    rowMode: 'array',
    types: asText,
  });
  return new Map(
    rows.map(([id, revision, deletedAt, ...cells]) => {
      const values: Values = {};
      fields.forEach((field, i) => {
        values[field.name] = decode(field, cells[i] as Cell);
      });
      const record: HeldRecord = {
        id: id as LibraryId,
        revision: Number(revision),
        deletedAt: instant(deletedAt as Cell),
        values,
      };
      return [record.id, record];
    }),
  );
}

const microseconds = (column: string): string =>
  `(extract(epoch FROM ${column}) * 1000000)::bigint`;

/** A field of `r` as one text, in canonical order: a column, or all that the record has in a relation. */
function expression(kind: Kind, { storage, shape }: StoredField): string {
  if (storage.in === 'column') {
    const column = `r.${storage.column}`;
    return shape === 'instant' ? microseconds(column) : column;
  }
  const all = (gathered: string, where = '') =>
    `(SELECT ${gathered}::text FROM qar.${storage.table} c WHERE c.${ownerColumn[kind]} = r.id${where})`;
  switch (storage.in) {
    case 'join': {
      const target = `c.${storage.target}`;
      if (shape === 'files') return all(`array_agg(${target} ORDER BY c.position <> 0, ${target})`);
      if (shape === 'refs') return all(`array_agg(${target} ORDER BY ${target})`);
      const extra = storage.extra.map((name) => `, c.${name}`).join('');
      return all(`json_agg(json_build_array(${target}${extra}) ORDER BY ${target})`);
    }
    case 'stashIds':
      return all(`json_agg(json_build_array(c.endpoint, c.stash_id, c.updated_at)
        ORDER BY c.endpoint COLLATE "C", c.stash_id COLLATE "C", c.updated_at COLLATE "C")`);
    case 'voyages':
      return all(
        `array_agg(${microseconds('c.at')} ORDER BY c.at)`,
        ` AND c.what = '${storage.what}'`,
      );
    case 'fingerprints':
      return all(`json_agg(json_build_object('type', c.type, 'value', c.value)
        ORDER BY c.type COLLATE "C", c.value)`);
  }
}

function decode(field: StoredField, cell: Cell): unknown {
  const { shape, storage } = field;
  if (storage.in !== 'column') {
    if (cell === null) return emptyRelation(field);
    return shape === 'refs' || shape === 'files'
      ? cell.slice(1, -1).split(',')
      : decodeRelation(field, cell);
  }
  if (shape === 'ref') return cell;
  if (shape === 'instant') return instant(cell);
  // Somebody's SQL may have written them in any order.
  if (shape === 'names') return [...new Set(decodeColumn.names(cell))].sort();
  return decodeColumn[shape as keyof typeof decodeColumn](cell);
}

const instant = (cell: Cell) => (cell === null ? null : instantOf(Number(cell)));
