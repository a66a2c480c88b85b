import type { ClientBase } from 'pg';
import type { Source } from '../library/sources.ts';
import type { Id, PictureId } from '../model/fields.ts';
import { type PictureField, pictureFields } from './fields.ts';
import { batchSize } from './held.ts';

/** A record whose picture in some field is not known yet. */
export interface Link {
  id: Id;
  libraryId: string;
}

export interface Learned extends Link {
  /** Null: it has none. */
  md5: PictureId | null;
}

/** In batches, by id: the records of a source whose link says nothing of a field. */
export async function* unlearned(
  client: ClientBase,
  source: Pick<Source, 'id'>,
  { kindNumber, field }: PictureField,
): AsyncGenerator<Link[]> {
  for (let after = 0; ; ) {
    const { rows } = await client.query<Link>(
      `SELECT remote_id::float8 AS id, library_id AS "libraryId" FROM stowage.links
        WHERE source_id = $1 AND kind = $2 AND remote_id > $3 AND NOT base ? $4
        ORDER BY remote_id LIMIT $5`,
      [source.id, kindNumber, after, field, batchSize],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
    yield rows;
  }
}

/** How many pictures there are to learn of, over all fields. */
export async function countUnlearned(
  client: ClientBase,
  source: Pick<Source, 'id'>,
): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::integer AS count
       FROM stowage.links l JOIN unnest($2::smallint[], $3::text[]) AS f (kind, field) ON f.kind = l.kind
      WHERE l.source_id = $1 AND NOT l.base ? f.field`,
    [
      source.id,
      pictureFields.map(({ kindNumber }) => kindNumber),
      pictureFields.map(({ field }) => field),
    ],
  );
  return rows[0]?.count ?? 0;
}

/**
 * Enters what was learned: in the record, as part of its import (which is no news to this source), unless a person
 * gave it a picture meanwhile; and in the link's base.
 */
export async function enter(
  client: ClientBase,
  source: Pick<Source, 'id'>,
  { kindNumber, field, table, column }: PictureField,
  learned: readonly Learned[],
): Promise<void> {
  await client.query(
    `WITH learned AS (SELECT * FROM unnest($4::bigint[], $5::uuid[], $6::text[]) AS t (id, library_id, md5)),
          applying AS (SELECT set_config('stowage.applying', $1::smallint::text, true)),
          entered AS (UPDATE ${table} r SET ${column} = md5 FROM learned, applying
                       WHERE r.id = library_id AND r.${column} IS NULL AND md5 IS NOT NULL)
     UPDATE stowage.links l SET base = base || jsonb_build_object($3::text, md5) FROM learned
      WHERE l.source_id = $1 AND l.kind = $2 AND l.remote_id = learned.id`,
    [
      source.id,
      kindNumber,
      field,
      learned.map(({ id }) => id),
      learned.map(({ libraryId }) => libraryId),
      learned.map(({ md5 }) => md5),
    ],
  );
}
