import { type Node, present, related, rowsOf } from '../batch.ts';
import type { Context } from '../context.ts';
import { isUpTo25, type Library, type Value } from '../library.ts';
import { listable } from '../refuse.ts';
import { json, rfc3339, time } from '../values.ts';

export const within = 'in (select value from json_each(?))';

export const timestamps = { created_at: time('created_at'), updated_at: time('updated_at') };

/** Tags through a join table, in the order that each version gives them. */
export const tags = (table: string, owner: string, target = 'tag_id') =>
  related('Tag', (library) =>
    library.has(table)
      ? `select j.${owner}, j.${target} from ${table} j join tags t on t.id = j.${target}
         where j.${owner} ${within} order by j.${owner}, ${tagOrder(library, table)}`
      : null,
  );

function tagOrder({ version }: Library, table: string): string {
  if (isUpTo25(version)) return table === 'tags_relations' ? 'natural(t.name)' : 't.name';
  if (version !== 'v0.28') return 'natural(coalesce(t.sort_name, t.name))';
  if (table === 'tags_relations' || table === 'groups_tags') return 't.name';
  return table === 'studios_tags' ? 't.id' : 'coalesce(t.sort_name, t.name)';
}

export const joined = (
  type: 'Performer' | 'Gallery' | 'Scene' | 'Image',
  table: string,
  owner: string,
  target: string,
) => {
  const records = related(
    type,
    () => `select ${owner}, ${target} from ${table} where ${owner} ${within} order by 1, 2`,
  );
  return (node: Node) => listable(present(records(node)));
};

export const urls = (table: string, owner: string) =>
  rowsOf(
    (library) =>
      library.has(table)
        ? `select ${owner}, url from ${table} where ${owner} ${within} order by ${owner}, position`
        : null,
    ([url]: [string]) => url,
  );

export const aliases = (table: string, owner: string) =>
  rowsOf(
    () => `select ${owner}, alias from ${table} where ${owner} ${within} order by 1, 2`,
    ([alias]: [string]) => alias,
  );

export const stashIds = (table: string, owner: string) =>
  rowsOf(
    (library) =>
      library.has(table)
        ? `select ${owner}, endpoint, stash_id,
             ${library.has(table, 'updated_at') ? 'updated_at' : 'null'}
           from ${table} where ${owner} ${within}
           order by ${owner}, ${table === 'scene_stash_ids' ? 'endpoint' : 'rowid'}`
        : null,
    ([endpoint, stash_id, updated_at]: [string, string, string | null]) => ({
      endpoint,
      stash_id,
      updated_at: rfc3339(updated_at),
    }),
  );

/** One object, its names in order as Go writes a map. */
export function customFields(table: string, owner: string): (node: Node) => object {
  const fields = rowsOf(
    (library) =>
      library.has(table)
        ? `select ${owner}, field, iif(typeof(value) = 'integer', cast(value as text), value), typeof(value)
             from ${table} where ${owner} ${within} order by 1, 2`
        : null,
    ([field, stored, type]: [string, Value, string]) =>
      [field, type === 'integer' ? exactly(stored as string) : json(stored)] as const,
  );
  return (node) => Object.fromEntries(fields(node));
}

/** An integer of any size. */
function exactly(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}

/** The address of a record's picture; `t` changes with the record. */
export function pictureUrl(
  { baseUrl }: Context,
  node: Node,
  path: string,
  column: string | null,
): string {
  const seconds = Math.floor(Date.parse(rfc3339(node.row.updated_at) ?? '') / 1000);
  const own = column === null || node.row[column] !== null;
  return `${baseUrl}/${path}?t=${seconds}${own ? '' : '&default=true'}`;
}
