import { kindNumber, ownerColumn, storedFields, tableOf } from '../library/layout.ts';
import type { Id } from '../model/fields.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { fieldsOf, type Kind } from '../model/kinds.ts';
import { type Edges, edgesOf, hierarchies, untangle } from './hierarchy.ts';
import type { PlanItem } from './planItem.ts';
import type { Planning } from './planning.ts';

/** A record that both sides have, and what becomes of it. */
export interface Met {
  libraryId: LibraryId;
  values: { library: Values; source: Values };
  /** Undefined where all is as it was. */
  plan(looping?: 'settle' | 'ask'): PlanItem | undefined;
}

/** Which of these records would close a loop in the hierarchy of their kind, on either side, and how that is dealt with. */
export async function loopsIn(
  planning: Planning,
  kind: Kind,
  met: readonly Met[],
): Promise<Map<LibraryId, 'settle' | 'ask'>> {
  const name = hierarchies[kind];
  const field = fieldsOf[kind].find(([known]) => known === name)?.[1];
  if (name === undefined || !field) return new Map();
  const moving = met.filter((one) => {
    const item = one.plan();
    return item && (name in item.library || name in item.source);
  });
  if (moving.length === 0) return new Map();
  const all = {
    library: await edgesHere(planning, kind),
    source: await edgesThere(planning, kind, name),
  };
  const byId = new Map(met.map((one) => [one.libraryId, one]));
  const now =
    (side: 'library' | 'source'): Edges =>
    (id) => {
      const one = byId.get(id);
      return one ? edgesOf(field, one.values[side][name]) : (all[side].get(id) ?? []);
    };
  return untangle(
    moving.map(({ libraryId }) => libraryId),
    { library: now('library'), source: now('source') },
    (id, how) => {
      const one = byId.get(id) as Met;
      const item = one.plan(how === 'plain' ? undefined : how);
      const after = (side: 'library' | 'source') => item?.[side][name] ?? one.values[side][name];
      return { library: edgesOf(field, after('library')), source: edgesOf(field, after('source')) };
    },
  );
}

/** Where each record of the library points to. */
async function edgesHere({ client }: Planning, kind: Kind): Promise<Map<LibraryId, LibraryId[]>> {
  const storage = storedFields[kind].find(({ name }) => name === hierarchies[kind])?.storage;
  const query =
    storage?.in === 'join'
      ? `SELECT ${ownerColumn[kind]} AS id, array_agg(${storage.target})::text[] AS to FROM qar.${storage.table} GROUP BY 1`
      : `SELECT id, ARRAY[parent_id]::text[] AS to FROM qar.${tableOf(kind)} WHERE parent_id IS NOT NULL`;
  const { rows } = await client.query<{ id: LibraryId; to: LibraryId[] }>(query);
  return new Map(rows.map(({ id, to }) => [id, to]));
}

/** Where each of the source's points to, as was last agreed; in library ids. */
async function edgesThere(
  { client, source }: Planning,
  kind: Kind,
  name: string,
): Promise<Map<LibraryId, LibraryId[]>> {
  const { rows } = await client.query<{ id: LibraryId; remote: string; value: unknown }>(
    `SELECT library_id AS id, remote_id AS remote, base -> $3 AS value FROM stowage.links
      WHERE source_id = $1 AND kind = $2`,
    [source.id, kindNumber[kind], name],
  );
  const ids = new Map(rows.map(({ id, remote }) => [Number(remote), id]));
  const here = (remote: unknown) => ids.get(Number(remote) as Id) ?? [];
  return new Map(
    rows.map(({ id, value }) => {
      const named = Array.isArray(value)
        ? value
        : typeof value === 'object' && value !== null
          ? Object.keys(value)
          : value === null || value === undefined
            ? []
            : [value];
      return [id, named.flatMap(here)];
    }),
  );
}
