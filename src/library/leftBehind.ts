import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { kindNumber, kindOfNumber } from './layout.ts';
import type { Source } from './sources.ts';

/**
 * The records of one source that another one does not have, but for files, which are each one's own, and what belongs
 * to a record that it has not either.
 */
export async function leftBehind(
  client: ClientBase,
  origin: Source,
  target: Source,
): Promise<{ kind: Kind; id: Id; libraryId: LibraryId }[]> {
  const lacks = (id: string) => `NOT EXISTS (SELECT FROM stowage.links o
    WHERE o.source_id = $2 AND o.library_id = ${id} AND o.absent_since IS NULL)`;
  const { rows } = await client.query<{ kind: number; id: number; libraryId: LibraryId }>(
    `SELECT l.kind, l.remote_id::float8 AS id, l.library_id AS "libraryId" FROM stowage.links l
       LEFT JOIN qar.markers m ON m.id = l.library_id LEFT JOIN qar.chapters c ON c.id = l.library_id
      WHERE l.source_id = $1 AND l.kind <> $3 AND l.absent_since IS NULL AND ${lacks('l.library_id')}
        AND (coalesce(m.cargo_id, c.gallery_id) IS NULL OR NOT ${lacks('coalesce(m.cargo_id, c.gallery_id)')})
        AND NOT EXISTS (SELECT FROM stowage.folds f WHERE f.origin = l.library_id)
      ORDER BY l.kind, l.remote_id`,
    [origin.id, target.id, kindNumber.file],
  );
  return rows.map(({ kind, ...of }) => ({ ...of, kind: kindOfNumber.get(kind) as Kind }));
}
