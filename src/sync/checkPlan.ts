import { linksOf, linksTo } from '../library/links.ts';
import { revisionsOf } from '../library/revisions.ts';
import { idsIn } from '../library/translate.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { kindNames } from '../model/kinds.ts';
import { sameValue } from '../model/records.ts';
import type { PlanFile } from './planFile.ts';
import type { PlanItem } from './planItem.ts';
import { type Planning, sidesOf } from './planning.ts';

/** An item of a plan that is not carried out: one of the two sides is not what it was. */
export interface Outdated extends Pick<PlanItem, 'kind' | 'libraryId' | 'remoteId'> {
  why: string;
}

/**
 * What of a plan still holds, as a plan of its own: its items are held against both sides as they are now. What names a
 * record that is not made after all does not hold either.
 */
export async function checkPlan(
  planning: Planning,
  planned: PlanFile,
  left: PlanFile,
): Promise<Outdated[]> {
  const outdated: Outdated[] = [];
  const dropped = new Set<PlanItem['libraryId']>();
  for (const kind of kindNames) {
    for (const items of planned.items({ kind })) {
      const reasons = await reasonsAgainst(planning, items);
      for (const [{ libraryId, remoteId }, why] of reasons) {
        outdated.push({ kind, libraryId, remoteId, why });
        dropped.add(libraryId);
      }
    }
  }
  const unmade = dropDependants(planned, dropped, outdated);
  for (const items of planned.items()) {
    const kept = items.filter(({ libraryId }) => !dropped.has(libraryId));
    left.add(...kept);
    for (const [kind, some] of Map.groupBy(kept, (item) => item.kind)) {
      const numbers = some.flatMap(({ remoteId }) => (remoteId === null ? [] : [remoteId]));
      for (const [remoteId, fresh] of planned.fresh(kind, numbers)) {
        left.setFresh(kind, remoteId, fresh);
      }
    }
  }
  for (const suggestion of planned.suggestions) {
    if (!unmade.has(suggestion.otherId)) left.suggest(suggestion);
  }
  left.finish(planned.head);
  return outdated;
}

/** Why some items, all of one kind, do not hold any more. */
async function reasonsAgainst(
  planning: Planning,
  items: readonly PlanItem[],
): Promise<Map<PlanItem, string>> {
  const { client, source } = planning;
  const reasons = new Map<PlanItem, string>();
  const kind = items[0]?.kind;
  if (kind === undefined) return reasons;
  const revisions = await revisionsOf(
    client,
    kind,
    items.map(({ libraryId }) => libraryId),
  );
  const ids = items.flatMap(({ remoteId }) => (remoteId === null ? [] : [remoteId]));
  const links = await linksOf(client, source, kind, ids);
  const made = await linksTo(
    client,
    source,
    kind,
    items.flatMap(({ remoteId, libraryId }) => (remoteId === null ? [libraryId] : [])),
  );
  const sides = await sidesOf(planning, kind, ids);
  for (const item of items) {
    const { libraryId, remoteId, revision, here } = item;
    const now = revisions.get(libraryId);
    const side = remoteId === null ? undefined : sides.get(remoteId);
    const link = remoteId === null ? undefined : links.get(remoteId);
    if (here === 'create' ? now !== undefined : revision !== null && revision !== now) {
      reasons.set(item, 'changed in the library since the plan was made');
    } else if (remoteId === null) {
      if (made.has(libraryId)) reasons.set(item, 'is at the source by now');
    } else if (saysGone(item) ? side !== undefined : side === undefined) {
      reasons.set(item, side ? 'is back at the source' : 'is gone from the source');
    } else if (side && !isAsSeen(item, side, link?.seen.toString('hex'))) {
      reasons.set(item, 'changed at the source since the plan was made');
    }
  }
  return reasons;
}

/** Whether an item says that the source has the record no more. */
const saysGone = ({ here, absent, forget, there }: PlanItem): boolean =>
  absent === true || here === 'delete' || (forget === true && there === null);

function isAsSeen(
  { seen, sourceBefore }: PlanItem,
  side: { seen: string; values: Values },
  before: string | undefined,
): boolean {
  const expected = seen ?? before;
  return (
    (expected === undefined || expected === side.seen) &&
    Object.entries(sourceBefore).every(([field, value]) => sameValue(side.values[field], value))
  );
}

/** What names a record that was to be made and is not. Returns all that are not made. */
function dropDependants(
  planned: PlanFile,
  dropped: Set<LibraryId>,
  outdated: Outdated[],
): Set<LibraryId> {
  const unmade = new Set<LibraryId>();
  const isMade = ({ here, there }: PlanItem) => here === 'create' || there === 'create';
  for (const items of planned.items()) {
    for (const item of items)
      if (isMade(item) && dropped.has(item.libraryId)) unmade.add(item.libraryId);
  }
  for (let isSettled = unmade.size === 0; !isSettled; ) {
    isSettled = true;
    for (const items of planned.items()) {
      for (const item of items) {
        const { kind, libraryId, remoteId } = item;
        if (dropped.has(libraryId)) continue;
        const named = idsIn(kind, { ...item.base, ...item.library, ...item.factsHere });
        idsIn(kind, item.source, named);
        const isDependant = [...named.values()].some((ids) =>
          [...ids].some((id) => unmade.has(id as LibraryId)),
        );
        if (!isDependant) continue;
        outdated.push({ kind, libraryId, remoteId, why: 'names a record that is not made' });
        dropped.add(libraryId);
        if (!isMade(item)) continue;
        unmade.add(libraryId);
        isSettled = false;
      }
    }
  }
  return unmade;
}
