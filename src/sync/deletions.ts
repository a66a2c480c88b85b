import type { ClientBase } from 'pg';
import { kindNumber } from '../library/layout.ts';
import type { Source } from '../library/sources.ts';
import type { Id } from '../model/fields.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import { plural } from '../model/vocabulary.ts';

/** What is done about records that are gone from the source (design.md §5.7). */
interface Decided {
  /** Deleted in the library too. */
  deleted: Id[];
  /** Gone, but not deleted here: not yet, not allowed, or not before a person says so. */
  stays: Id[];
}

export interface Decisions extends Held {
  of: { [K in Kind]: Decided };
}

/** What waits for a person. */
export interface Held {
  /** Deletions: how many of each kind. */
  held: { [kind: string]: number };
  /** For people: why they are held. */
  why: string[];
}

/** A run that would delete more than this share of a kind or folder, and more than so many, stops and asks. */
const largestShare = 0.1;
const alwaysAllowed = 20;
/** And one that would delete more records than this in all. */
const mostInAll = 200;
/** What has files is only deleted when it was gone for so long: a disk may just not be mounted. */
const patience = 24 * 60 * 60 * 1000;

/** What lies on a disk. */
export const hasFiles: ReadonlySet<Kind> = new Set(['scene', 'image', 'gallery', 'file']);

/** Records that go with the one they belong to. */
export const ownerField: { [K in Kind]?: 'scene' | 'gallery' } = {
  marker: 'scene',
  chapter: 'gallery',
};

/** A link whose record is gone from the source. */
export interface GoneLink {
  id: Id;
  absentSince: Date | null;
  /** Its owner (a marker's scene) is gone as well. */
  withOwner: boolean;
}

export async function decideDeletions(
  client: ClientBase,
  source: Source,
  gone: { [K in Kind]: readonly GoneLink[] },
  now: number,
  allowance: Allowance,
  isDiskAway = false,
): Promise<Decisions> {
  const travels = source.deletions === 'library' || source.deletions === 'both';
  const due = {} as { [K in Kind]: Id[] };
  for (const kind of kindNames) {
    const isDue = ({ absentSince, withOwner }: GoneLink) =>
      travels &&
      !withOwner &&
      (!hasFiles.has(kind) || (absentSince !== null && now - absentSince.getTime() >= patience));
    due[kind] = gone[kind].filter(isDue).map(({ id }) => id);
  }
  const { back, ...told } = await holdBack(client, source, due, 'in the library', allowance, {
    asked: isDiskAway ? hasFiles : new Set(),
  });
  // A file is what its record is known by: while that waits for a person, or for its disk, so does the file.
  if (isDiskAway || [...hasFiles].some((kind) => back[kind].size > 0)) due.file = [];
  const of = {} as Decisions['of'];
  for (const kind of kindNames) {
    const deleted = due[kind].filter((id) => !back[kind].has(id));
    const going = new Set(deleted);
    const stays = gone[kind].map(({ id }) => id).filter((id) => !going.has(id));
    of[kind] = { deleted, stays };
  }
  return { of, ...told };
}

/** How many deletions a person has agreed to; what is let through takes its part. */
export interface Allowance {
  left: number;
}

/**
 * Which deletions wait for a person, as there are too many of them in one run, in whichever direction, or as those of their
 * kind are always asked about.
 */
export async function holdBack(
  client: ClientBase,
  source: Source,
  due: { [K in Kind]: readonly Id[] },
  where: string,
  allowance: Allowance,
  { asked }: { asked: ReadonlySet<Kind> } = { asked: new Set() },
): Promise<Held & { back: { [K in Kind]: ReadonlySet<Id> } }> {
  const back = Object.fromEntries(kindNames.map((kind) => [kind, new Set<Id>()])) as {
    [K in Kind]: Set<Id>;
  };
  const why: string[] = [];
  // Files follow their records: they are no deletions of a person's.
  const counted = kindNames.filter((kind) => kind !== 'file');
  const hold = (kind: Kind, ids: readonly Id[]) => {
    for (const id of ids) back[kind].add(id);
  };
  const all = counted.reduce((sum, kind) => sum + due[kind].length, 0);
  if (all > mostInAll) {
    why.push(`${all} records in all would be deleted ${where}`);
    for (const kind of counted) hold(kind, due[kind]);
  } else {
    for (const kind of counted) {
      const ids = due[kind];
      if (ids.length === 0 || (ids.length <= alwaysAllowed && !asked.has(kind))) continue;
      const count = await countLinks(client, source, kind);
      if (asked.has(kind) || ids.length > count * largestShare) {
        why.push(`${ids.length} of ${count} ${plural[kind]} would be deleted ${where}`);
        hold(kind, ids);
        continue;
      }
      for (const { folder, ids: inside, count } of await tooMuchOf(client, source, kind, ids)) {
        if (inside.every((id) => back[kind].has(id))) continue; // a folder above or below it says so
        why.push(
          `${inside.length} of ${count} ${plural[kind]} in ${folder} would be deleted ${where}`,
        );
        hold(kind, inside);
      }
    }
  }
  const held: Held['held'] = {};
  for (const kind of counted) if (back[kind].size > 0) held[kind] = back[kind].size;
  const holds = Object.values(held).reduce((sum, count) => sum + count, 0);
  if (holds > allowance.left) return { back, held, why };
  allowance.left -= holds;
  for (const kind of counted) back[kind].clear();
  return { back, held: {}, why: [] };
}

/** Of a few records that are all gone nobody can tell whether somebody deleted them. */
const fewest = 3;

/** Everything that lies on a disk, by kind, where all of it is gone from the source; undefined where anything is there. */
export async function goneWithDisk(
  client: ClientBase,
  source: Source,
  gone: { [K in Kind]: readonly Id[] },
): Promise<{ [K in Kind]?: number } | undefined> {
  const counts = {
    scene: gone.scene.length,
    image: gone.image.length,
    gallery: gone.gallery.length,
  };
  if (counts.scene + counts.image < fewest) return undefined;
  for (const kind of ['scene', 'image'] as const) {
    if (counts[kind] < (await countLinks(client, source, kind))) return undefined;
  }
  return counts;
}

async function countLinks(client: ClientBase, source: Source, kind: Kind): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM stowage.links WHERE source_id = $1 AND kind = $2',
    [source.id, kindNumber[kind]],
  );
  return rows[0]?.count ?? 0;
}

/** Where records of a kind lie: the path of their primary file, or of the folder that a gallery is. */
const placeOf: { [K in Kind]?: string } = {
  scene: `SELECT f.path FROM qar.cargo_files j JOIN qar.files f ON f.id = j.file_id
    WHERE j.cargo_id = l.library_id AND j.position = 0`,
  image: `SELECT f.path FROM qar.image_files j JOIN qar.files f ON f.id = j.file_id
    WHERE j.image_id = l.library_id AND j.position = 0`,
  gallery: `SELECT coalesce(g.folder ->> 'path', (SELECT f.path FROM qar.gallery_files j JOIN qar.files f ON f.id = j.file_id
      WHERE j.gallery_id = g.id AND j.position = 0)) AS path
    FROM qar.galleries g WHERE g.id = l.library_id`,
};

/**
 * The folders of which too much would be deleted, with how many records they have, all that is below them included: a
 * disk that is not mounted takes a whole tree along, of many small folders perhaps. The fullest first, and of those the
 * one that says it best.
 */
async function tooMuchOf(
  client: ClientBase,
  source: Source,
  kind: Kind,
  ids: readonly Id[],
): Promise<{ folder: string; ids: Id[]; count: number }[]> {
  const place = placeOf[kind];
  if (place === undefined) return [];
  const { rows } = await client.query<{ folder: string; ids: string[]; count: number }>(
    `WITH placed AS (
       SELECT l.remote_id AS id, string_to_array(replace(p.path, '\\', '/'), '/') AS parts
         FROM stowage.links l, LATERAL (${place}) p WHERE l.source_id = $1 AND l.kind = $2)
     SELECT array_to_string(parts[:depth], '/') AS folder, count(*)::int AS count,
         array_agg(id) FILTER (WHERE id = ANY ($3::bigint[])) AS ids
       FROM placed, generate_series(2, cardinality(parts) - 1) AS depth GROUP BY folder
      HAVING count(*) FILTER (WHERE id = ANY ($3::bigint[])) > greatest($4::int, count(*) * $5::float8)
      ORDER BY cardinality(array_agg(id) FILTER (WHERE id = ANY ($3::bigint[]))) DESC, count, folder`,
    [source.id, kindNumber[kind], ids, alwaysAllowed, largestShare],
  );
  return rows.map((row) => ({ ...row, ids: row.ids.map(Number) }));
}
