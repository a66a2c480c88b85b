import type { ImportIds } from '../library/ids.ts';
import { linkedAt, linksTo } from '../library/links.ts';
import type { Id } from '../model/fields.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { inOrder } from '../model/inOrder.ts';
import type { Kind, Rec } from '../model/kinds.ts';
import { type FileFacts, Matching, type Outcome } from './match.ts';
import { emptyItem } from './planItem.ts';
import {
  atATime,
  batchesOf,
  batchSizeOf,
  inLibraryIds,
  type Planning,
  sourceRecords,
} from './planning.ts';

/**
 * Finds for each new record of a kind the library's own, or gives it an id to be created under (design.md §5.3).
 * Returns the numbers that the source had for such records before: they are not gone, they go under a new number.
 */
export async function assignFresh(
  planning: Planning,
  kind: Kind,
  { fresh, gone }: { fresh: readonly Id[]; gone: readonly Id[] },
  newIds: ImportIds,
): Promise<Set<Id>> {
  const { client, source, plan, renumbered, warn } = planning;
  const former = new Set<Id>();
  if (fresh.length === 0) return former;
  const matching = new Matching(client, source, kind, {
    pathMap: source.pathMap,
    // A number that is given to a new record is not that of the one which had it before.
    gone: new Set([...gone, ...fresh]),
    warn,
  });
  const told: Id[] = [];
  const match = async (some: readonly Id[]) => {
    const { records, named } = await sourceRecords(planning, kind, some);
    const files = await filesOf(planning, kind, records);
    await matching.add(
      records.map((record) => {
        const { id: remoteId, ...fields } = record as { id: Id } & Values;
        const values = inLibraryIds(kind, fields, named);
        // A file is known by what is its own.
        return { remoteId, values, ...(kind !== 'file' && { files: ofRecord(fields, files) }) };
      }),
    );
    return records.map(({ id }) => id);
  };
  for await (const ids of inOrder(batchesOf(fresh, batchSizeOf(kind)), atATime, match))
    told.push(...ids);
  const outcomes = matching.decide();
  if (renumbered) await matchByTime(planning, kind, fresh, outcomes);
  for (const some of batchesOf(told, batchSizeOf(kind))) {
    const matched = some.flatMap((id): LibraryId[] => {
      const outcome = outcomes.get(id);
      return outcome && 'libraryId' in outcome ? [outcome.libraryId] : [];
    });
    const links = await linksTo(client, source, kind, matched);
    for (const remoteId of some) {
      const outcome = outcomes.get(remoteId);
      if (outcome && 'libraryId' in outcome) {
        const { libraryId, by: why } = outcome;
        const formerId = links.get(libraryId)?.remoteId ?? null;
        if (formerId !== null) former.add(formerId);
        const isMoved = renumbered && formerId !== null;
        plan.setFresh(kind, remoteId, { libraryId, isNew: false, why, formerId, isMoved });
        continue;
      }
      const libraryId = newIds.text(kind, remoteId);
      const isNew = { isNew: true, why: 'new', formerId: null, isMoved: false };
      // That it is a record of its own is right, if what the source has now was said to be.
      if (outcome && 'partOf' in outcome && source.standing !== 'accept') {
        // It comes with all that it has, and becomes part of the other as the one that was known did.
        const { partOf, by: why } = outcome;
        plan.setFresh(kind, remoteId, { libraryId, ...isNew, partOf });
        const item = emptyItem({ kind, libraryId, remoteId, why });
        plan.add({ ...item, here: 'fold', into: partOf });
        continue;
      }
      plan.setFresh(kind, remoteId, { libraryId, ...isNew });
      const suggestions = outcome && 'suggestions' in outcome ? outcome.suggestions : [];
      for (const { libraryId: otherId, why, score } of suggestions) {
        plan.suggest({ kind, remoteId, otherId, why, score });
      }
    }
  }
  return former;
}

/**
 * What has no content to be known by, as a gallery of images from anywhere: of a source that has all its records under
 * new numbers, the one that was made at that moment, where there is just one on either side.
 */
async function matchByTime(
  { client, source, reading }: Planning,
  kind: Kind,
  fresh: readonly Id[],
  outcomes: Map<Id, Outcome>,
): Promise<void> {
  const taken = new Set<LibraryId>();
  for (const outcome of outcomes.values()) if ('libraryId' in outcome) taken.add(outcome.libraryId);
  const isOpen = (id: Id) => !('libraryId' in (outcomes.get(id) ?? {}));
  const there: [number, Id][] = [];
  for (const some of batchesOf(fresh.filter(isOpen))) {
    for (const [id, at] of await reading.created(kind, some)) {
      if (at !== null) there.push([Date.parse(at), id]);
    }
  }
  if (there.length === 0) return;
  const here = (await linkedAt(client, source, kind)).filter(([, id]) => !taken.has(id));
  const single = onlyOnes(here);
  for (const [at, id] of onlyOnes(there)) {
    const libraryId = single.get(at);
    if (libraryId !== undefined) outcomes.set(id, { libraryId, by: 'time of creation' });
  }
}

/** What is the only one of its moment. */
function onlyOnes<T>(all: readonly (readonly [number, T])[]): Map<number, T> {
  const only = new Map<number, T>();
  for (const [at, some] of Map.groupBy(all, ([moment]) => moment)) {
    if (some.length === 1) only.set(at, (some[0] as readonly [number, T])[1]);
  }
  return only;
}

const ofRecord = (told: Values, files: ReadonlyMap<Id, FileFacts>): FileFacts[] =>
  ((told.files ?? []) as Id[]).flatMap((id) => files.get(id) ?? []);

/** The files of new records: copies of one that the library has are no records of its own, but tell what they belong to. */
async function filesOf(
  { reading, signal }: Planning,
  kind: Kind,
  records: readonly Rec<Kind>[],
): Promise<Map<Id, FileFacts>> {
  const files = new Map<Id, FileFacts>();
  if (kind !== 'scene' && kind !== 'image' && kind !== 'gallery') return files;
  const ids = records.flatMap((record) => (record as { files?: Id[] }).files ?? []);
  const ascending = [...new Set(ids)].sort((a, b) => a - b);
  for await (const batch of reading.some('file', ascending, signal)) {
    for (const { id, path = '', fingerprints = [], size = null, duration = null } of batch) {
      files.set(id, { path, fingerprints, size, duration });
    }
  }
  return files;
}
