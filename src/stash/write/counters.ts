import type { Id } from '../../model/fields.ts';
import * as ask from '../types.ts';
import type { Item } from './item.ts';
import type { Operation } from './mutations.ts';
import type { Run } from './run.ts';
import type { Piece } from './sender.ts';

/** So many in a request. */
const most = 100;

/** A step of a counter, and what it shows then. */
interface Step {
  item: Item;
  shows: number;
  /** Whether it has been taken, by what the counter shows now. */
  isTaken: (now: number) => boolean;
}

/**
 * An image's Os can only be counted up and down by one, or to nothing. After a request that was never answered the
 * numbers are read again, and only the rest is sent.
 */
export async function writeCounters(run: Run, items: readonly Item[]): Promise<void> {
  const steps = new Map<Piece, Step>();
  for (const item of items) {
    if (!item.awaits('oCounter')) continue;
    const from = Number(item.change.before.oCounter ?? 0);
    const to = Number(item.change.after.oCounter);
    if (from === to) item.wrote('oCounter', to);
    const piece = (operation: Operation, shows: number, step: Step['isTaken']) =>
      steps.set(
        {
          change: item.change,
          mutation: run.mutation(operation),
          variables: { id: String(item.remoteId) },
          asks: [],
          done: (now) => {
            if (shows === to) item.wrote('oCounter', now ?? to);
          },
          failed: (error) => item.fail(error),
        },
        { item, shows, isTaken: step },
      );
    if (to === 0 && from > 0) piece(ask.ImageResetODocument, 0, (now) => now === 0);
    else {
      for (let n = from + 1; n <= to; n++) piece(ask.ImageIncrementODocument, n, (now) => now >= n);
      for (let n = from - 1; n >= to; n--) piece(ask.ImageDecrementODocument, n, (now) => now <= n);
    }
  }
  const again = async (unsure: readonly Piece[]): Promise<Piece[]> => {
    const ids = unsure.map((piece) => steps.get(piece)?.item.remoteId as Id);
    const counts = await countsOf(run, ids);
    return unsure.filter((piece) => {
      const { item, isTaken } = steps.get(piece) as Step;
      const now = counts.get(item.remoteId as Id);
      if (now === undefined || !isTaken(now)) return true;
      piece.done(now);
      return false;
    });
  };
  await run.send([...steps.keys()], { most, again });
}

async function countsOf(run: Run, images: readonly Id[]): Promise<Map<Id, number>> {
  const ids = [...new Set(images)].map(String);
  const { signal } = run;
  const { findImages } = await run.server.request(ask.ImageCountersDocument, { ids }, { signal });
  return new Map(findImages.images.map(({ id, o_counter }) => [Number(id), o_counter ?? 0]));
}
