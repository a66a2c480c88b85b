import type { Id } from '../../model/fields.ts';
import type { Values } from '../../model/held.ts';
import type { Kind, Rec } from '../../model/kinds.ts';
import { openGraphql } from '../graphql/graphql.ts';
import { type IdsQuery, idsListed } from '../graphql/lists.ts';
import * as ask from '../types.ts';
import type { WrittenKind } from './entry.ts';
import type { Item } from './item.ts';
import type { Run } from './run.ts';

const idsQueries: { readonly [K in WrittenKind]?: readonly IdsQuery[] } = {
  tag: [ask.TagIdsDocument],
  studio: [ask.StudioIdsDocument],
  performer: [ask.PerformerIdsDocument],
  group: [ask.GroupIdsDocument, ask.MovieIdsDocument],
  gallery: [ask.GalleryIdsDocument],
  scene: [ask.SceneIdsDocument],
  marker: [ask.MarkerIdsDocument],
};

type Found = Values & { id: Id };

/** The highest number that a record of the kind has; of chapters, those in the galleries concerned. */
export async function highestOf(run: Run, items: readonly Item[]): Promise<Id> {
  return Math.max(0, ...(await newestIds(run, items, 1)));
}

/** The records that have come since, ascending, as far as they may be the items. */
export async function newerThan(run: Run, id: Id, items: readonly Item[]): Promise<Found[]> {
  // Others may have made some, too.
  const newer = (await newestIds(run, items, items.length + 100)).filter((one) => one > id);
  return recordsOf(run, newer);
}

/** Of these, the records that are there, ascending. */
export async function recordsOf(run: Run, ids: readonly Id[]): Promise<Found[]> {
  const reading = openGraphql(run.server);
  try {
    const found: Found[] = [];
    for await (const records of reading.some(run.kind as Kind, ids, run.signal)) {
      found.push(...(records as Rec<'tag'>[]));
    }
    return found;
  } finally {
    await reading.close();
  }
}

async function newestIds(run: Run, items: readonly Item[], most: number): Promise<Id[]> {
  const { server, signal } = run;
  if (run.kind === 'savedFilter') {
    const { findSavedFilters } = await server.request(ask.SavedFiltersDocument, {}, { signal });
    return findSavedFilters.map(({ id }) => Number(id));
  }
  if (run.kind === 'chapter') {
    const ids = [...new Set(items.map(({ change }) => String(change.after.gallery)))];
    const { findGalleries } = await server.request(
      ask.GalleryChaptersDocument,
      { ids },
      { signal },
    );
    return findGalleries.galleries.flatMap(({ chapters }) => chapters.map(({ id }) => Number(id)));
  }
  const operation = idsQueries[run.kind]?.find((one) => server.supports(one as never));
  if (!operation) return [];
  const filter = { per_page: most, sort: 'id', direction: 'DESC' } as const;
  return idsListed(await server.request(operation, { filter }, { signal })).ids;
}
