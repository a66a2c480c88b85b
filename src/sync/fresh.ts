import type { ImportIds } from '../library/ids.ts';
import { linksTo } from '../library/links.ts';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { Matching } from './match.ts';
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
    await matching.add([...sides].map(([remoteId, { values }]) => ({ remoteId, values })));
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
