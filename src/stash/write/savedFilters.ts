import { StowageError } from '../../model/errors.ts';
import type { Id } from '../../model/fields.ts';
import type { Values } from '../../model/held.ts';
import { mapperOf } from '../mapper.ts';
import { SavedFiltersDocument } from '../types.ts';
import { type Item, nameOf } from './item.ts';
import type { Run } from './run.ts';

const read = new WeakMap<Run, Promise<Map<Id, Values>>>();

/** A saved filter can only be replaced: these values with all that is to stay of it, which is read once a write. */
export async function wholeFilter(run: Run, item: Item, values: Values): Promise<Values> {
  const held = read.get(run) ?? filtersOf(run);
  read.set(run, held);
  const filter = (await held).get(item.remoteId as Id);
  if (!filter) {
    const gone = `The ${nameOf(item.change)} is not there any more.`;
    item.fail(new StowageError('source.refused', gone));
  }
  return { ...filter, ...values };
}

async function filtersOf({ server, signal }: Run): Promise<Map<Id, Values>> {
  const { findSavedFilters } = await server.request(SavedFiltersDocument, {}, { signal });
  const filters = findSavedFilters.map(mapperOf('savedFilter'));
  return new Map(filters.map(({ id, ...values }) => [id, values]));
}
