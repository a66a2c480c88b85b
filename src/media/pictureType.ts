/**
 * What kind of picture bytes are, as the usual ending of such files: by the first bytes, as a browser looks, whatever a
 * file or a server calls them. Undefined where they are no picture that a browser shows.
 */
export function pictureType(bytes: Buffer): PictureType | undefined {
  const text = (from: number, to: number) => bytes.toString('latin1', from, to);
  if (text(0, 3) === '\xff\xd8\xff') return 'jpg';
  if (text(0, 8) === '\x89PNG\r\n\x1a\n') return 'png';
  if (text(0, 4) === 'GIF8') return 'gif';
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return 'webp';
  if (text(4, 8) === 'ftyp' && /^(avif|avis)$/.test(text(8, 12))) return 'avif';
  if (text(0, 2) === 'BM') return 'bmp';
  const start = bytes.toString('utf8', 0, 4096).replace(/^\ufeff/, '');
  return svg.test(start) ? 'svg' : undefined;
}

type PictureType = 'jpg' | 'png' | 'gif' | 'webp' | 'avif' | 'bmp' | 'svg';

const svg = /^\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg[\s>]/;
