import type { ClientBase } from 'pg';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { ownerColumn, storedFields, tableOf } from './layout.ts';

/** What a person knows a record `r` of each kind by: its name or title, else its file or what it belongs to. */
export const labelOf: { readonly [K in Kind]: string } = {
  tag: 'r.name',
  studio: 'r.name',
  performer: `r.name || CASE WHEN r.disambiguation = '' THEN '' ELSE ' (' || r.disambiguation || ')' END`,
  group: 'r.name',
  image: titleOrFile('image'),
  gallery: titleOrFile('gallery', `r.folder ->> 'path'`),
  scene: titleOrFile('scene'),
  marker: `coalesce(nullif(r.title, ''), (SELECT t.name FROM qar.tags t WHERE t.id = r.primary_tag_id), '')
    || ' at ' || round(coalesce(r.seconds, 0)::numeric, 1) || ' s'`,
  chapter: `r.title || ' at ' || coalesce(r.image_index, 0)`,
  file: 'r.path',
  savedFilter: 'r.name',
};

/** The files `f` of a record `r`, for a FROM; undefined of a kind that has none. */
export function filesOf(kind: Kind): string | undefined {
  const storage = storedFields[kind].find(({ name }) => name === 'files')?.storage;
  if (storage?.in !== 'join') return undefined;
  return `qar.${storage.table} o JOIN qar.files f ON f.id = o.${storage.target} WHERE o.${ownerColumn[kind]} = r.id`;
}

function titleOrFile(kind: Kind, folder = 'NULL'): string {
  const path = `(SELECT f.path FROM ${filesOf(kind)} ORDER BY o.position LIMIT 1)`;
  return `coalesce(nullif(r.title, ''), regexp_replace(coalesce(${path}, ${folder}), '^.*[/\\\\]', ''), '')`;
}

/** A name as it stands among others: some hold tabs and new lines. */
export const inOneLine = (name: string): string => name.replaceAll(/\s+/g, ' ').trim();

/** The labels of records, in one line each, those marked as deleted too; of one that is not there, none. */
export async function labelsOf(
  client: ClientBase,
  kind: Kind,
  ids: readonly LibraryId[],
): Promise<Map<LibraryId, string>> {
  if (ids.length === 0) return new Map();
  const { rows } = await client.query<{ id: LibraryId; label: string }>(
    `SELECT r.id, ${labelOf[kind]} AS label FROM qar.${tableOf(kind)} r WHERE r.id = ANY ($1::uuid[])`,
    [ids],
  );
  return new Map(rows.map(({ id, label }) => [id, inOneLine(label)]));
}
