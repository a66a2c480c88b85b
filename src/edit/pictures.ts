import type { ClientBase } from 'pg';
import { listAsHeld } from '../media/held.ts';
import { pictureType } from '../media/pictureType.ts';
import type { PictureStore } from '../media/store.ts';
import { StowageError } from '../model/errors.ts';
import type { PictureId } from '../model/fields.ts';

/**
 * Keeps the bytes of a picture that a person gave, and says what it is called.
 *
 * @throws StowageError `usage` where they are no picture that a browser shows.
 */
export async function keepPicture(
  client: ClientBase,
  store: PictureStore,
  bytes: Buffer,
  item: string,
): Promise<PictureId> {
  if (pictureType(bytes) === undefined) {
    throw new StowageError('usage', 'That file is no picture.', {
      item,
      remedy: 'It may be a JPEG, PNG, GIF, WebP, AVIF, BMP or SVG.',
    });
  }
  const held = await store.put(bytes);
  if (!held) throw new TypeError('no checksum was expected');
  await listAsHeld(client, store, [held]);
  return held.md5;
}
