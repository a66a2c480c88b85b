import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { Kind } from '../model/kinds.ts';
import { Cursor } from './cursor.ts';
import { kindNumber } from './layout.ts';
import type { Source } from './sources.ts';

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

/** Whether the source has a record of this kind that is linked. */
export async function hasLinks(client: ClientBase, source: Source, kind: Kind): Promise<boolean> {
  const { rows } = await client.query<{ has: boolean }>(
    'SELECT EXISTS (SELECT FROM stowage.links WHERE source_id = $1 AND kind = $2) AS has',
    [source.id, kindNumber[kind]],
  );
  return rows[0]?.has ?? false;
}
