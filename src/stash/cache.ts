import { LRUCache } from 'lru-cache';
import { jsonText } from '../model/records.ts';
import type { CallOptions } from './client.ts';
import type { StashServer } from './server.ts';
import type { TypedDocumentString } from './types.ts';

export interface CacheOptions {
  /** How long what we hold is used without asking, in milliseconds. */
  maxAge?: number;
  /** Of all that is held. */
  maxBytes?: number;
}

/** A picture, or what else a path serves. Null where the server has none. */
export type Picture = { bytes: Buffer; etag: string | null; type: string | null } | null;

interface Held {
  value: unknown;
  size: number;
}

type Fetch = (held: Held | undefined, signal: AbortSignal) => Promise<Held>;

/**
 * Keeps what a server told us lately, for pages that ask for the same things again. Not for reading a library, which
 * has to see it as it is.
 */
export class StashCache {
  readonly #server: StashServer;
  readonly #held: LRUCache<string, Held, Fetch>;

  constructor(
    server: StashServer,
    { maxAge = 600_000, maxBytes = 200_000_000 }: CacheOptions = {},
  ) {
    this.#server = server;
    this.#held = new LRUCache({
      ttl: maxAge,
      maxSize: maxBytes,
      sizeCalculation: ({ size }, key) => size + key.length,
      // Two who ask at once get the same answer to one request.
      fetchMethod: (_key, held, { context, signal }) => context(held, signal),
    });
  }

  /** The answer to an operation that looks something up. */
  async request<R, V>(
    operation: TypedDocumentString<R, V>,
    variables: V,
    options: CallOptions = {},
  ): Promise<R> {
    const key = `${operation} ${JSON.stringify(variables)}`;
    return this.#get<R>(key, options, async (_held, signal) => {
      const value = await this.#server.request(operation, variables, { ...options, signal });
      return { value, size: Buffer.byteLength(jsonText(value)) };
    });
  }

  /** A picture. One that has grown old is only fetched again if it is another one by now. */
  async picture(pathOrAddress: string, options: CallOptions = {}): Promise<Picture> {
    return this.#get<Picture>(pathOrAddress, options, async (held, signal) => {
      const old = held?.value as Picture | undefined;
      const etag = old?.etag ?? undefined;
      const found = await this.#server.client.bytes(pathOrAddress, { ...options, signal, etag });
      if (held && found?.media.status === 304) return held;
      const type = found?.media.headers['content-type'];
      const value = found && {
        bytes: found.bytes,
        etag: found.media.etag,
        type: typeof type === 'string' ? type : null,
      };
      return { value, size: found?.bytes.length || 1 };
    });
  }

  async #get<T>(key: string, { signal }: CallOptions, fetch: Fetch): Promise<T> {
    const held = await this.#held.forceFetch(key, { context: fetch, ...(signal && { signal }) });
    return held.value as T;
  }
}
