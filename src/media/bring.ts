import type { ClientBase } from 'pg';
import type { Source } from '../library/sources.ts';
import type { Trouble } from '../model/reading.ts';
import { listAsHeld } from './held.ts';
import { isWebPage } from './page.ts';
import { inParallel } from './parallel.ts';
import { missingPictures, type OwnedPicture } from './picturesOf.ts';
import { type Held, isPictureId, type PictureStore } from './store.ts';
import { Patience, type Supplier } from './supplier.ts';

export interface BringOptions {
  /** A connection of our own, in no transaction. */
  client: ClientBase;
  source: Pick<Source, 'id'>;
  store: PictureStore;
  /** Asked in this order. */
  suppliers: readonly Supplier[];
  /** How many pictures are brought at a time. */
  concurrency?: number;
  progress?: (done: number, of: number) => void;
  /** Told of each record whose picture cannot be had; the others go on. */
  trouble: (trouble: Trouble) => void;
  signal: AbortSignal;
}

/** How many pictures … */
export interface Brought {
  /** … were fetched, */
  fetched: number;
  /** were in the store already, though not listed: from a run that was cut off, */
  found: number;
  /** could not be had. */
  missing: number;
  /** The bytes of those that were fetched. */
  bytes: number;
}

/**
 * Brings the pictures that a source's records have and the store does not hold. Each batch is listed once it is
 * stored: cut off anywhere and run again, it goes on from there.
 *
 * @throws StowageError where no more pictures can be had: `source.unauthorized`, `source.unreachable`, `disk.full`, …
 */
export async function bringPictures(options: BringOptions): Promise<Brought> {
  const { client, source, store, concurrency = 8, progress, trouble, signal } = options;
  const brought: Brought = { fetched: 0, found: 0, missing: 0, bytes: 0 };
  const fetch = fetching(store, options.suppliers);
  let done = 0;
  for await (const batch of missingPictures(client, source)) {
    const held: Held[] = [];
    const reasons = new Map<OwnedPicture, string>();
    await inParallel(
      batch,
      concurrency,
      async (picture, stop) => {
        const found = await store.check(picture.md5);
        const got = found ?? (await fetch(picture, stop));
        if (typeof got === 'string') {
          brought.missing++;
          reasons.set(picture, got);
        } else {
          held.push(got);
          brought.found += found ? 1 : 0;
          brought.fetched += found ? 0 : 1;
          brought.bytes += found ? 0 : got.size;
        }
        progress?.(++done, picture.of);
      },
      signal,
    );
    // In the order of the records, not in that of the answers.
    for (const picture of batch) {
      const why = reasons.get(picture);
      if (why) for (const owner of picture.owners) trouble({ ...owner, why });
    }
    await listAsHeld(client, store, held);
  }
  return brought;
}

/** Fetches a picture into the store from the first supplier that has it, or says why it cannot be had. */
function fetching(store: PictureStore, suppliers: readonly Supplier[]) {
  const patience = new Patience();
  return async ({ md5, owners }: OwnedPicture, stop: AbortSignal): Promise<Held | string> => {
    if (!isPictureId(md5)) return 'its source names it by something that is no MD5';
    const reasons: string[] = [];
    for (const supplier of suppliers) {
      let reason = `${supplier.name} does not have it`;
      try {
        for await (const bytes of supplier.offers(md5, owners, stop)) {
          patience.succeeded();
          if (isWebPage(bytes)) {
            reason = `${supplier.name} gives a web page instead`;
            continue;
          }
          const held = await store.put(bytes, md5);
          if (held) return held;
          // Where Stash has lost one, it serves a stand-in.
          reason = `${supplier.name} gives other bytes for it: changed since, lost or damaged`;
        }
      } catch (error) {
        stop.throwIfAborted();
        reason = patience.failed(error);
      }
      reasons.push(reason);
    }
    return reasons.join('; ');
  };
}
