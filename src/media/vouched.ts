import { randomUUID } from 'node:crypto';
import type { ClientBase } from 'pg';
import { pictureToken, setPictureToken } from '../library/outside.ts';
import type { PictureStore } from './store.ts';

/*
 * A file in the folder of pictures names the library, and the state of it, that all listed pictures were last known to be
 * there for. Where it names another or is missing, the folder may be another library's, an older copy, or new and empty.
 */

/** Whether the folder is the one that the library knows, as it was left. */
export async function isVouchedFor(client: ClientBase, store: PictureStore): Promise<boolean> {
  const token = await pictureToken(client);
  if (token !== null) return (await store.token()) === token;
  const { rows } = await client.query('SELECT FROM qar.pictures LIMIT 1');
  return rows.length === 0;
}

/** Writes down that the folder holds all that is listed: first in the library, so that a folder from before is known as one. */
export async function vouch(client: ClientBase, store: PictureStore): Promise<void> {
  const token = randomUUID();
  await setPictureToken(client, token);
  await store.setToken(token);
}
