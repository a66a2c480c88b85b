import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { kindNumber } from './layout.ts';
import { markRecordsEdited } from './links.ts';
import { namedByOthers } from './naming.ts';
import type { Source } from './sources.ts';

/** The source has these records no more; since when is kept from the first time. */
export async function markAbsent(
  client: ClientBase,
  source: Source,
  kind: Kind,
  remoteIds: readonly Id[],
): Promise<void> {
  if (remoteIds.length === 0) return;
  await client.query(
    `UPDATE stowage.links SET absent_since = coalesce(absent_since, now())
      WHERE source_id = $1 AND kind = $2 AND remote_id = ANY ($3::bigint[])`,
    [source.id, kindNumber[kind], remoteIds],
  );
}

/** Neither side needs these links any more. */
export async function forgetLinks(
  client: ClientBase,
  source: Source,
  kind: Kind,
  remoteIds: readonly Id[],
): Promise<void> {
  if (remoteIds.length === 0) return;
  await client.query(
    'DELETE FROM stowage.links WHERE source_id = $1 AND kind = $2 AND remote_id = ANY ($3::bigint[])',
    [source.id, kindNumber[kind], remoteIds],
  );
}

/**
 * The library's records go on without those of the source. What names them there is looked at by the next sync: where
 * they may be made there anew, it follows.
 */
export async function outliveLinks(
  client: ClientBase,
  source: Source,
  kind: Kind,
  records: readonly { remoteId: Id; libraryId: LibraryId }[],
): Promise<void> {
  if (records.length === 0) return;
  await forgetLinks(
    client,
    source,
    kind,
    records.map(({ remoteId }) => remoteId),
  );
  const ids = records.map(({ libraryId }) => libraryId);
  const naming = await namedByOthers(client, kind, ids);
  await markRecordsEdited(
    client,
    source,
    naming.map(({ by }) => by),
  );
}

/** Both sides agree to nothing of a record any more. */
export async function forgetBase(
  client: ClientBase,
  source: Source,
  kind: Kind,
  remoteId: Id,
): Promise<void> {
  await client.query(
    `UPDATE stowage.links SET base = '{}', sent = '{}' WHERE source_id = $1 AND kind = $2 AND remote_id = $3`,
    [source.id, kindNumber[kind], remoteId],
  );
}
