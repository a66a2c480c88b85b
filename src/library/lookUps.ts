import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { kindNumber, ownerColumn, storedFields, tableOf } from './layout.ts';
import { storableText } from './storable.ts';

/**
 * Finds the library's records, those marked as deleted too, by what identifies them: a whole list of clues in one
 * statement.
 */

/** A record that has the clue at place `n` of those asked for. */
export interface Found {
  n: number;
  libraryId: LibraryId;
}

/** A clue that more records have identifies none of them: the fingerprint of empty files, say. */
const tooCommon = 50;

export interface StashIdClue {
  endpoint: string;
  stashId: string;
}

export interface FoundByStashId extends Found {
  /** As the record has it written. */
  endpoint: string;
}

/** Records that have this id at any box. */
export function byStashId(
  client: ClientBase,
  kind: Kind,
  clues: readonly StashIdClue[],
): Promise<FoundByStashId[]> {
  const table = stashIdsTable(kind);
  if (table === undefined) return Promise.resolve([]);
  return find(
    client,
    [clues.map(({ stashId }) => stashId)],
    `unnest($1::text[]) WITH ORDINALITY AS k (stash_id, n)`,
    `SELECT s.${ownerColumn[kind]} AS id, s.endpoint FROM qar.${table} s WHERE s.stash_id = k.stash_id`,
    ['endpoint'],
  );
}

export interface FingerprintClue {
  type: string;
  value: string;
}

export interface FoundByFingerprint extends Found {
  /** It is the fingerprint of its primary file. */
  primary: boolean;
}

/** Files, or what has a file with this fingerprint. */
export function byFingerprint(
  client: ClientBase,
  kind: Kind,
  clues: readonly FingerprintClue[],
): Promise<FoundByFingerprint[]> {
  const files = filesTable(kind);
  const owner = files === undefined ? 'p.file_id' : `o.${ownerColumn[kind]}`;
  return find(
    client,
    [clues.map(({ type }) => type), clues.map(({ value }) => value)],
    `unnest($1::text[], $2::text[]) WITH ORDINALITY AS k (type, value, n)`,
    `SELECT ${owner} AS id, ${files === undefined ? 'true' : 'o.position = 0'} AS "primary" FROM qar.file_fingerprints p
       ${files === undefined ? '' : `JOIN qar.${files} o ON o.file_id = p.file_id`}
      WHERE p.value = k.value AND p.type = k.type`,
    ['"primary"'],
  );
}

/** What has this file. */
export function byFile(
  client: ClientBase,
  kind: Kind,
  files: readonly LibraryId[],
): Promise<Found[]> {
  const table = filesTable(kind);
  if (table === undefined) return Promise.resolve([]);
  return find(
    client,
    [files],
    'unnest($1::uuid[]) WITH ORDINALITY AS k (file, n)',
    `SELECT o.${ownerColumn[kind]} AS id FROM qar.${table} o WHERE o.file_id = k.file`,
  );
}

/** What is known of a file in the library. */
export interface HeldFile {
  path: string;
  /** Bytes. */
  size: number | null;
  /** Seconds. */
  duration: number | null;
  /** All that any source says: of a type there may be several. */
  fingerprints: { type: string; value: string }[];
}

/** The files of some records; of a file itself, that one. The primary one comes first. */
export async function filesHeld(
  client: ClientBase,
  kind: Kind,
  ids: readonly LibraryId[],
): Promise<Map<LibraryId, HeldFile[]>> {
  if (ids.length === 0) return new Map();
  const table = filesTable(kind);
  const owner = table === undefined ? 'f.id' : `o.${ownerColumn[kind]}`;
  const { rows } = await client.query<{ id: LibraryId; files: HeldFile[] }>(
    `SELECT ${owner} AS id, json_agg(json_build_object('path', f.path, 'size', f.size, 'duration', f.duration,
         'fingerprints', coalesce(p.all, '[]')) ${table === undefined ? '' : 'ORDER BY o.position'}) AS files
       FROM qar.files f ${table === undefined ? '' : `JOIN qar.${table} o ON o.file_id = f.id`}
       CROSS JOIN LATERAL (
         SELECT json_agg(json_build_object('type', type, 'value', value)) AS all FROM (
           SELECT p.type, p.value FROM qar.file_fingerprints p WHERE p.file_id = f.id
           UNION
           SELECT p.type, p.value FROM stowage.links l, jsonb_to_recordset(l.facts -> 'fingerprints') AS p (type text, value text)
            WHERE l.library_id = f.id AND l.kind = $2 AND jsonb_typeof(l.facts -> 'fingerprints') = 'array') p) p
      WHERE ${owner} = ANY ($1::uuid[]) GROUP BY ${owner}`,
    [ids, kindNumber.file],
  );
  return new Map(rows.map(({ id, files }) => [id, files]));
}

export interface PathClue {
  path: string;
  oshash?: string | undefined;
  md5?: string | undefined;
}
export interface FoundByPath extends Found {
  /** Fingerprints tell that it is another content. */
  differs: boolean;
}

/**
 * How paths are compared: letter by letter, or composed, as macOS stores an `é` in two characters and other systems in
 * one. What is the same letter by letter is not found composed, too.
 */
export type PathForm = 'exact' | 'composed';

/** Files, or what has a file, at this path. */
export function byPath(
  client: ClientBase,
  kind: Kind,
  clues: readonly PathClue[],
  form: PathForm = 'exact',
): Promise<FoundByPath[]> {
  const files = filesTable(kind);
  const owner = files === undefined ? 'f.id' : `o.${ownerColumn[kind]}`;
  return find(
    client,
    [clues.map(({ path }) => path), clues.map(({ oshash }) => oshash), clues.map(({ md5 }) => md5)],
    'unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS k (path, oshash, md5, n)',
    `SELECT ${owner} AS id, coalesce((
         SELECT bool_and(p.value <> CASE p.type WHEN 'oshash' THEN k.oshash ELSE k.md5 END)
           FROM qar.file_fingerprints p WHERE p.file_id = f.id AND p.type IN ('oshash', 'md5')), false) AS differs
       FROM qar.files f ${files === undefined ? '' : `JOIN qar.${files} o ON o.file_id = f.id`}
      WHERE ${samePath('f.path', form)}`,
    ['differs'],
  );
}

/** Galleries made from this folder. */
export function byFolder(
  client: ClientBase,
  paths: readonly string[],
  form: PathForm = 'exact',
): Promise<Found[]> {
  return find(
    client,
    [paths],
    'unnest($1::text[]) WITH ORDINALITY AS k (path, n)',
    `SELECT g.id FROM qar.galleries g WHERE g.folder IS NOT NULL AND ${samePath(`(g.folder ->> 'path')`, form)}`,
  );
}

/** As the indexes have it: of composed paths they hold those that are not of ASCII alone. */
const samePath = (path: string, form: PathForm): string =>
  form === 'exact'
    ? `${path} = k.path`
    : `normalize(${path}, NFC) = normalize(k.path, NFC) AND octet_length(${path}) <> length(${path}) AND ${path} <> k.path`;

export interface MadeGalleryClue {
  title: string;
  images: readonly LibraryId[];
  /** Its date, details and photographer, those of them that are not null, with `|` between. */
  described: string;
}

/**
 * Galleries of no folder and no file, of that title, with one of these images. A title alone says little: where one side has
 * no images (yet, on a server that has not scanned them), all that describes them must be the same.
 */
export function byImages(client: ClientBase, clues: readonly MadeGalleryClue[]): Promise<Found[]> {
  return find(
    client,
    [
      clues.map(({ title }) => title),
      clues.map(({ images }) => `{${images.join()}}`),
      clues.map(({ described }) => described),
    ],
    'unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS k (title, images, described, n)',
    `SELECT g.id FROM qar.galleries g WHERE g.title = k.title AND g.folder IS NULL
        AND NOT EXISTS (SELECT FROM qar.gallery_files f WHERE f.gallery_id = g.id)
        AND (EXISTS (SELECT FROM qar.gallery_images i
            WHERE i.gallery_id = g.id AND i.image_id = ANY (k.images::uuid[]))
          OR concat_ws('|', g.date, g.details, g.photographer) = k.described
            AND (k.images = '{}' OR NOT EXISTS (SELECT FROM qar.gallery_images i WHERE i.gallery_id = g.id)))`,
  );
}

export interface DescribedClue {
  title: string;
  /** Its date, code, details and director, those of them that are not null, with `|` between. */
  described: string;
}

/** Scenes without a file that are described in the same words: nothing else tells who they are. */
export async function byDescription(
  client: ClientBase,
  clues: readonly DescribedClue[],
): Promise<Found[]> {
  if (clues.length === 0) return [];
  // There are few of them, and no index on titles: looked through once, not clue by clue.
  return rowsOf(
    client,
    `WITH r AS MATERIALIZED (
       SELECT r.id, r.title, concat_ws('|', r.date, r.code, r.details, r.director) AS described FROM qar.cargo r
        WHERE r.title = ANY ($1::text[]) AND NOT EXISTS (SELECT FROM qar.cargo_files f WHERE f.cargo_id = r.id))
     SELECT k.n, r.id FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k (title, described, n)
       JOIN r USING (title, described)`,
    [
      clues.map(({ title }) => storableText(title)),
      clues.map(({ described }) => storableText(described)),
    ],
  );
}

export interface NameClue {
  name: string;
  /** Asked for where it is given, empty too. */
  disambiguation?: string | undefined;
}

/** The same name, as Stash takes them for the same: whether an ASCII letter is large or small does not matter. */
export function byName(
  client: ClientBase,
  kind: Kind,
  clues: readonly NameClue[],
): Promise<Found[]> {
  return find(
    client,
    [clues.map(({ name }) => name), clues.map(({ disambiguation }) => disambiguation)],
    'unnest($1::text[], $2::text[]) WITH ORDINALITY AS k (name, disambiguation, n)',
    `SELECT r.id FROM qar.${tableOf(kind)} r
      WHERE left(lower(r.name), 64) = left(lower(k.name), 64) AND ${folded('r.name')} = ${folded('k.name')}
        ${kind === 'performer' ? `AND (k.disambiguation IS NULL OR ${folded('r.disambiguation')} = ${folded('k.disambiguation')})` : ''}`,
  );
}

/** The same name but for spaces around it, which some servers trim and others keep. */
export function byTrimmedName(
  client: ClientBase,
  kind: Kind,
  clues: readonly NameClue[],
): Promise<Found[]> {
  if (clues.length === 0) return Promise.resolve([]);
  const same = (field: string) => `${folded(`btrim(r.${field})`)} = ${folded(`btrim(k.${field})`)}`;
  // One pass over all names: no index has them trimmed.
  return rowsOf(
    client,
    `SELECT k.n, r.id FROM qar.${tableOf(kind)} r
       JOIN unnest($1::text[], $2::text[]) WITH ORDINALITY AS k (name, disambiguation, n) ON ${same('name')}
      WHERE (r.name <> btrim(r.name) OR k.name <> btrim(k.name))
        ${kind === 'performer' ? `AND (k.disambiguation IS NULL OR ${same('disambiguation')})` : ''}`,
    [
      clues.map(({ name }) => storableText(name)),
      clues.map(({ disambiguation }) => disambiguation && storableText(disambiguation)),
    ],
  );
}

/** Records that have this name as an alias. */
export function byAlias(
  client: ClientBase,
  kind: 'tag' | 'studio' | 'performer',
  names: readonly string[],
): Promise<Found[]> {
  // One pass over all aliases: no index has them.
  return rowsOf(
    client,
    `SELECT k.n, a.id FROM (SELECT r.id, ${folded('alias')} AS alias FROM qar.${tableOf(kind)} r, unnest(r.aliases) alias) a
       JOIN unnest($1::text[]) WITH ORDINALITY AS k (name, n) ON a.alias = ${folded('k.name')}`,
    [names.map(storableText)],
  );
}

export interface FoundByLikeness extends Found {
  /** pg_trgm's, 0 to 1. */
  score: number;
}

/** Records with a name like this one; undefined where PostgreSQL has no pg_trgm. */
export async function bySimilarName(
  client: ClientBase,
  kind: 'studio' | 'performer',
  names: readonly string[],
  atLeast: number,
): Promise<FoundByLikeness[] | undefined> {
  const { rows } = await client.query<{ schema: string }>(
    `SELECT extnamespace::regnamespace::text AS schema, set_config('pg_trgm.similarity_threshold', $1, false)
       FROM pg_extension WHERE extname = 'pg_trgm'`,
    [String(atLeast)],
  );
  const [pgTrgm] = rows;
  if (pgTrgm === undefined) return undefined;
  return find<FoundByLikeness>(
    client,
    [names],
    'unnest($1::text[]) WITH ORDINALITY AS k (name, n)',
    `SELECT r.id, ${pgTrgm.schema}.similarity(lower(r.name), lower(k.name)) AS score FROM qar.${tableOf(kind)} r
      WHERE lower(r.name) OPERATOR(${pgTrgm.schema}.%) lower(k.name)`,
    ['score'],
  );
}

export interface MarkerClue {
  scene: LibraryId;
  seconds: number;
  primaryTag: LibraryId | null;
  title: string;
}

export function byMoment(client: ClientBase, clues: readonly MarkerClue[]): Promise<Found[]> {
  return find(
    client,
    [
      clues.map(({ scene }) => scene),
      clues.map(({ seconds }) => seconds),
      clues.map(({ primaryTag }) => primaryTag),
      clues.map(({ title }) => title),
    ],
    `unnest($1::uuid[], $2::double precision[], $3::uuid[], $4::text[]) WITH ORDINALITY
      AS k (scene, seconds, tag, title, n)`,
    `SELECT m.id FROM qar.markers m WHERE m.cargo_id = k.scene AND m.seconds = k.seconds
        AND m.primary_tag_id IS NOT DISTINCT FROM k.tag AND m.title = k.title`,
  );
}

export interface ChapterClue {
  gallery: LibraryId;
  imageIndex: number;
  title: string;
}

export function byChapter(client: ClientBase, clues: readonly ChapterClue[]): Promise<Found[]> {
  return find(
    client,
    [
      clues.map(({ gallery }) => gallery),
      clues.map(({ imageIndex }) => imageIndex),
      clues.map(({ title }) => title),
    ],
    'unnest($1::uuid[], $2::bigint[], $3::text[]) WITH ORDINALITY AS k (gallery, index, title, n)',
    `SELECT c.id FROM qar.chapters c
      WHERE c.gallery_id = k.gallery AND c.image_index = k.index AND c.title = k.title`,
  );
}

export interface FilterClue {
  mode: string;
  name: string;
}

export function byFilterName(client: ClientBase, clues: readonly FilterClue[]): Promise<Found[]> {
  return find(
    client,
    [clues.map(({ mode }) => mode), clues.map(({ name }) => name)],
    'unnest($1::text[], $2::text[]) WITH ORDINALITY AS k (mode, name, n)',
    'SELECT f.id FROM qar.saved_filters f WHERE f.mode = k.mode AND f.name = k.name',
  );
}

/** What a record of the library is to a source. */
export interface Standing {
  isDeleted: boolean;
  /** The record that it became part of (stowage.folds). */
  foldedInto: LibraryId | null;
  /** The source's own records that are linked to it, and whether each was still there. */
  links: readonly { remoteId: Id; isAbsent: boolean }[];
  /** What tells it from others that have the same clues (`tellingOf` in sync/matching/evidence.ts). */
  telling: string;
  stashIds: readonly StashIdClue[];
}

export async function standings(
  client: ClientBase,
  sourceId: number,
  kind: Kind,
  ids: readonly LibraryId[],
): Promise<Map<LibraryId, Standing>> {
  if (ids.length === 0) return new Map();
  const { rows } = await client.query<Standing & { id: LibraryId }>(
    // Joined, and not asked for each record: where there are many, PostgreSQL took that for worth compiling, each time anew.
    `WITH l AS (
       SELECT l.library_id AS id, json_agg(json_build_object('remoteId', l.remote_id, 'isAbsent', l.absent_since IS NOT NULL)) AS links
         FROM stowage.links l WHERE l.library_id = ANY ($3::uuid[]) AND l.source_id = $1 AND l.kind = $2 GROUP BY l.library_id)
     SELECT r.id, r.deleted_at IS NOT NULL AS "isDeleted", ${telling[kind] ?? `''`} AS telling,
       f.destination AS "foldedInto", ${boxesOf(kind)} AS "stashIds", coalesce(l.links, '[]') AS links
     FROM qar.${tableOf(kind)} r LEFT JOIN l ON l.id = r.id LEFT JOIN stowage.folded f ON f.origin = r.id
    WHERE r.id = ANY ($3::uuid[])`,
    [sourceId, kindNumber[kind], ids],
  );
  return new Map(rows.map(({ id, ...standing }) => [id, standing]));
}

/** A record's stash ids, in a statement that has it as `r`. */
function boxesOf(kind: Kind): string {
  const table = stashIdsTable(kind);
  if (table === undefined) return `'[]'::json`;
  return `coalesce((SELECT json_agg(json_build_object('endpoint', s.endpoint, 'stashId', s.stash_id))
    FROM qar.${table} s WHERE s.${ownerColumn[kind]} = r.id), '[]')`;
}

const telling: { [K in Kind]?: string } = {
  scene: 'r.title',
  image: 'r.title',
  gallery: 'r.title',
  marker: `concat_ws(' ', coalesce(r.end_seconds::text, '-'),
    (SELECT string_agg(t.tag_id::text, ' ' ORDER BY t.tag_id) FROM qar.marker_tags t WHERE t.marker_id = r.id))`,
};

/** The records that a person said a source's ones are not. */
export async function rejected(
  client: ClientBase,
  sourceId: number,
  kind: Kind,
  remoteIds: readonly Id[],
): Promise<Map<Id, Set<LibraryId>>> {
  const { rows } = await client.query<{ remote: string; others: LibraryId[] }>(
    `SELECT remote_id AS remote, array_agg(other_id::text) AS others FROM stowage.matches
      WHERE source_id = $1 AND kind = $2 AND remote_id = ANY ($3::bigint[]) AND answer = 'rejected'
      GROUP BY remote_id`,
    [sourceId, kindNumber[kind], remoteIds],
  );
  return new Map(rows.map(({ remote, others }) => [Number(remote), new Set(others)]));
}

/** How a folder on Windows, where large and small letters are the same, is spelled in the paths that are held. */
export async function spellings(client: ClientBase, folder: string): Promise<string[]> {
  const { rows } = await client.query<{ spelling: string }>(
    `SELECT DISTINCT left(path, length($1)) AS spelling FROM qar.files WHERE lower(left(path, length($1))) = lower($1)
     UNION
     SELECT left(folder ->> 'path', length($1)) FROM qar.galleries WHERE lower(left(folder ->> 'path', length($1))) = lower($1)`,
    [folder],
  );
  return rows.map(({ spelling }) => spelling);
}

function stashIdsTable(kind: Kind): string | undefined {
  const storage = storedFields[kind].find(({ name }) => name === 'stashIds')?.storage;
  return storage?.in === 'stashIds' ? storage.table : undefined;
}

/** The table that ties a kind to its files; files themselves have none. */
function filesTable(kind: Kind): string | undefined {
  const storage = storedFields[kind].find(({ name }) => name === 'files')?.storage;
  return storage?.in === 'join' ? storage.table : undefined;
}

/** ASCII letters small, the others as they are: "C" knows no others. */
export const folded = (text: string): string => `lower(${text} COLLATE "C")`;

/** For each clue the records that have it, as many as matter: clue by clue, so that an index answers. */
async function find<F extends Found = Found>(
  client: ClientBase,
  clues: readonly (readonly unknown[])[],
  asked: string,
  holders: string,
  more: readonly string[] = [],
): Promise<F[]> {
  if (clues[0]?.length === 0) return [];
  const stored = clues.map((column) =>
    column.map((value) => (typeof value === 'string' ? storableText(value) : value)),
  );
  return rowsOf<F>(
    client,
    `SELECT ${['k.n', 'f.id', ...more.map((column) => `f.${column}`)].join(', ')}
       FROM ${asked} CROSS JOIN LATERAL (${holders} LIMIT ${tooCommon + 1}) f`,
    stored,
  );
}

async function rowsOf<F extends Found = Found>(
  client: ClientBase,
  text: string,
  values: unknown[],
): Promise<F[]> {
  const { rows } = await client.query<{ n: string; id: LibraryId }>(text, values);
  const counts = new Map<string, number>();
  for (const { n } of rows) counts.set(n, (counts.get(n) ?? 0) + 1);
  return rows
    .filter(({ n }) => (counts.get(n) as number) <= tooCommon)
    .map(({ n, id, ...more }) => ({ ...more, n: Number(n) - 1, libraryId: id }) as F);
}
