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

export interface Decisions {
  of: { [K in Kind]: Decided };
  /** Deletions that wait for a person: how many of each kind. */
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

const hasFiles: ReadonlySet<Kind> = new Set(['scene', 'image', 'gallery', 'file']);

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
  options: { now: number /** So many deletions a person has agreed to. */; allowed: number },
): Promise<Decisions> {
  const travels = source.deletions === 'library' || source.deletions === 'both';
  const of = {} as Decisions['of'];
  for (const kind of kindNames) {
    const due = ({ absentSince, withOwner }: GoneLink) =>
      travels &&
      !withOwner &&
      (!hasFiles.has(kind) ||
        (absentSince !== null && options.now - absentSince.getTime() >= patience));
    of[kind] = {
      deleted: gone[kind].filter(due).map(({ id }) => id),
      stays: gone[kind].filter((link) => !due(link)).map(({ id }) => id),
    };
  }
  const held: Decisions['held'] = {};
  const why: string[] = [];
  // Files follow their records: they are no deletions of a person's.
  const counted = kindNames.filter((kind) => kind !== 'file');
  const sum = () => counted.reduce((all, kind) => all + of[kind].deleted.length, 0);
  if (sum() === options.allowed) return { of, held, why };
  const hold = (kind: Kind, ids: ReadonlySet<Id>) => {
    const { deleted, stays } = of[kind];
    held[kind] = (held[kind] ?? 0) + ids.size;
    of[kind] = {
      deleted: deleted.filter((id) => !ids.has(id)),
      stays: [...stays, ...deleted.filter((id) => ids.has(id))].sort((a, b) => a - b),
    };
  };
  if (sum() > mostInAll) {
    why.push(`${sum()} records in all would be deleted here`);
    for (const kind of counted) {
      if (of[kind].deleted.length > 0) hold(kind, new Set(of[kind].deleted));
    }
    return { of, held, why };
  }
  for (const kind of counted) {
    const { deleted } = of[kind];
    if (deleted.length <= alwaysAllowed) continue;
    const all = await countLinks(client, source, kind);
    if (deleted.length > all * largestShare) {
      why.push(`${deleted.length} of ${all} ${plural[kind]} would be deleted here`);
      hold(kind, new Set(deleted));
      continue;
    }
    for (const { ids, count } of await byFolder(client, source, kind, deleted)) {
      if (ids.length <= alwaysAllowed || ids.length <= count * largestShare) continue;
      why.push(`${ids.length} of ${count} ${plural[kind]} of one folder would be deleted here`);
      hold(kind, new Set(ids));
    }
  }
  return { of, held, why };
}

async function countLinks(client: ClientBase, source: Source, kind: Kind): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM stowage.links WHERE source_id = $1 AND kind = $2',
    [source.id, kindNumber[kind]],
  );
  return rows[0]?.count ?? 0;
}

const fileTables: { [kind: string]: [table: string, owner: string] } = {
  scene: ['cargo_files', 'cargo_id'],
  image: ['image_files', 'image_id'],
};

/** The records to be deleted by the folder of their primary file, with how many records that folder has. */
async function byFolder(
  client: ClientBase,
  source: Source,
  kind: Kind,
  ids: readonly Id[],
): Promise<{ ids: Id[]; count: number }[]> {
  const [table, owner] = fileTables[kind] ?? [];
  if (table === undefined) return [];
  const { rows } = await client.query<{ ids: string[]; count: number }>(
    `WITH placed AS (
       SELECT l.remote_id AS id, regexp_replace(f.path, '[/\\\\][^/\\\\]*$', '') AS folder
         FROM stowage.links l
         JOIN qar.${table} j ON j.${owner} = l.library_id AND j.position = 0
         JOIN qar.files f ON f.id = j.file_id
        WHERE l.source_id = $1 AND l.kind = $2)
     SELECT array_agg(id) FILTER (WHERE id = ANY ($3::bigint[])) AS ids, count(*)::int AS count
       FROM placed GROUP BY folder HAVING bool_or(id = ANY ($3::bigint[]))`,
    [source.id, kindNumber[kind], ids],
  );
  return rows.map(({ ids: found, count }) => ({ ids: found.map(Number), count }));
}
