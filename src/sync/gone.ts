import { openConflicts } from '../library/conflicts.ts';
import { heldRecords } from '../library/heldRecords.ts';
import { type Link, linksOf } from '../library/links.ts';
import { toLibrary } from '../library/translate.ts';
import type { Id } from '../model/fields.ts';
import type { HeldRecord, LibraryId } from '../model/held.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import { isChangedHere } from './changed.ts';
import { deletedAmong } from './deletedHere.ts';
import { type Decisions, ownerField } from './deletions.ts';
import { namedBy } from './names.ts';
import { emptyItem, type PlanItem } from './planItem.ts';
import { batchesOf, makingOrder, type Planning } from './planning.ts';
import { type PolicyWord, policyFor } from './policy.ts';
import { creatable } from './projection.ts';

/**
 * Plans what becomes of records that are gone from the source. Returns the library's records that stay although the
 * source has them no more: it has no say about where they are named. So do those that it did not tell of, there or not.
 */
export async function planGone(
  planning: Planning,
  { of }: Decisions,
  untold: readonly { [K in Kind]: readonly Id[] }[] = [],
): Promise<ReadonlySet<LibraryId>> {
  const staying = new Set<LibraryId>();
  for (const kind of kindNames) {
    const ids = untold.flatMap((of) => of[kind]);
    for (const link of await linksAll(planning, kind, ids)) staying.add(link.libraryId);
    const givenAgain = planning.plan.fresh(kind, of[kind].stays);
    for (const link of await linksAll(planning, kind, of[kind].stays)) {
      staying.add(link.libraryId);
      if (link.absentSince === null && !givenAgain.has(link.remoteId)) planAbsent(planning, link);
    }
  }
  const going = new Set<string>();
  // What others need goes last.
  for (const kind of makingOrder.toReversed()) {
    for (const some of batchesOf(of[kind].deleted)) {
      const links = [...(await linksOf(planning.client, planning.source, kind, some)).values()];
      const givenAgain = planning.plan.fresh(kind, some);
      const held = await heldRecords(
        planning.client,
        kind,
        links.map(({ libraryId }) => libraryId),
      );
      const open = await openConflicts(planning.client, planning.source, kind, some);
      for (const link of links) {
        const record = held.get(link.libraryId);
        const right = policyFor(planning.source.policy, kind, '');
        const isKept =
          record?.deletedAt === null &&
          right !== 'stash' &&
          (await isChanged(planning, link, record, staying));
        if (isKept) {
          staying.add(link.libraryId);
          const isAsked = open.get(link.remoteId)?.has('') ?? false;
          if (!givenAgain.has(link.remoteId)) planKept(planning, link, right, isAsked);
          continue;
        }
        going.add(`${kind} ${link.remoteId}`);
        // A number that the source gave to another record is that one's.
        const remoteId = givenAgain.has(link.remoteId) ? null : link.remoteId;
        if (record?.deletedAt === null) planDeletion(planning, { ...link, remoteId }, record);
        else if (remoteId !== null) planForgotten(planning, link, 'deleted on both sides');
      }
    }
  }
  // What belongs to a record goes with it, without a decision of its own.
  for (const [kind, owner] of Object.entries(ownerField) as [Kind, string][]) {
    for (const some of batchesOf(of[kind].stays)) {
      const links = await linksOf(planning.client, planning.source, kind, some);
      for (const link of links.values()) {
        if (!going.has(`${owner} ${link.base[owner]}`)) continue;
        planForgotten(planning, link, `went with its ${owner}`);
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

/** Deleted there, changed here since, and kept: made there anew where the policy says so and it can be; else absent. */
function planKept(planning: Planning, link: Link, right: PolicyWord, isAsked: boolean): void {
  if (right === 'library' && planning.source.writes && creatable.has(link.kind)) {
    planForgotten(planning, link, 'deleted at the source, changed here');
    return;
  }
  const asks = right !== 'library' && !isAsked;
  if (asks || link.absentSince === null) planAbsent(planning, link, asks);
}

/** Noted as absent; where the record was changed here since, it is asked whether it shall go. */
function planAbsent({ plan }: Planning, link: Link, asks = false): void {
  const { kind, libraryId, remoteId } = link;
  const item = emptyItem({ kind, libraryId, remoteId, why: 'gone from the source' });
  item.absent = true;
  if (asks) {
    item.conflicts = [{ field: '', key: '', base: null, library: 'changed', source: 'deleted' }];
  }
  plan.add(item);
}

function planDeletion(
  { plan }: Planning,
  link: Pick<PlanItem, 'kind' | 'libraryId' | 'remoteId'>,
  record: HeldRecord,
): void {
  const { kind, libraryId, remoteId } = link;
  const item = emptyItem({ kind, libraryId, remoteId, why: 'deleted at the source' });
  plan.add({ ...item, here: 'delete', revision: record.revision, forget: true });
}

/** Gone from both sides: only the link is left. */
function planForgotten({ plan }: Planning, { kind, libraryId, remoteId }: Link, why: string): void {
  const item = emptyItem({ kind, libraryId, remoteId, why });
  plan.add({ ...item, forget: true, agreed: [{ field: '', key: '' }] });
}

/** The library keeps what the source lost, as if the source had never had it. */
export async function planForgetting(
  planning: Planning,
  kind: Kind,
  ids: readonly Id[],
): Promise<void> {
  for (const link of await linksAll(planning, kind, ids)) {
    planForgotten(planning, link, 'lost by the source');
  }
}

/** Was the library's record changed since both sides agreed to it? */
async function isChanged(
  planning: Planning,
  link: Link,
  record: HeldRecord,
  staying: ReadonlySet<LibraryId>,
): Promise<boolean> {
  if (!link.edited) return false;
  const { client, source, plan } = planning;
  const { kind } = link;
  const named = await namedBy(
    client,
    source,
    plan,
    [{ kind, values: record.values }],
    [{ kind, values: link.base }],
  );
  const base = toLibrary(kind, link.base, named.before);
  const deleted = await deletedAmong(planning, kind, [base, record.values]);
  const stays = (id: string, on: 'library' | 'source') =>
    on === 'source' ? staying.has(id) : deleted.has(id);
  return isChangedHere(kind, base, record.values, { stays, boxes: planning.boxes });
}
