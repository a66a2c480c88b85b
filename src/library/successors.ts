import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import { kindNumber } from './layout.ts';
import type { Source } from './sources.ts';
import { boxesOf } from './stashBoxes.ts';

/** A scene that is gone from its source, and one that the source has, of the same stash id. */
export interface Succession {
  goneId: LibraryId;
  heirId: LibraryId;
  /** The heir's number at the source. */
  remoteId: Id;
}

/** The scenes of a source that have a stash id of one that is gone from it: a better copy, as a rule. */
export async function successionsAt(
  client: ClientBase,
  source: Pick<Source, 'id'>,
): Promise<Succession[]> {
  const { rows } = await client.query<Succession & { endpoint: string; heirs: string }>(
    `SELECT DISTINCT g.library_id AS "goneId", h.library_id AS "heirId", h.remote_id::float8 AS "remoteId",
         i.endpoint, o.endpoint AS heirs
       FROM stowage.links g
       JOIN qar.cargo_stash_ids i ON i.cargo_id = g.library_id
       JOIN qar.cargo_stash_ids o ON o.stash_id = i.stash_id AND o.cargo_id <> i.cargo_id
       JOIN stowage.links h ON h.library_id = o.cargo_id AND h.source_id = g.source_id AND h.kind = g.kind
       JOIN qar.cargo r ON r.id = h.library_id
      WHERE g.source_id = $1 AND g.kind = $2 AND g.absent_since IS NOT NULL AND h.absent_since IS NULL
        AND r.deleted_at IS NULL ORDER BY 1, 2`,
    [source.id, kindNumber.scene],
  );
  if (rows.length === 0) return [];
  const boxes = await boxesOf(client);
  const found = new Map<string, Succession>();
  for (const { goneId, heirId, remoteId, endpoint, heirs } of rows) {
    if (boxes.isSame(endpoint, heirs))
      found.set(`${goneId} ${heirId}`, { goneId, heirId, remoteId });
  }
  return [...found.values()];
}
