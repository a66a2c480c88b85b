import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { kindNumber, kindOfNumber, tableOf } from './layout.ts';
import { folded } from './lookUps.ts';
import type { Source } from './sources.ts';
import { recordset } from './storable.ts';

/** Two records that may be one: for a person to say. */
export interface Match {
  id: number;
  sourceId: number;
  kind: Kind;
  remoteId: Id;
  /** The record that the source's own is linked to, and the one that it may be. */
  libraryId: LibraryId;
  otherId: LibraryId;
  why: string;
  /** From 0 to 1. */
  score: number;
  foundAt: Date;
  answeredAt: Date | null;
  answer: Answer | null;
}
export type Answer = 'accepted' | 'rejected';

/** Suggests matches, or says anew how good they are; what a person answered once is not asked again. */
export async function suggestMatches(
  client: ClientBase,
  { id: sourceId }: Source,
  matches: readonly Pick<Match, 'kind' | 'remoteId' | 'libraryId' | 'otherId' | 'why' | 'score'>[],
): Promise<void> {
  if (matches.length === 0) return;
  await client.query(
    `INSERT INTO stowage.matches AS m (source_id, kind, remote_id, library_id, other_id, why, score)
     SELECT $1, n.* FROM json_to_recordset($2::json)
       AS n (kind smallint, remote_id bigint, library_id uuid, other_id uuid, why text, score real)
     ON CONFLICT (source_id, kind, remote_id, other_id) DO UPDATE SET
       library_id = excluded.library_id, why = excluded.why, score = excluded.score WHERE m.answered_at IS NULL`,
    [
      sourceId,
      recordset(
        matches.map(({ kind, remoteId, libraryId, otherId, why, score }) => ({
          kind: kindNumber[kind],
          remote_id: remoteId,
          library_id: libraryId,
          other_id: otherId,
          why,
          score,
        })),
      ),
    ],
  );
}

/** Of these records those that may be another one, which waits for an answer. */
export async function matchesOf(
  client: ClientBase,
  ids: readonly LibraryId[],
): Promise<Map<LibraryId, Match[]>> {
  const { rows } = await client.query<{ id: number }>(
    `SELECT id::float8 AS id FROM stowage.matches
      WHERE answer IS NULL AND (library_id = ANY ($1::uuid[]) OR other_id = ANY ($1::uuid[]))`,
    [ids],
  );
  const found = rows.length > 0 ? await listMatches(client, { ids: rows.map(({ id }) => id) }) : [];
  const asked = new Set(ids);
  const of = found.flatMap((match) =>
    [match.libraryId, match.otherId]
      .filter((id) => asked.has(id))
      .map((id) => [id, match] as const),
  );
  return new Map(
    [...Map.groupBy(of, ([id]) => id)].map(([id, some]) => [id, some.map(([, match]) => match)]),
  );
}

/**
 * Suggests that a record whose name is another's alias is that one: no Stash takes both, of tags and studios. Not where
 * a source keeps the two apart itself, nor what was suggested before, either way round.
 */
export async function suggestAliases(client: ClientBase, { id: sourceId }: Source): Promise<void> {
  for (const kind of ['tag', 'studio', 'performer'] as const) {
    await client.query(
      `INSERT INTO stowage.matches (source_id, kind, remote_id, library_id, other_id, why, score)
       SELECT l.source_id, $2, l.remote_id, x.id, a.id, 'its name is an alias of the other', 0.9
         FROM qar.${tableOf(kind)} x
         JOIN (SELECT DISTINCT r.id, ${folded('alias')} AS alias FROM qar.${tableOf(kind)} r, unnest(r.aliases) AS alias
                WHERE r.deleted_at IS NULL) a ON a.alias = ${folded('x.name')} AND a.id <> x.id
         CROSS JOIN LATERAL (SELECT source_id, remote_id FROM stowage.links l
           WHERE l.library_id = x.id AND l.absent_since IS NULL ORDER BY source_id <> $1, source_id LIMIT 1) l
        WHERE x.deleted_at IS NULL AND x.name <> ''
          AND NOT EXISTS (SELECT FROM stowage.links one JOIN stowage.links other USING (source_id)
            WHERE one.library_id = x.id AND other.library_id = a.id
              AND one.absent_since IS NULL AND other.absent_since IS NULL
              AND jsonb_typeof(other.base -> 'aliases') = 'array'
              AND EXISTS (SELECT FROM jsonb_array_elements_text(other.base -> 'aliases') AS known
                WHERE ${folded('known')} = a.alias))
          AND NOT EXISTS (SELECT FROM stowage.matches m
            WHERE (m.library_id, m.other_id) IN ((x.id, a.id), (a.id, x.id)))
       ON CONFLICT DO NOTHING`,
      [sourceId, kindNumber[kind]],
    );
  }
}

export interface MatchFilter {
  ids?: readonly number[];
  sourceId?: number;
  kind?: Kind;
  answer?: Answer;
  /** The least score. */
  atLeast?: number;
}

/** The best first. Only those that wait for an answer, unless others are asked for. */
export async function listMatches(client: ClientBase, filter: MatchFilter = {}): Promise<Match[]> {
  const { rows } = await client.query(
    `SELECT id::float8 AS id, source_id AS "sourceId", kind, remote_id::float8 AS "remoteId",
       library_id AS "libraryId", other_id AS "otherId", why, score, found_at AS "foundAt",
       answered_at AS "answeredAt", answer
     FROM stowage.matches
     WHERE ($1::bigint[] IS NULL OR id = ANY ($1)) AND ($2::smallint IS NULL OR source_id = $2)
       AND ($3::smallint IS NULL OR kind = $3) AND answer IS NOT DISTINCT FROM $4 AND score >= $5::real
     ORDER BY score DESC, id`,
    [
      filter.ids ?? null,
      filter.sourceId ?? null,
      filter.kind === undefined ? null : kindNumber[filter.kind],
      filter.answer ?? null,
      filter.atLeast ?? 0,
    ],
  );
  return rows.map((row) => ({ ...row, kind: kindOfNumber.get(row.kind) as Kind }));
}

export async function answerMatch(client: ClientBase, id: number, answer: Answer): Promise<void> {
  await client.query('UPDATE stowage.matches SET answered_at = now(), answer = $2 WHERE id = $1', [
    id,
    answer,
  ]);
}
