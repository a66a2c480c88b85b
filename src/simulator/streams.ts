import { readFileSync } from 'node:fs';

const read = (name: string) => readFileSync(new URL(`./clip/${name}`, import.meta.url));

/** Stands for every scene's file: six seconds of a slowly turning gradient, 128 × 72, H.264. */
const clip = read('clip.mp4');
const seconds = 2;
const segments = [0, 1, 2].map((n) => read(`segment${n}.mpegts`));

export interface Stream {
  bytes: Buffer;
  type: string;
}

/**
 * What `/scene/ID/<name>` gives: the file, or a playlist or segment of it as HLS. Segments are absolute paths, with the
 * key in them when it came as a parameter, not when it came as a header.
 */
export function streamOf(path: string, name: string, query: URLSearchParams): Stream | undefined {
  if (name === 'stream' || name === 'stream.mp4') return { bytes: clip, type: 'video/mp4' };
  if (name === 'stream.m3u8') {
    const kept = new URLSearchParams(
      ['apikey', 'resolution'].flatMap((key) => {
        const value = query.get(key);
        return value ? [[key, value] as [string, string]] : [];
      }),
    );
    const suffix = kept.size > 0 ? `?${kept}` : '';
    const lines = [
      '#EXTM3U',
      '#EXT-X-VERSION:3',
      '#EXT-X-MEDIA-SEQUENCE:0',
      `#EXT-X-TARGETDURATION:${seconds}`,
      '#EXT-X-PLAYLIST-TYPE:VOD',
      ...segments.flatMap((_, n) => [`#EXTINF:${seconds.toFixed(6)},`, `${path}/${n}.ts${suffix}`]),
      '#EXT-X-ENDLIST',
      '',
    ];
    return { bytes: Buffer.from(lines.join('\n')), type: 'application/vnd.apple.mpegurl' };
  }
  const segment = /^stream\.m3u8\/(\d+)\.ts$/.exec(name);
  const bytes = segment && segments[Number(segment[1])];
  return bytes ? { bytes, type: 'video/mp2t' } : undefined;
}
