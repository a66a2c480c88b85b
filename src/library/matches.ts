import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { kindNumber, kindOfNumber } from './layout.ts';
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

/** The best first. Only those that wait for an answer, unless others are asked for. */
export async function listMatches(
  client: ClientBase,
  filter: { ids?: readonly number[]; sourceId?: number; kind?: Kind; answer?: Answer } = {},
): Promise<Match[]> {
  const { rows } = await client.query(
    `SELECT id::float8 AS id, source_id AS "sourceId", kind, remote_id::float8 AS "remoteId",
       library_id AS "libraryId", other_id AS "otherId", why, score, found_at AS "foundAt",
       answered_at AS "answeredAt", answer
     FROM stowage.matches
     WHERE ($1::bigint[] IS NULL OR id = ANY ($1)) AND ($2::smallint IS NULL OR source_id = $2)
       AND ($3::smallint IS NULL OR kind = $3) AND answer IS NOT DISTINCT FROM $4
     ORDER BY score DESC, id`,
    [
      filter.ids ?? null,
      filter.sourceId ?? null,
      filter.kind === undefined ? null : kindNumber[filter.kind],
      filter.answer ?? null,
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
