import type { ClientBase } from 'pg';
import { filesOf, labelOf } from '../library/labels.ts';
import { kindNumber, tableOf } from '../library/layout.ts';
import { listSources } from '../library/sources.ts';
import { isLibraryId, libraryIds } from '../library/translate.ts';
import { StowageError } from '../model/errors.ts';
import type { LibraryId } from '../model/held.ts';
import { fieldsOf, type Kind } from '../model/kinds.ts';
import { quoted } from './texts.ts';

/** Which records are meant: those marked as deleted are not there, but for who wants them back. */
export type Among = 'live' | 'deleted' | 'all';

/** A record with what a person knows it by. */
export interface FoundRecord {
  id: LibraryId;
  label: string;
  /** Its numbers at the sources, as `main:12`; its own before those of what was merged into it. */
  numbers: string[];
}

/**
 * The record that a person means: by its library id, by its number at a source (`main:12`), or by a name that no other
 * has; of a performer also with the disambiguation in brackets.
 *
 * @throws StowageError `usage` that lists which may be meant.
 */
export async function recordNamed(
  client: ClientBase,
  kind: Kind,
  text: string,
  among: Among = 'live',
): Promise<LibraryId> {
  const id = text.toLowerCase();
  if (isLibraryId(id)) return present(client, kind, id, among, text);
  const linked = await byNumber(client, kind, text);
  if (linked !== undefined) return present(client, kind, linked, among, text);
  const named = await select(client, kind, among, sameName(kind), text, mostListed);
  const [only, another] = named;
  if (only && !another) return only.id;
  if (another) {
    throw new StowageError('usage', `More than one ${kind} is called ${quoted(text)}.`, {
      remedy: `Say which by its id: ${listed(named)}`,
    });
  }
  const similar = await select(client, kind, among, resembles(kind), text, mostListed);
  throw new StowageError('usage', `No ${kind} is called ${quoted(text)}.`, {
    remedy:
      similar.length > 0
        ? `There is: ${listed(similar)}`
        : `\`stowage find ${kind} TEXT\` looks for one, \`stowage create ${kind} …\` makes one.`,
  });
}

/** Records that have a text in their name or title, in an alias, or in the name of a file; and how many there are in all. */
export async function findRecords(
  client: ClientBase,
  kind: Kind,
  text: string,
  limit: number,
  among: Among = 'live',
): Promise<{ found: FoundRecord[]; total: number }> {
  const found = await select(client, kind, among, contains(kind), text, limit);
  if (found.length < limit) return { found, total: found.length };
  const { rows } = await client.query<{ total: number }>(
    `SELECT count(*)::int AS total FROM qar.${tableOf(kind)} r WHERE ${marked[among]} AND (${contains(kind)})`,
    [text],
  );
  return { found, total: rows[0]?.total ?? 0 };
}

const mostListed = 10;
const listed = (records: readonly FoundRecord[]): string =>
  records
    .map(({ id, label, numbers }) => `\n${numbers[0] ?? id}  ${label || '(no name)'}`)
    .join('');

async function present(
  client: ClientBase,
  kind: Kind,
  id: LibraryId,
  among: Among,
  item: string,
): Promise<LibraryId> {
  const { rows } = await client.query<{ gone: boolean }>(
    `SELECT deleted_at IS NOT NULL AS gone FROM qar.${tableOf(kind)} WHERE id = $1`,
    [id],
  );
  const [row] = rows;
  if (!row) throw new StowageError('usage', `The library has no such ${kind}.`, { item });
  if (row.gone && among === 'live') {
    throw new StowageError('usage', `That ${kind} is deleted.`, {
      item,
      remedy: `\`stowage restore ${kind} ${id}\` brings it back.`,
    });
  }
  if (!row.gone && among === 'deleted') {
    throw new StowageError('usage', `That ${kind} is not deleted.`, { item });
  }
  return id;
}

/** By `main:12`; undefined where that is not what the text says: a title may look like it. */
async function byNumber(
  client: ClientBase,
  kind: Kind,
  text: string,
): Promise<LibraryId | undefined> {
  const [, name, digits] = /^(.+):(\d+)$/.exec(text) ?? [];
  if (name === undefined) return undefined;
  const source = (await listSources(client)).find((known) => known.name === name);
  if (!source) return undefined;
  const number = Number(digits);
  const id = (await libraryIds(client, source, new Map([[kind, new Set([number])]]))).get(
    kind,
    number,
  );
  if (id !== undefined) return id;
  throw new StowageError('usage', `The library has no ${kind} ${number} of ${name}.`, {
    remedy: `\`stowage find ${kind} TEXT\` looks for it by its name.`,
  });
}

/** ASCII letters small, the others as they are, as Stash compares names: "C" knows no others. */
export const folded = (text: string): string => `lower(${text} COLLATE "C")`;

/** The columns by which people call a record. */
const called = (kind: Kind): string[] => {
  const column = ['name', 'title'].find((name) => fieldsOf[kind].some(([field]) => field === name));
  if (column === undefined) return ['r.path'];
  return kind === 'performer' ? [`r.${column}`, labelOf.performer] : [`r.${column}`];
};
const sameName = (kind: Kind): string =>
  called(kind)
    .map((name) => `${folded(name)} = ${folded('$1')}`)
    .join(' OR ');
const resembles = (kind: Kind): string =>
  called(kind)
    .map(
      (name) => `position(${folded('$1')} IN ${folded(name)}) > 0
      OR length($1) > 3 AND left(${folded(name)}, 4) = left(${folded('$1')}, 4)`,
    )
    .join(' OR ');
const contains = (kind: Kind): string => {
  const hasAliases = kind === 'tag' || kind === 'studio' || kind === 'performer';
  const texts = hasAliases
    ? `${labelOf[kind]} || chr(10) || array_to_string(r.aliases, chr(10))`
    : labelOf[kind];
  const files = filesOf(kind);
  const named = files && `EXISTS (SELECT FROM ${files} AND ${has(baseName('f.path'))})`;
  const folder = kind === 'gallery' && has(baseName(`r.folder ->> 'path'`));
  return [has(texts), named, folder].filter(Boolean).join(' OR ');
};
const has = (text: string): string => `position(lower($1) IN lower(${text})) > 0`;
/** Without the folders; a Windows server's paths have backslashes. */
const baseName = (path: string): string => `regexp_replace(${path}, '^.*[/\\\\]', '')`;

const marked = { live: 'r.deleted_at IS NULL', deleted: 'r.deleted_at IS NOT NULL', all: 'true' };

async function select(
  client: ClientBase,
  kind: Kind,
  among: Among,
  where: string,
  text: string,
  limit: number,
): Promise<FoundRecord[]> {
  const { rows } = await client.query<FoundRecord>(
    `SELECT r.id, ${labelOf[kind]} AS label,
       ARRAY(SELECT s.name || ':' || l.remote_id FROM stowage.links l JOIN stowage.sources s ON s.id = l.source_id
         WHERE l.library_id IN (SELECT r.id UNION SELECT f.origin FROM stowage.folded f WHERE f.destination = r.id)
           AND l.kind = ${kindNumber[kind]} ORDER BY l.library_id <> r.id, s.id, l.remote_id) AS numbers
     FROM qar.${tableOf(kind)} r WHERE ${marked[among]} AND (${where}) ORDER BY label, r.id LIMIT ${limit}`,
    [text],
  );
  return rows;
}
