import type { ClientBase } from 'pg';
import { type Kind, kindNames } from '../model/kinds.ts';
import { kindNumber, kindOfNumber } from './layout.ts';
import { addSource, changeSource, type Source } from './sources.ts';

/** How many records of each kind a source has in the library. */
export async function countLinked(
  client: ClientBase,
  { id }: Pick<Source, 'id'>,
): Promise<{ [K in Kind]: number }> {
  const { rows } = await client.query<{ kind: number; count: number }>(
    `SELECT kind, count(*)::float8 AS count FROM stowage.links
      WHERE source_id = $1 AND absent_since IS NULL AND kind = ANY ($2::smallint[]) GROUP BY kind`,
    [id, kindNames.map((kind) => kindNumber[kind])],
  );
  const counts = Object.fromEntries(kindNames.map((kind) => [kind, 0])) as { [K in Kind]: number };
  for (const { kind, count } of rows) counts[kindOfNumber.get(kind) as Kind] = count;
  return counts;
}

/**
 * What answers at a source's address is another Stash from now on: a source of its own, treated as the first one was,
 * but for writing. The first one keeps its records, and is nowhere.
 */
export async function splitSource(
  client: ClientBase,
  source: Source,
  other: { name: string; sealedKey: string | null },
): Promise<void> {
  const { profile, pictures, address, policy, deletions, pathMap } = source;
  await client.query('BEGIN');
  try {
    const id = await addSource(client, { name: other.name, profile, pictures });
    const { sealedKey } = other;
    await changeSource(client, id, { address, sealedKey, policy, deletions, pathMap });
    const left = { address: null, sealedKey: null, writes: false, standing: 'ok' } as const;
    await changeSource(client, source.id, left);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // the first error tells more
    throw error;
  }
}

/** Takes a source away, and what ties records to it. Its records stay, and what its runs did can still be taken back. */
export async function removeSource(client: ClientBase, { id }: Source): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query('UPDATE stowage.runs SET source_id = NULL WHERE source_id = $1', [id]);
    await client.query('UPDATE stowage.run_changes SET source_id = NULL WHERE source_id = $1', [
      id,
    ]);
    await client.query('DELETE FROM stowage.sources WHERE id = $1', [id]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
