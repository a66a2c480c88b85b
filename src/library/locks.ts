import type { ClientBase } from 'pg';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { kindNumber } from './layout.ts';

/** From now on nothing but a person changes these fields of a record. */
export async function lock(
  client: ClientBase,
  kind: Kind,
  id: LibraryId,
  fields: readonly string[],
): Promise<void> {
  await client.query(
    `INSERT INTO stowage.locks (kind, library_id, field) SELECT $1, $2, unnest($3::text[]) ON CONFLICT DO NOTHING`,
    [kindNumber[kind], id, fields],
  );
}

export async function unlock(
  client: ClientBase,
  id: LibraryId,
  fields: readonly string[],
): Promise<void> {
  await client.query(
    'DELETE FROM stowage.locks WHERE library_id = $1 AND field = ANY ($2::text[])',
    [id, fields],
  );
}

/** The locked fields of those records that have any. */
export async function lockedFields(
  client: ClientBase,
  ids: readonly LibraryId[],
): Promise<Map<LibraryId, Set<string>>> {
  const { rows } = await client.query<{ id: LibraryId; fields: string[] }>(
    `SELECT library_id AS id, array_agg(field ORDER BY field) AS fields FROM stowage.locks
      WHERE library_id = ANY ($1::uuid[]) GROUP BY library_id`,
    [ids],
  );
  return new Map(rows.map(({ id, fields }) => [id, new Set(fields)]));
}
