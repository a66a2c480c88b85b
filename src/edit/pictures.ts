import type { ClientBase } from 'pg';
import { listAsHeld } from '../media/held.ts';
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
  if (!isPicture(bytes)) {
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

/** By the first bytes, as a browser looks, whatever the file is called. */
export function isPicture(bytes: Buffer): boolean {
  const text = (from: number, to: number) => bytes.toString('latin1', from, to);
  const start = text(0, 4);
  return (
    text(0, 3) === '\xff\xd8\xff' ||
    text(0, 8) === '\x89PNG\r\n\x1a\n' ||
    start === 'GIF8' ||
    (start === 'RIFF' && text(8, 12) === 'WEBP') ||
    (text(4, 8) === 'ftyp' && /^(avif|avis)$/.test(text(8, 12))) ||
    text(0, 2) === 'BM' ||
    /^\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg[\s>]/.test(
      bytes.toString('utf8', 0, 4096).replace(/^\ufeff/, ''),
    )
  );
}
