import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { recordDone } from './journal.ts';
import { kindNumber, kindOfNumber, ownerColumn, type StoredField, tableOf } from './layout.ts';
import { markRecordsEdited } from './links.ts';
import { filtersNaming, namedByOthers } from './naming.ts';
import type { Source } from './sources.ts';

/**
 * Two records that are one: the origin is marked as deleted, and is the destination now. This is what is written down
 * besides what changes in records: the fold itself, and whose links go along.
 *
 * A source that has the origin only is linked to the destination from then on. One that has both keeps the link to the
 * origin: its record is known, so it is not taken for new, and what names it there names the destination here.
 */
export interface Fold {
  destination: LibraryId;
  /** Links of the origin that are the destination's now. */
  moved: { sourceId: number; remoteId: Id }[];
  /**
   * Links of the destination to records that were gone from their sources, which had the origin too, and of what belonged
   * to these: whole rows.
   */
  dropped: object[];
}

/** Writes down a fold. In the transaction that folds. */
export async function addFold(
  client: ClientBase,
  runId: number,
  kind: Kind,
  origin: LibraryId,
  destination: LibraryId,
): Promise<void> {
  await client.query(
    `INSERT INTO stowage.folds (origin, kind, destination) VALUES ($1, $2, $3)
     ON CONFLICT (origin) DO UPDATE SET destination = excluded.destination`,
    [origin, kindNumber[kind], destination],
  );
  const both = [kindNumber[kind], origin, destination];
  const { rows: dropped } = await client.query<{ link: object }>(
    `DELETE FROM stowage.links d WHERE d.kind = $1 AND d.library_id = $3 AND d.absent_since IS NOT NULL
        AND EXISTS (SELECT FROM stowage.links o WHERE o.kind = $1 AND o.library_id = $2
          AND o.source_id = d.source_id AND o.absent_since IS NULL)
     RETURNING to_jsonb(d) AS link`,
    both,
  );
  // What belonged to a record that was gone went with it: it is made anew of the one that the source has.
  const { rows: parts } = await client.query<{ link: object }>(
    `DELETE FROM stowage.links p USING json_to_recordset($1::json) AS d (source_id smallint), (
         SELECT id FROM qar.markers WHERE cargo_id = $2 UNION ALL SELECT id FROM qar.chapters WHERE gallery_id = $2) m
      WHERE p.library_id = m.id AND p.source_id = d.source_id AND p.absent_since IS NOT NULL
     RETURNING to_jsonb(p) AS link`,
    [JSON.stringify(dropped.map(({ link }) => link)), destination],
  );
  const { rows: moved } = await client.query<{ source: number; remote: string }>(
    `UPDATE stowage.links o SET library_id = $3, edited = true WHERE o.kind = $1 AND o.library_id = $2
        AND NOT EXISTS (SELECT FROM stowage.links d WHERE d.kind = $1 AND d.library_id = $3 AND d.source_id = o.source_id)
     RETURNING source_id AS source, remote_id AS remote`,
    both,
  );
  // These sources have a record now for what the destination is named by.
  for (const { source } of moved) {
    await markRecordsEdited(client, { id: source }, [
      ...(await namedByOthers(client, kind, [destination])).map(({ by }) => by),
      ...(await filtersNaming(client, destination)),
    ]);
  }
  await dropQuestions(client, kind, origin);
  await moveSuggestions(client, origin, destination);
  const fold: Fold = {
    destination,
    moved: moved.map(({ source, remote }) => ({ sourceId: source, remoteId: Number(remote) })),
    dropped: [...dropped, ...parts].map(({ link }) => link),
  };
  await recordDone(client, runId, [{ kind, libraryId: origin, action: 'fold', after: fold }]);
}

/** Takes a fold back, as its line of the journal tells it: the origin has its links again. */
export async function removeFold(
  client: ClientBase,
  runId: number,
  kind: Kind,
  origin: LibraryId,
  fold: Fold,
): Promise<void> {
  await client.query('DELETE FROM stowage.folds WHERE origin = $1', [origin]);
  await client.query(
    `UPDATE stowage.links l SET library_id = $1, edited = true
       FROM json_to_recordset($4::json) AS m ("sourceId" smallint, "remoteId" bigint)
      WHERE (l.source_id, l.kind, l.remote_id, l.library_id) = (m."sourceId", $2, m."remoteId", $3)`,
    [origin, kindNumber[kind], fold.destination, JSON.stringify(fold.moved)],
  );
  await client.query(
    `INSERT INTO stowage.links SELECT * FROM json_populate_recordset(null::stowage.links, $1::json)
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(fold.dropped)],
  );
  await dropQuestions(client, kind, fold.destination);
  await recordDone(client, runId, [{ kind, libraryId: origin, action: 'fold', before: fold }]);
}

/** Of some records those that are another's now, and whose. */
export async function foldedAmong(
  client: ClientBase,
  ids: readonly LibraryId[],
): Promise<Map<LibraryId, LibraryId>> {
  if (ids.length === 0) return new Map();
  const { rows } = await client.query<{ origin: LibraryId; destination: LibraryId }>(
    'SELECT origin, destination FROM stowage.folded WHERE origin = ANY ($1::uuid[])',
    [ids],
  );
  return new Map(rows.map(({ origin, destination }) => [origin, destination]));
}

/** Of two records of a source that are one here, by kind: the number of the part, and that of the one which stands for both. */
export async function partsAt(
  client: ClientBase,
  source: Pick<Source, 'id'>,
): Promise<Map<Kind, Map<Id, Id>>> {
  const { rows } = await client.query<{ kind: number; part: string; whole: string }>(
    `SELECT o.kind, o.remote_id AS part, d.remote_id AS whole FROM stowage.folded f
       JOIN stowage.links o ON o.library_id = f.origin AND o.source_id = $1
       JOIN stowage.links d ON d.library_id = f.destination AND (d.source_id, d.kind) = (o.source_id, o.kind)
      WHERE d.absent_since IS NULL`,
    [source.id],
  );
  const parts = new Map<Kind, Map<Id, Id>>();
  for (const { kind: number, part, whole } of rows) {
    const kind = kindOfNumber.get(number) as Kind;
    const of = parts.get(kind) ?? new Map<Id, Id>();
    parts.set(kind, of.set(Number(part), Number(whole)));
  }
  return parts;
}

/** Of records that others became part of here: what those are called at a source that still has them beside it. */
export async function partNamesAt(
  client: ClientBase,
  source: Pick<Source, 'id'>,
  libraryIds: readonly LibraryId[],
): Promise<Map<LibraryId, string[]>> {
  if (libraryIds.length === 0) return new Map();
  const { rows } = await client.query<{ whole: LibraryId; names: string[] }>(
    `SELECT f.destination AS whole, array_agg(n.name) AS names FROM stowage.folded f
       JOIN stowage.links o ON o.library_id = f.origin AND o.source_id = $1 AND o.absent_since IS NULL
       CROSS JOIN LATERAL (
         SELECT o.base ->> 'name' AS name
         UNION ALL SELECT jsonb_array_elements_text(o.base -> 'aliases')
          WHERE jsonb_typeof(o.base -> 'aliases') = 'array') n
      WHERE f.destination = ANY ($2::uuid[]) AND n.name IS NOT NULL GROUP BY f.destination`,
    [source.id, libraryIds],
  );
  return new Map(rows.map(({ whole, names }) => [whole, names]));
}

/**
 * Where a source had two records that are one here, and lost the one that is linked to the destination: by its number,
 * the number of the one that it still has, and that is to be linked instead.
 */
export async function heirsOf(
  client: ClientBase,
  sourceId: number,
  kind: Kind,
  gone: readonly Id[],
): Promise<Map<Id, Id>> {
  const { rows } = await client.query<{ lost: string; heir: string }>(
    `SELECT d.remote_id AS lost, min(o.remote_id) AS heir
       FROM stowage.links d JOIN stowage.folded f ON f.destination = d.library_id
       JOIN stowage.links o ON o.library_id = f.origin AND o.source_id = d.source_id AND o.kind = d.kind
      WHERE d.source_id = $1 AND d.kind = $2 AND d.remote_id = ANY ($3::bigint[])
        AND o.absent_since IS NULL AND o.remote_id <> ALL ($3::bigint[])
      GROUP BY d.remote_id`,
    [sourceId, kindNumber[kind], gone],
  );
  return new Map(rows.map(({ lost, heir }) => [Number(lost), Number(heir)]));
}

/** Where records of a hierarchy point to, from some of them on upwards; `field` is the one that points. */
export async function edgesFrom(
  client: ClientBase,
  kind: Kind,
  { storage }: StoredField,
  ids: readonly LibraryId[],
): Promise<Map<LibraryId, LibraryId[]>> {
  const edges =
    storage.in === 'join'
      ? `SELECT ${ownerColumn[kind]} AS one, ${storage.target} AS other FROM qar.${storage.table}`
      : `SELECT id AS one, ${(storage as { column: string }).column} AS other FROM qar.${tableOf(kind)}`;
  const { rows } = await client.query<{ one: LibraryId; others: LibraryId[] }>(
    `WITH RECURSIVE edges AS (${edges}), reached (id) AS (
       SELECT unnest($1::uuid[]) UNION SELECT e.other FROM reached r JOIN edges e ON e.one = r.id)
     SELECT e.one, array_agg(e.other::text) AS others FROM reached r JOIN edges e ON e.one = r.id
      WHERE e.other IS NOT NULL GROUP BY e.one`,
    [ids],
  );
  return new Map(rows.map(({ one, others }) => [one, others]));
}

/** What was asked about the record's links is asked again by the next sync, where it is still a question. */
async function dropQuestions(client: ClientBase, kind: Kind, of: LibraryId): Promise<void> {
  await client.query(
    `UPDATE stowage.conflicts SET settled_at = now(), settled = 'agreed'
      WHERE kind = $1 AND library_id = $2 AND settled_at IS NULL`,
    [kindNumber[kind], of],
  );
}

/** Suggestions about the origin are about the destination; that it is the destination has been answered. */
async function moveSuggestions(
  client: ClientBase,
  origin: LibraryId,
  destination: LibraryId,
): Promise<void> {
  const both = [origin, destination];
  await client.query(
    `UPDATE stowage.matches SET answered_at = now(), answer = 'accepted'
      WHERE answer IS NULL AND (library_id, other_id) IN (($1, $2), ($2, $1))`,
    both,
  );
  await client.query(
    'UPDATE stowage.matches SET library_id = $2 WHERE answer IS NULL AND library_id = $1',
    both,
  );
  await client.query(
    `UPDATE stowage.matches m SET other_id = $2 WHERE answer IS NULL AND other_id = $1
        AND NOT EXISTS (SELECT FROM stowage.matches n WHERE n.other_id = $2
          AND (n.source_id, n.kind, n.remote_id) = (m.source_id, m.kind, m.remote_id))`,
    both,
  );
  await client.query('DELETE FROM stowage.matches WHERE answer IS NULL AND other_id = $1', [
    origin,
  ]);
}
