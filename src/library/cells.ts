import type { Id, Json, StashId } from '../model/fields.ts';
import { instantOf } from '../model/instants.ts';
import { parseJson } from '../model/records.ts';
import { type Cell, nested, parseTextArray } from './cursor.ts';
import type { StoredField } from './layout.ts';

const number = (cell: Cell): number | null => (cell === null ? null : Number(cell));

/** A column's text, as PostgreSQL sends it, as the field's value; references are for the reader to name. */
export const decodeColumn = {
  text: (cell: Cell) => cell ?? '',
  date: (cell: Cell) => cell,
  choice: (cell: Cell) => cell,
  picture: (cell: Cell) => cell,
  integer: number,
  real: number,
  flag: (cell: Cell) => cell === 't',
  names: (cell: Cell) => parseTextArray(cell ?? '{}'),
  urls: (cell: Cell) => parseTextArray(cell ?? '{}'),
  customFields: (cell: Cell) => (cell === null || cell === '{}' ? {} : parseJson(cell)),
  document: (cell: Cell) => (cell === null ? null : parseJson(cell)),
};

/** What a record has where a relation has no row for it. */
export function emptyRelation({ shape }: StoredField): unknown {
  return shape === 'refs' || shape === 'files' || shape === 'instants' || shape === 'document'
    ? []
    : {};
}

/** The rows of a relation, gathered to a text by SQL, as the field's value; `refs` and `files` are for the reader. */
export function decodeRelation({ shape }: StoredField, text: string): unknown {
  switch (shape) {
    case 'instants':
      return (nested(text) as number[]).map(instantOf);
    case 'groups':
      return Object.fromEntries(JSON.parse(text) as [Id | string, number | null][]);
    case 'subGroups':
      return Object.fromEntries(
        (JSON.parse(text) as [Id | string, number, string][]).map(([id, position, description]) => [
          id,
          { position, description },
        ]),
      );
    case 'stashIds': {
      // Through a map: somebody may call an endpoint `__proto__`.
      const byEndpoint = new Map<string, StashId[]>();
      for (const [endpoint, stashId, updatedAt] of JSON.parse(text) as [
        string,
        string,
        string | null,
      ][]) {
        const ids = byEndpoint.get(endpoint) ?? [];
        ids.push(updatedAt === null ? { stashId } : { stashId, updatedAt });
        byEndpoint.set(endpoint, ids);
      }
      return Object.fromEntries(byEndpoint);
    }
    default:
      return parseJson(text) as Json;
  }
}
