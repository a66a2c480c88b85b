import type { ClientBase } from 'pg';
import type { Source } from '../library/sources.ts';
import type { Id, PictureId } from '../model/fields.ts';
import { type PictureField, pictureFields } from './fields.ts';
import { batchSize } from './held.ts';
import type { Owner } from './supplier.ts';

/** A picture that the library knows of and the store does not hold. */
export interface Missing {
  md5: PictureId;
  /** All records of the source that have it. */
  owners: Owner[];
  /** How many such pictures there are in all. */
  of: number;
}

/**
 * The pictures that are missing, each once, in batches, in the order of the first records that have them: about the
 * order in which a Stash database holds them. The connection must be in no transaction. The list is made once, and
 * kept by the server: with a query for each page, each would cost as much.
 */
export async function* missingPictures(
  client: ClientBase,
  source: Pick<Source, 'id'>,
): AsyncGenerator<Missing[]> {
  const wanted = pictureFields.map(
    ({ kindNumber, table, column }, i) =>
      `SELECT ${i} AS field, l.remote_id AS id, r.${column} AS md5
         FROM stowage.links l JOIN ${table} r ON r.id = l.library_id
        WHERE l.source_id = ${source.id} AND l.kind = ${kindNumber}
          AND r.${column} IS NOT NULL AND r.deleted_at IS NULL`,
  );
  await client.query(
    `DECLARE missing_pictures NO SCROLL CURSOR WITH HOLD FOR
     SELECT md5, json_agg(json_build_array(field, id) ORDER BY field, id) AS owners,
            (count(*) OVER ())::integer AS of
       FROM (${wanted.join(' UNION ALL ')}) w
      WHERE NOT EXISTS (SELECT FROM qar.pictures p WHERE p.md5 = w.md5)
      GROUP BY md5 ORDER BY min((field::bigint << 44) + id)`,
  );
  try {
    for (;;) {
      const { rows } = await client.query<Row>(`FETCH ${batchSize} FROM missing_pictures`);
      if (rows.length === 0) return;
      yield rows.map(({ md5, owners, of }) => ({ md5, owners: owners.map(ownerOf), of }));
    }
  } finally {
    // The connection may be what failed: then the list is gone with it.
    await client.query('CLOSE missing_pictures').catch(() => {});
  }
}

interface Row {
  md5: PictureId;
  /** Places in `pictureFields`, and the records' ids. */
  owners: [number, Id][];
  of: number;
}

function ownerOf([place, id]: [number, Id]): Owner {
  const { kind, field } = pictureFields[place] as PictureField;
  return { kind, id, field };
}
