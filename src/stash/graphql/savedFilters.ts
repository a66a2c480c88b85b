import type { Id } from '../../model/fields.ts';
import type { StashServer } from '../server.ts';
import { idsSelect } from '../tables/selects.ts';
import * as ask from '../types.ts';
import { fromTables } from './ids.ts';
import { isRefusal } from './lists.ts';
import type { Refusals } from './refusals.ts';

type SavedFilter = ask.SavedFilterFieldsFragment;

/**
 * All saved filters, ascending by id. A server lists them in one answer, which it refuses whole for one that it cannot
 * tell: then they are asked for one by one where the tables tell their numbers, and else mode by mode.
 */
export async function savedFilters(
  server: StashServer,
  refusals: Refusals,
  signal: AbortSignal | undefined,
): Promise<SavedFilter[]> {
  const found = await allOf(server, refusals, signal);
  return found.sort((a, b) => Number(a.id) - Number(b.id));
}

async function allOf(
  server: StashServer,
  refusals: Refusals,
  signal: AbortSignal | undefined,
): Promise<SavedFilter[]> {
  const options = { signal };
  const whole = await unlessRefused(server.request(ask.SavedFiltersDocument, {}, options));
  if ('told' in whole) return whole.told.findSavedFilters;
  const found: SavedFilter[] = [];
  const ids = await fromTables(server, 'savedFilter', idsSelect, signal);
  if (ids !== undefined) {
    for (const id of JSON.parse(String(ids)) as Id[]) {
      const one = await unlessRefused(
        server.request(ask.SavedFilterDocument, { id: String(id) }, options),
      );
      if ('why' in one) refusals.whole('savedFilter', id, one.why);
      else if (one.told.findSavedFilter) found.push(one.told.findSavedFilter);
    }
    return found;
  }
  refusals.open('savedFilter');
  for (const mode of server.words('FilterMode') as ask.FilterMode[]) {
    const some = await unlessRefused(
      server.request(ask.SavedFiltersOfModeDocument, { mode }, options),
    );
    if ('told' in some) found.push(...some.told.findSavedFilters);
    else refusals.some('savedFilter', `those of ${mode}: ${some.why}`);
  }
  return found;
}

async function unlessRefused<T>(answer: Promise<T>): Promise<{ told: T } | { why: string }> {
  try {
    return { told: await answer };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { why: error.refused[0]?.why ?? error.message };
  }
}
