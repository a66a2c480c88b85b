import type { ClientBase } from 'pg';
import type { Instant } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Source } from './sources.ts';

/** When records were last changed here by anybody but this source, where that is known. */
export async function lastEdits(
  client: ClientBase,
  source: Source,
  ids: readonly LibraryId[],
): Promise<Map<LibraryId, Instant>> {
  const { rows } = await client.query<{ id: LibraryId; at: Date }>(
    `SELECT c.library_id AS id, max(c.at) AS at FROM stowage.run_changes c JOIN stowage.runs r ON r.id = c.run_id
      WHERE c.library_id = ANY ($1::uuid[]) AND c.side = 'library' AND r.source_id IS DISTINCT FROM $2
      GROUP BY c.library_id`,
    [ids, source.id],
  );
  return new Map(rows.map(({ id, at }) => [id, at.toISOString()]));
}
