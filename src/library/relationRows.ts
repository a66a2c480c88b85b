import type { ClientBase } from 'pg';
import type { StashIds, SubGroup } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Fingerprint, Kind } from '../model/kinds.ts';
import { ownerColumn, type StoredField } from './layout.ts';
import { recordset } from './storable.ts';

/** One record's value of a field that is kept as rows of a relation. */
export interface RelationChange {
  id: LibraryId;
  before: unknown;
  after: unknown;
}

/** Brings the rows of a relation from what they were to what they are to be; rows that stay are not touched. */
export async function writeRelation(
  client: ClientBase,
  kind: Kind,
  field: StoredField,
  changes: readonly RelationChange[],
): Promise<void> {
  const gone: Row[] = [];
  const come: Row[] = [];
  for (const { id, before, after } of changes) {
    const counts = new Map<string, { row: Row; count: number }>();
    const count = (value: unknown, by: number) => {
      for (const cells of rowsOf(field, value)) {
        const key = JSON.stringify(cells);
        const known = counts.get(key) ?? { row: { owner: id, ...cells }, count: 0 };
        known.count += by;
        counts.set(key, known);
      }
    };
    count(before, -1);
    count(after, 1);
    for (const { row, count } of counts.values()) {
      if (count < 0) gone.push({ ...row, times: -count });
      for (let i = 0; i < count; i++) come.push(row);
    }
  }
  const columns = columnsOf(field);
  const { table } = field.storage as { table: string };
  const owner = ownerColumn[kind];
  const typed = columns.map(({ name, type }) => `${name} ${type}`).join(', ');
  if (gone.length > 0) {
    const matches = columns.map(({ name, nullable }) =>
      nullable ? `t.${name} IS NOT DISTINCT FROM g.${name}` : `t.${name} = g.${name}`,
    );
    // Equal rows count: only so many of them go.
    await client.query(
      `DELETE FROM qar.${table} WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM (
           SELECT t.ctid, g.times, row_number() OVER (PARTITION BY g.place) AS nth
             FROM ROWS FROM (json_to_recordset($1::json) AS (owner uuid, times integer, ${typed}))
               WITH ORDINALITY AS g (owner, times, ${columns.map(({ name }) => name).join(', ')}, place)
             JOIN qar.${table} t ON t.${owner} = g.owner AND ${matches.join(' AND ')}
         ) found WHERE nth <= times))`,
      [recordset(gone)],
    );
  }
  if (come.length > 0) {
    const names = columns.map(({ name }) => name).join(', ');
    await client.query(
      `INSERT INTO qar.${table} (${owner}, ${names})
       SELECT owner, ${names} FROM json_to_recordset($1::json) AS c (owner uuid, ${typed}) ON CONFLICT DO NOTHING`,
      [recordset(come)],
    );
  }
}

interface Row {
  owner: LibraryId;
  [column: string]: unknown;
}

interface RowColumn {
  name: string;
  type: string;
  nullable?: boolean;
}

/** The columns of a relation beside its owner's. */
function columnsOf({ storage }: StoredField): RowColumn[] {
  switch (storage.in) {
    case 'join':
      return [
        { name: storage.target, type: 'uuid' },
        ...storage.extra.map((name) => ({
          name,
          ...(extraColumns[name] as Omit<RowColumn, 'name'>),
        })),
      ];
    case 'stashIds':
      return [
        { name: 'endpoint', type: 'text' },
        { name: 'stash_id', type: 'text' },
        { name: 'updated_at', type: 'text', nullable: true },
      ];
    case 'fingerprints':
      return [
        { name: 'type', type: 'text' },
        { name: 'value', type: 'text' },
      ];
    case 'voyages':
      return [
        { name: 'what', type: 'text' },
        { name: 'at', type: 'timestamptz' },
      ];
    case 'column':
      throw new Error(`${storage.column} is a column`);
  }
}

const extraColumns: { [name: string]: Omit<RowColumn, 'name'> } = {
  position: { type: 'integer' },
  description: { type: 'text' },
  scene_index: { type: 'bigint', nullable: true },
};

/** A value as rows, each an object by column. */
function rowsOf({ shape, storage }: StoredField, value: unknown): { [column: string]: unknown }[] {
  const target = storage.in === 'join' ? storage.target : '';
  switch (shape) {
    case 'refs':
      return (value as LibraryId[]).map((id) => ({ [target]: id }));
    case 'files':
      return (value as LibraryId[]).map((id, position) => ({ [target]: id, position }));
    case 'groups':
      return Object.entries(value as { [id: string]: number | null }).map(([id, index]) => ({
        [target]: id,
        scene_index: index,
      }));
    case 'subGroups':
      return Object.entries(value as { [id: string]: SubGroup }).map(
        ([id, { position, description }]) => ({ [target]: id, position, description }),
      );
    case 'stashIds':
      return Object.entries(value as StashIds).flatMap(([endpoint, ids]) =>
        ids.map(({ stashId, updatedAt = null }) => ({
          endpoint,
          stash_id: stashId,
          updated_at: updatedAt,
        })),
      );
    case 'document':
      return (value as Fingerprint[]).map(({ type, value }) => ({ type, value }));
    case 'instants':
      return (value as string[]).map((at) => ({
        what: storage.in === 'voyages' ? storage.what : '',
        at,
      }));
    default:
      throw new Error(`no rows for ${shape}`);
  }
}
