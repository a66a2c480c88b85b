import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { Kind, Rec } from '../model/kinds.ts';
import { parseJson } from '../model/records.ts';
import { Cursor } from './cursor.ts';
import { kindNumber } from './layout.ts';
import type { Source } from './sources.ts';

/**
 * A source's records as they were last seen there, ascending by id. For telling whether the source changed: what
 * the library shows is never read from here. Inside a transaction, for the cursor.
 */
export async function* seenRecords<K extends Kind>(
  client: ClientBase,
  source: Source,
  kind: K,
): AsyncGenerator<Rec<K>[]> {
  const cursor = await Cursor.open(
    client,
    `SELECT remote_id, base::text, facts::text FROM stowage.links
      WHERE source_id = ${source.id} AND kind = ${kindNumber[kind]} ORDER BY remote_id`,
  );
  for (;;) {
    const rows = await cursor.next();
    if (rows.length === 0) break;
    yield rows.map(([id, base, facts]) => ({
      ...(parseJson(base as string) as object),
      ...(parseJson(facts as string) as object),
      id: Number(id),
    })) as Rec<K>[];
  }
  await cursor.close();
}

/** What tells whether a source's records are as they were seen there: (number, hash as hex), ascending. In a transaction. */
export async function* seenHashes(
  client: ClientBase,
  source: Source,
  kind: Kind,
): AsyncGenerator<[id: Id, seen: string][]> {
  const cursor = await Cursor.open(
    client,
    `SELECT remote_id, encode(seen, 'hex') FROM stowage.links
      WHERE source_id = ${source.id} AND kind = ${kindNumber[kind]} ORDER BY remote_id`,
  );
  for (;;) {
    const rows = await cursor.next();
    if (rows.length === 0) break;
    yield rows.map(([id, seen]) => [Number(id), seen as string]);
  }
  await cursor.close();
}
