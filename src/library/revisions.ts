import type { ClientBase } from 'pg';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { tableOf } from './layout.ts';

/** At which revision records are now. */
export async function revisionsOf(
  client: ClientBase,
  kind: Kind,
  ids: readonly LibraryId[],
): Promise<Map<LibraryId, number>> {
  if (ids.length === 0) return new Map();
  const { rows } = await client.query<{ id: LibraryId; revision: number }>(
    `SELECT id, revision FROM qar.${tableOf(kind)} WHERE id = ANY ($1::uuid[])`,
    [ids],
  );
  return new Map(rows.map(({ id, revision }) => [id, revision]));
}
