import type { ClientBase } from 'pg';
import type { Source } from '../library/sources.ts';
import type { Id, PictureId } from '../model/fields.ts';
import { type PictureField, pictureFields } from './fields.ts';
import { batchSize } from './held.ts';
import type { Owner } from './supplier.ts';

/** A picture that records of a source have. */
export interface OwnedPicture {
  md5: PictureId;
  /** All records of the source that have it. */
  owners: Owner[];
  /** How many pictures are listed in all. */
  of: number;
}

/** The pictures of a source's records, each once, in batches. In the caller's transaction. */
export const picturesOf = (
  client: ClientBase,
  source: Pick<Source, 'id'>,
): AsyncGenerator<OwnedPicture[]> => listed(client, source, 'pictures', '', '');

/**
 * Those of them that are missing from the list of what the store holds, in the order of the first records that have them:
 * about the order in which a Stash database holds them. The connection must be in no transaction. The list is made once,
 * and kept by the server: with a query for each page, each would cost as much.
 */
export const missingPictures = (
  client: ClientBase,
  source: Pick<Source, 'id'>,
): AsyncGenerator<OwnedPicture[]> =>
  listed(client, source, 'missing_pictures', 'WITH HOLD', unlisted);

async function* listed(
  client: ClientBase,
  source: Pick<Source, 'id'>,
  cursor: string,
  hold: string,
  where: string,
): AsyncGenerator<OwnedPicture[]> {
  await client.query(
    `DECLARE ${cursor} NO SCROLL CURSOR ${hold} FOR
     SELECT md5, json_agg(json_build_array(field, id) ORDER BY field, id) AS owners,
            (count(*) OVER ())::integer AS of
       FROM (${ownedRows(source)}) w ${where}
      GROUP BY md5 ORDER BY min((field::bigint << 44) + id)`,
  );
  try {
    for (;;) {
      const { rows } = await client.query<Row>(`FETCH ${batchSize} FROM ${cursor}`);
      if (rows.length === 0) return;
      yield rows.map(({ md5, owners, of }) => ({ md5, owners: owners.map(ownerOf), of }));
    }
  } finally {
    // The connection may be what failed: then the list is gone with it.
    await client.query(`CLOSE ${cursor}`).catch(() => {});
  }
}

/** How many of them are missing. */
export async function countMissing(
  client: ClientBase,
  source: Pick<Source, 'id'>,
): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(DISTINCT md5)::integer AS count FROM (${ownedRows(source)}) w ${unlisted}`,
  );
  return rows[0]?.count ?? 0;
}

const unlisted = 'WHERE NOT EXISTS (SELECT FROM qar.pictures p WHERE p.md5 = w.md5)';

/** A row for each place in which a record of the source has a picture. */
const ownedRows = (source: Pick<Source, 'id'>): string =>
  pictureFields
    .map(
      ({ kindNumber, table, column }, i) =>
        `SELECT ${i} AS field, l.remote_id AS id, r.${column} AS md5
           FROM stowage.links l JOIN ${table} r ON r.id = l.library_id
          WHERE l.source_id = ${source.id} AND l.kind = ${kindNumber}
            AND r.${column} IS NOT NULL AND r.deleted_at IS NULL`,
    )
    .join(' UNION ALL ');

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
