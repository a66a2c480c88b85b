import { open } from 'node:fs/promises';
import { StowageError } from '../../model/errors.ts';
import type { StashClient } from '../client.ts';
import { StashFailure } from './failure.ts';
import { withRetries } from './retry.ts';

export interface DownloadOptions {
  signal?: AbortSignal | undefined;
  /** Bytes so far, and in all where the server says. */
  onProgress?: (received: number, total: number | null) => void;
  /** Told how it begins, in a hundred bytes or more: how many it can have in all. No more than these are kept. */
  most?: (begins: Buffer) => Promise<number>;
  /** Before the second try, in milliseconds. */
  firstPause?: number;
}

/**
 * Fetches what the server offers into a file, which only its owner may read, and returns its size. A download that
 * stops half way goes on where it stopped (Stash serves ranges; its offer stays good for half a minute after).
 */
export async function download(
  client: StashClient,
  address: string,
  path: string,
  { signal, onProgress, most, firstPause = 250 }: DownloadOptions = {},
): Promise<number> {
  const file = await open(path, 'w', 0o600);
  let received = 0;
  let begins = Buffer.alloc(0);
  let limit = Number.POSITIVE_INFINITY;
  /** Looks at what is about to be written. */
  const check = async (chunk: Buffer) => {
    if (most && received === begins.length && begins.length < beginning) {
      begins = Buffer.concat([begins, chunk]);
      if (begins.length >= beginning) limit = await most(begins);
    }
    if (received + chunk.length <= limit) return;
    throw new StashFailure('source.too-large', 'The server sends more than its database has.', {
      remedy:
        'Look at what answers there, and at the proxy in between. Or read it otherwise: --via tables.',
    });
  };
  const more = async () => {
    const range = received > 0 ? `bytes=${received}-` : undefined;
    const media = await client.media(address, { signal, range });
    if (!media) throw broken('The server no longer has the file that it offered.');
    const from = /^bytes (\d+)-/.exec(String(media.headers['content-range']))?.[1];
    if (media.status === 206 && from !== undefined && Number(from) !== received) {
      media.body.destroy();
      throw broken('The server sends another part of the file than it was asked for.');
    }
    if (media.status !== 206) {
      received = 0;
      begins = Buffer.alloc(0);
    }
    const rest = Number(media.headers['content-length'] ?? Number.NaN);
    const total = Number.isNaN(rest) ? null : received + rest;
    for await (const chunk of media.body) {
      await check(chunk);
      received += (await file.write(chunk, 0, chunk.length, received)).bytesWritten;
      onProgress?.(received, total);
    }
    if (total !== null && received !== total) throw broken('The download stopped half way.');
  };
  try {
    for (let before = 0; ; before = received) {
      try {
        await withRetries(more, {
          firstPause,
          signal,
          // The rest, `media` has tried again already.
          worthwhile: ({ code }) => code === 'source.incomplete' || code === 'source.timeout',
        });
        break;
      } catch (error) {
        if (!(error instanceof StashFailure) || received - before < enough) throw error;
      }
    }
    await file.truncate(received);
    return received;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw new StowageError('disk.full', 'The disk is full.', {
      item: path,
      remedy: 'Make room, or name another folder with --data.',
      cause: error,
    });
  } finally {
    await file.close();
  }
}

/** What a SQLite file says of itself stands in so many bytes. */
const beginning = 100;

/** So many bytes more make up for a few tries: where a connection breaks often, but lets some through, it gets on. */
const enough = 1e6;

const broken = (message: string): StashFailure =>
  new StashFailure('source.incomplete', message, { remedy: 'Run it again.' });
