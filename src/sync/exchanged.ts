import { kindNumber } from '../library/layout.ts';
import { linksOf } from '../library/links.ts';
import type { Id } from '../model/fields.ts';
import type { Values } from '../model/held.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import { sameValue } from '../model/records.ts';
import { hasFiles, ownerField } from './deletions.ts';
import { batchesOf, makingOrder, type Planning } from './planning.ts';
import { calledBy, tellsApart } from './standing.ts';

/** Numbers of records that are there, by kind. */
type Numbers = { [K in Kind]: readonly Id[] };

/**
 * Of a source that was put back or filled anew, the numbers that stand for other records than they did. A time of
 * creation does not always tell: a scan makes many records in a second, and an import gives them their times back. So
 * what a record is called, or the file that it is of, is looked for among what its other numbers stood for.
 */
export async function exchanged(planning: Planning, there: Numbers): Promise<Numbers> {
  const others = {} as { [K in Kind]: Id[] };
  for (const kind of kindNames) others[kind] = [];
  for (const kind of makingOrder) {
    if (kind === 'savedFilter') continue; // which goes by its name anyway
    const ids = new Set([...there[kind], ...(await withFiles(planning, kind, others.file))]);
    for (const some of batchesOf([...ids].sort((a, b) => a - b))) {
      others[kind].push(...(await exchangedAmong(planning, kind, some, others)));
    }
  }
  return others;
}

async function exchangedAmong(
  { client, source, reading, signal }: Planning,
  kind: Kind,
  ids: readonly Id[],
  others: Numbers,
): Promise<Id[]> {
  const links = await linksOf(client, source, kind, ids);
  const found: Id[] = [];
  /** Those that are called otherwise than they were, by what they are called now. */
  const renamed = new Map<Id, string>();
  /** Those that are of a file which they had not, by that. */
  const refiled = new Map<Id, Id>();
  for await (const batch of reading.some(kind, ids, signal)) {
    for (const { id, ...told } of batch as ({ id: Id } & Values)[]) {
      const link = links.get(id);
      if (!link) continue;
      const was = { ...link.base, ...link.facts };
      const owner = ownerField[kind];
      const file = (told.files as Id[] | undefined)?.[0];
      if (owner !== undefined) {
        const isOf = ({ [owner]: of }: Values) => others[owner].includes(of as Id);
        if (isOf(told) || isOf(was)) found.push(id);
      } else if (file !== undefined) {
        if (others.file.includes(file)) found.push(id);
        else if (!(was.files as Id[] | undefined)?.includes(file)) refiled.set(id, file);
      } else if (kind === 'file' && told.path !== was.path && tellsApart(told, was)) {
        found.push(id);
      } else if (calledBy(kind, told) !== calledBy(kind, was) && !hasSame(told, was)) {
        renamed.set(id, calledBy(kind, told));
      }
    }
  }
  const taken = await filesHad({ client, source }, kind, [...refiled.values()]);
  for (const [id, file] of refiled) if (taken.has(file)) found.push(id);
  if (renamed.size === 0) return found;
  const { rows } = await client.query<{ name: string }>(
    `SELECT ${callings[kind]} AS name FROM stowage.links
      WHERE source_id = $1 AND kind = $2 AND ${callings[kind]} = ANY ($3::text[])`,
    [source.id, kindNumber[kind], [...renamed.values()]],
  );
  const known = new Set(rows.map(({ name }) => name));
  for (const [id, name] of renamed) if (known.has(name)) found.push(id);
  return found;
}

/** Of some files, those that were of any record of the kind. */
async function filesHad(
  { client, source }: Pick<Planning, 'client' | 'source'>,
  kind: Kind,
  files: readonly Id[],
): Promise<Set<Id>> {
  if (files.length === 0) return new Set();
  const { rows } = await client.query<{ file: string }>(
    `SELECT DISTINCT f AS file FROM stowage.links, jsonb_array_elements_text(facts -> 'files') AS f
      WHERE source_id = $1 AND kind = $2 AND f::bigint = ANY ($3::bigint[])`,
    [source.id, kindNumber[kind], files],
  );
  return new Set(rows.map(({ file }) => Number(file)));
}

/** What tells a record from others of its kind, in what a link has of it. */
const callings: { [K in Kind]?: string } = {
  file: `facts ->> 'path'`,
  tag: `base ->> 'name'`,
  studio: `base ->> 'name'`,
  performer: `(base ->> 'name') || E'\\n' || coalesce(base ->> 'disambiguation', '')`,
  group: `base ->> 'name'`,
  image: `base ->> 'title'`,
  gallery: `coalesce(facts -> 'folder' ->> 'path', base ->> 'title')`,
  scene: `base ->> 'title'`,
};

/** A file that was moved has the fingerprints that it had. */
const hasSame = ({ fingerprints: now }: Values, { fingerprints: was }: Values): boolean =>
  Array.isArray(now) &&
  Array.isArray(was) &&
  now.some((one) => was.some((other) => sameValue(one, other)));

/** Records of files that are others now: they are, though nothing else of them is told otherwise. */
async function withFiles(
  { client, source }: Planning,
  kind: Kind,
  files: readonly Id[],
): Promise<Id[]> {
  if (files.length === 0 || !hasFiles.has(kind)) return [];
  const { rows } = await client.query<{ id: string }>(
    `SELECT remote_id AS id FROM stowage.links WHERE source_id = $1 AND kind = $2 AND EXISTS (
       SELECT FROM jsonb_array_elements_text(facts -> 'files') AS f WHERE f::bigint = ANY ($3::bigint[]))`,
    [source.id, kindNumber[kind], files],
  );
  return rows.map(({ id }) => Number(id));
}
