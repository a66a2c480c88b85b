import { heldRecords } from '../library/heldRecords.ts';
import { type Link, linksOf } from '../library/links.ts';
import { toLibrary } from '../library/translate.ts';
import type { Id } from '../model/fields.ts';
import type { HeldRecord, LibraryId, Values } from '../model/held.ts';
import { fieldsOf, type Kind, kindNames } from '../model/kinds.ts';
import { sameValue } from '../model/records.ts';
import type { Decisions } from './deletions.ts';
import { namedBy } from './names.ts';
import { emptyItem } from './planItem.ts';
import { batchesOf, makingOrder, type Planning } from './planning.ts';
import { policyFor } from './policy.ts';

/**
 * Plans what becomes of records that are gone from the source. Returns the library's records that stay although the
 * source has them no more: it has no say about where they are named.
 */
export async function planGone(
  planning: Planning,
  { of }: Decisions,
): Promise<ReadonlySet<LibraryId>> {
  const staying = new Set<LibraryId>();
  for (const kind of kindNames) {
    for (const link of await linksAll(planning, kind, of[kind].stays)) {
      staying.add(link.libraryId);
      if (link.absentSince === null) planAbsent(planning, link);
    }
  }
  // What others need goes last.
  for (const kind of makingOrder.toReversed()) {
    for (const some of batchesOf(of[kind].deleted)) {
      const links = [...(await linksOf(planning.client, planning.source, kind, some)).values()];
      const held = await heldRecords(
        planning.client,
        kind,
        links.map(({ libraryId }) => libraryId),
      );
      for (const link of links) {
        const record = held.get(link.libraryId);
        if (!record || record.deletedAt !== null) planForgotten(planning, link);
        else if (!(await isChanged(planning, link, record))) planDeletion(planning, link, record);
        else {
          const right = policyFor(planning.source.policy, kind, '');
          if (right === 'stash') planDeletion(planning, link, record);
          else {
            staying.add(link.libraryId);
            planAbsent(planning, link, right === 'library' ? null : record);
          }
        }
      }
    }
  }
  return staying;
}

async function linksAll(
  { client, source }: Planning,
  kind: Kind,
  ids: readonly Id[],
): Promise<Link[]> {
  const all: Link[] = [];
  for (const some of batchesOf(ids)) {
    for (const link of (await linksOf(client, source, kind, some)).values()) {
      all.push({ ...link, base: {}, facts: {} }); // there may be many
    }
  }
  return all;
}

/** Noted as absent; with a record, which was changed here since, it is asked whether it shall go. */
function planAbsent({ plan }: Planning, link: Link, changed: HeldRecord | null = null): void {
  const { kind, libraryId, remoteId } = link;
  const item = emptyItem({ kind, libraryId, remoteId, why: 'gone from the source' });
  item.absent = true;
  if (changed) {
    item.conflicts = [{ field: '', key: '', base: null, library: 'changed', source: 'deleted' }];
  }
  plan.add(item);
}

function planDeletion({ plan }: Planning, link: Link, record: HeldRecord): void {
  const { kind, libraryId, remoteId } = link;
  const item = emptyItem({ kind, libraryId, remoteId, why: 'deleted at the source' });
  plan.add({ ...item, here: 'delete', revision: record.revision, forget: true });
}

/** Gone from both sides: only the link is left. */
function planForgotten({ plan }: Planning, { kind, libraryId, remoteId }: Link): void {
  const item = emptyItem({ kind, libraryId, remoteId, why: 'deleted on both sides' });
  plan.add({ ...item, forget: true });
}

/** The library keeps what the source lost, as if the source had never had it. */
export async function planForgetting(
  planning: Planning,
  kind: Kind,
  ids: readonly Id[],
): Promise<void> {
  for (const { libraryId, remoteId } of await linksAll(planning, kind, ids)) {
    const item = emptyItem({ kind, libraryId, remoteId, why: 'lost by the source' });
    planning.plan.add({ ...item, forget: true });
  }
}

/** Does the library's record differ from what both sides agreed to? */
async function isChanged(
  { client, source, plan }: Planning,
  link: Link,
  record: HeldRecord,
): Promise<boolean> {
  if (!link.edited) return false;
  const { kind, base } = link;
  const named = await namedBy(client, source, plan, [
    { kind, values: base },
    { kind, values: record.values },
  ]);
  return differs(kind, toLibrary(kind, base, named.toLibrary), record.values);
}

export const differs = (kind: Kind, base: Values, values: Values): boolean =>
  fieldsOf[kind].some(
    ([field, { merge }]) =>
      merge !== 'fact' &&
      base[field] !== undefined &&
      values[field] !== undefined &&
      !sameValue(base[field], values[field]),
  );
