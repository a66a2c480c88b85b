import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import { kindNumber, kindOfNumber } from './layout.ts';
import type { Source } from './sources.ts';

/** Files are each source's own; markers and chapters are where what they belong to is. */
const ownKinds = kindNames.filter((kind) => !['file', 'marker', 'chapter'].includes(kind));

/** The records of one source that another one does not have. */
export async function leftBehind(
  client: ClientBase,
  origin: Source,
  target: Source,
): Promise<{ kind: Kind; id: Id }[]> {
  const { rows } = await client.query<{ kind: number; id: number }>(
    `SELECT l.kind, l.remote_id::float8 AS id FROM stowage.links l
      WHERE l.source_id = $1 AND l.kind = ANY ($3::smallint[]) AND l.absent_since IS NULL
        AND NOT EXISTS (SELECT FROM stowage.links o
          WHERE o.source_id = $2 AND o.kind = l.kind AND o.library_id = l.library_id AND o.absent_since IS NULL)
        AND NOT EXISTS (SELECT FROM stowage.folds f WHERE f.origin = l.library_id)
      ORDER BY l.kind, l.remote_id`,
    [origin.id, target.id, ownKinds.map((kind) => kindNumber[kind])],
  );
  return rows.map(({ kind, id }) => ({ kind: kindOfNumber.get(kind) as Kind, id }));
}
