import type { ImportIds } from '../library/ids.ts';
import { linksTo } from '../library/links.ts';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { type FileFacts, Matching } from './match.ts';
import type { SourceSide } from './pair.ts';
import { batchesOf, type Planning, sourceSides } from './planning.ts';

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
  const { client, source, plan, warn } = planning;
  const former = new Set<Id>();
  if (fresh.length === 0) return former;
  const matching = new Matching(client, source, kind, {
    pathMap: source.pathMap,
    gone: new Set(gone),
    warn,
  });
  for await (const { sides } of sourceSides(planning, kind, fresh)) {
    const files = await filesOf(planning, kind, [...sides.values()]);
    await matching.add(
      [...sides].map(([remoteId, { values, facts }]) => ({
        ...{ remoteId, values },
        files: (facts.files as Id[] | undefined)?.flatMap((id) => files.get(id) ?? []) ?? [],
      })),
    );
  }
  const outcomes = matching.decide();
  for (const some of batchesOf(fresh)) {
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
        plan.setFresh(kind, remoteId, { libraryId, isNew: false, why, formerId });
        continue;
      }
      const libraryId = newIds.text(kind, remoteId);
      plan.setFresh(kind, remoteId, { libraryId, isNew: true, why: 'new', formerId: null });
      for (const { libraryId: otherId, why, score } of outcome?.suggestions ?? []) {
        plan.suggest({ kind, remoteId, otherId, why, score });
      }
    }
  }
  return former;
}

/** The files of new records: copies of one that the library has are no records of its own, but tell what they belong to. */
async function filesOf(
  { reading, signal }: Planning,
  kind: Kind,
  sides: readonly SourceSide[],
): Promise<Map<Id, FileFacts>> {
  const files = new Map<Id, FileFacts>();
  if (kind !== 'scene' && kind !== 'image' && kind !== 'gallery') return files;
  const ids = sides.flatMap(({ facts }) => (facts.files as Id[] | undefined) ?? []);
  const ascending = [...new Set(ids)].sort((a, b) => a - b);
  for await (const batch of reading.some('file', ascending, signal)) {
    for (const { id, path = '', fingerprints = [] } of batch) files.set(id, { path, fingerprints });
  }
  return files;
}
