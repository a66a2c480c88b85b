import type { ClientBase } from 'pg';
import type { Held, PictureStore } from './store.ts';
import { isVouchedFor, vouch } from './vouched.ts';

/** How many pictures are stored, settled and listed together. */
export const batchSize = 256;

/** Lists pictures as held. Only what is settled may be listed: what the table says must be true after a power cut. */
export async function listAsHeld(
  client: ClientBase,
  store: PictureStore,
  pictures: readonly Held[],
): Promise<void> {
  if (pictures.length === 0) return;
  await store.settle(pictures);
  const isVouched = await isVouchedFor(client, store);
  await client.query(
    `INSERT INTO qar.pictures (md5, size) SELECT * FROM unnest($1::text[], $2::bigint[])
     ON CONFLICT DO NOTHING`,
    [pictures.map(({ md5 }) => md5), pictures.map(({ size }) => size)],
  );
  // Of a folder that was not looked through since it changed, these pictures say nothing about the others.
  if (isVouched) await vouch(client, store);
}
