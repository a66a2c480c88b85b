import type { Values } from '../../model/held.ts';
import type { Item } from './item.ts';
import { mutationsOf } from './mutations.ts';
import type { Run } from './run.ts';
import { wholeFilter } from './savedFilters.ts';
import type { Piece } from './sender.ts';

/** How many inputs a list has at most. */
const mostInList = 300;

/**
 * How many mutations of their own a request has at most. Of saved filters, one: where one is refused, nothing is told
 * of the others.
 */
export const mostEach = (run: Run): number => (run.kind === 'savedFilter' ? 1 : 100);

/** What of the items goes into the input of the kind's own mutation. */
export async function updatesOf(run: Run, items: readonly Item[]): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for (const item of items) {
    const piece = await updateOf(run, item, openValues(item));
    if (piece) pieces.push(piece);
  }
  return pieces;
}

export async function updateOf(run: Run, item: Item, values: Values): Promise<Piece | null> {
  if (item.error || Object.keys(values).length === 0) return null;
  if (run.kind === 'savedFilter') values = await wholeFilter(run, item, values);
  return run.inputs.piece(item, values, run.mutation(...mutationsOf[run.kind].update));
}

export function sendUpdates(run: Run, pieces: readonly Piece[]): Promise<void> {
  const together = mutationsOf[run.kind].takesList === true;
  return run.send(pieces, { most: together ? mostInList : mostEach(run), together });
}

/** What an item is still to be given. */
export const openValues = ({ change, fields }: Item): Values =>
  Object.fromEntries(fields.map((field) => [field, change.after[field]]));
