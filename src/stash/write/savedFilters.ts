import { StowageError } from '../../model/errors.ts';
import type { Values } from '../../model/held.ts';
import { mapperOf } from '../mapper.ts';
import { SavedFiltersDocument } from '../types.ts';
import { type Item, nameOf } from './item.ts';
import type { Run } from './run.ts';

/** A saved filter can only be replaced, so what is to stay of it is read first. */
export async function wholeFilters(run: Run, items: readonly Item[]): Promise<Map<Item, Values>> {
  const { signal } = run;
  const { findSavedFilters } = await run.server.request(SavedFiltersDocument, {}, { signal });
  const held = new Map(findSavedFilters.map((one) => [Number(one.id), one]));
  const whole = new Map<Item, Values>();
  for (const item of items) {
    const answer = held.get(item.remoteId as number);
    if (answer) {
      const { id: _, ...values } = mapperOf('savedFilter')(answer);
      whole.set(item, { ...values, ...item.change.after });
    } else {
      const missing = `${nameOf(item.change)} is not there any more`;
      item.fail(new StowageError('source.refused', `Stash refused it. The ${missing}.`));
    }
  }
  return whole;
}
