import type { ClientBase } from 'pg';
import type { Source } from './sources.ts';

/*
 * Tokens by which what lies outside the database is known to belong to this library, in this state
 * (docs/outside-the-database.md).
 */

/** The token of the mirror whose contents both sides agree about; null where there is none, or no such source. */
export async function mirrorToken(client: ClientBase, source: string): Promise<string | null> {
  const { rows } = await client.query<{ token: string | null }>(
    'SELECT mirror_token AS token FROM stowage.sources WHERE name = $1',
    [source],
  );
  return rows[0]?.token ?? null;
}

/** With null, no mirror is trusted until the next sync has compared everything. */
export async function setMirrorToken(
  client: ClientBase,
  { id }: Pick<Source, 'id'>,
  token: string | null,
): Promise<void> {
  await client.query(
    `UPDATE stowage.sources SET mirror_token = $2
      WHERE id = $1 AND mirror_token IS DISTINCT FROM $2::uuid`,
    [id, token],
  );
}

/** The token of the folder that held every picture that is listed; null where there was none yet. */
export async function pictureToken(client: ClientBase): Promise<string | null> {
  const { rows } = await client.query<{ token: string }>(
    'SELECT token FROM stowage.picture_folder',
  );
  return rows[0]?.token ?? null;
}

export async function setPictureToken(client: ClientBase, token: string): Promise<void> {
  await client.query(
    `INSERT INTO stowage.picture_folder (token) VALUES ($1)
     ON CONFLICT (one) DO UPDATE SET token = excluded.token`,
    [token],
  );
}
