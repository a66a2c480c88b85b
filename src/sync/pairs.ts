import type { ClientBase } from 'pg';
import { openConflicts } from '../library/conflicts.ts';
import type { Differs } from '../library/differences.ts';
import { foldedAmong } from '../library/folds.ts';
import { heldFields, heldRecords } from '../library/heldRecords.ts';
import { refusedCreations, sentChanges } from '../library/journal.ts';
import { lastEdits } from '../library/lastEdits.ts';
import { storedFields } from '../library/layout.ts';
import { type Link, linksOf } from '../library/links.ts';
import { lockedFields } from '../library/locks.ts';
import type { Source } from '../library/sources.ts';
import { idsIn, isLibraryId, type NamedIds, toLibrary } from '../library/translate.ts';
import type { Id, Instant } from '../model/fields.ts';
import type { HeldRecord, LibraryId, Values } from '../model/held.ts';
import { inOrder } from '../model/inOrder.ts';
import { fieldsOf, type Kind } from '../model/kinds.ts';
import { sameValue } from '../model/records.ts';
import { isChangedThere } from './changed.ts';
import { deletedAmong } from './deletedHere.ts';
import { hasFiles } from './deletions.ts';
import { hierarchies } from './hierarchy.ts';
import { loopsIn, type Met } from './loops.ts';
import type { MergeOptions } from './merge.ts';
import { type Named, namedBy } from './names.ts';
import { withoutFacts } from './needed.ts';
import { noteTogether } from './otherForms.ts';
import { type Pair, planNew, planPair, type SourceSide } from './pair.ts';
import { emptyItem, never, type PlanItem } from './planItem.ts';
import { atATime, batchesOf, batchSizeOf, type Planning, sidesOf } from './planning.ts';
import { asksForTimes, policyFor } from './policy.ts';
import { creatable, lacksNeeded, withReferences } from './projection.ts';

/** What this plan says of records that others may name. */
interface Elsewhere {
  /** Gone from the source, but staying here. */
  staying: ReadonlySet<LibraryId>;
  /** Deleted here, and brought back as the source has it: its place there is its place here. */
  restored: ReadonlySet<LibraryId>;
}

/**
 * Plans the records of a kind that are there, one by one: what is new, and what changed on either side. Returns what
 * would be deleted there: whether that may happen shows only beside all of it.
 */
export async function planPairs(
  planning: Planning,
  kind: Kind,
  ids: readonly Id[],
  { staying, restored }: Elsewhere,
  progress: (count: number) => void,
): Promise<PlanItem[]> {
  const { client, source, plan } = planning;
  const due: PlanItem[] = [];
  if (ids.length === 0) return due;
  const refused = new Set((await refusedCreations(client, source.id)).keys());
  // Whether an edge closes a loop shows only beside all others.
  const hierarchy: Met[] = [];
  const work = (some: readonly Id[]) =>
    planBatch(planning, kind, some, { staying, restored, refused });
  for await (const planned of inOrder(batchesOf(ids, batchSizeOf(kind)), atATime, work)) {
    plan.add(...planned.items);
    due.push(...planned.due);
    if (kind in hierarchies) hierarchy.push(...planned.met);
    else for (const one of planned.met) plan.add(...itemOf(one.plan()));
    progress(planned.asked);
  }
  const looping = await loopsIn(planning, kind, hierarchy);
  for (const one of hierarchy) plan.add(...itemOf(one.plan(looping.get(one.libraryId))));
  return due;
}

const itemOf = (item: PlanItem | undefined): PlanItem[] => (item ? [item] : []);

async function planBatch(
  planning: Planning,
  kind: Kind,
  asked: readonly Id[],
  { staying, restored, refused }: Elsewhere & { refused: ReadonlySet<LibraryId> },
): Promise<PlannedBatch> {
  const { client, source, plan } = planning;
  const batch: PlannedBatch = { asked: asked.length, items: [], due: [], met: [] };
  const sides = await sidesOf(planning, kind, asked);
  const ids = [...sides.keys()];
  const fresh = plan.fresh(kind, ids);
  // A number that this plan gives to another record is no more that of the one it was linked to.
  const links = await linksOf(
    client,
    source,
    kind,
    ids.filter((id) => !fresh.has(id)),
  );
  const known = ids.flatMap((id) => {
    const found = fresh.get(id);
    if (found) return found.isNew ? [] : [found.libraryId];
    return links.get(id)?.libraryId ?? [];
  });
  const leading = await leadersOf(client, source, known);
  const held = await heldBy(client, kind, known, leading);
  const records = [...held.values()].map(({ values }) => ({ kind, values }));
  const formerIds = [...fresh.values()].flatMap(({ isMoved, formerId }) =>
    isMoved && formerId !== null ? [formerId] : [],
  );
  const moved = await linksOf(client, source, kind, formerIds);
  const bases = [...links.values(), ...moved.values()].flatMap(({ base, sent }) => [base, sent]);
  const named = await namedBy(
    client,
    source,
    plan,
    records,
    bases.map((values) => ({ kind, values })),
  );
  const agreed = [...links.values(), ...moved.values()].map(({ base }) =>
    toLibrary(kind, base, named.before),
  );
  const deletedHere = await deletedAmong(planning, kind, [
    ...[...held.values()].map(({ values }) => values),
    ...agreed,
    ...[...sides.values()].map(({ values }) => values),
  ]);
  const notMade = refused.union(deletedHere);
  const references: NamedIds = new Map();
  for (const { values } of records) idsIn(kind, values, references);
  const context: Batch = {
    planning,
    planned: batch,
    kind,
    named,
    staying,
    deletedHere: deletedHere.difference(restored),
    foundAgain: foundAgainAmong(planning, kind, agreed).union(restored),
    homeless: homelessAmong(source.writes, references, named, notMade),
    nowhere: homelessAmong(true, references, named, notMade),
    leading,
    open: await openConflicts(client, source, kind, [...ids, ...formerIds]),
    locked: await lockedFields(client, known),
    edits: asksForTimes(source.policy) ? await lastEdits(client, source, known) : new Map(),
    sent: await sentChanges(client, source, kind, ids),
  };
  const { items, met } = batch;
  const folded = await foldedAmong(client, known);
  for (const [remoteId, side] of sides) {
    const assigned = fresh.get(remoteId);
    // What was agreed about a record that has only moved is what was agreed under its former number.
    const link = assigned
      ? assigned.isMoved
        ? moved.get(assigned.formerId as Id)
        : undefined
      : links.get(remoteId);
    const libraryId = assigned?.libraryId ?? link?.libraryId;
    if (libraryId === undefined) continue; // came while we read: the next sync has it
    const of = { kind, libraryId, remoteId, why: assigned?.why ?? '' };
    if (assigned?.isNew) {
      items.push(planNew(of, side));
      continue;
    }
    const record = held.get(libraryId);
    if (!record) continue;
    if (folded.has(libraryId)) {
      planFolded(context, of, record, link, folded.get(libraryId));
    } else if (record.deletedAt !== null && (link || source.standing === 'push')) {
      if (context.open.get(remoteId)?.has('')) continue; // it is asked whether it shall go
      if (!planDeletedHere(context, of, side, link, record)) continue;
      const why = 'deleted in the library, and changed at the source';
      met.push(meet(context, { ...of, why, formerId: null }, side, record, link));
    } else {
      const formerId = assigned?.isMoved ? null : (assigned?.formerId ?? null);
      met.push(meet(context, { ...of, formerId }, side, record, link));
    }
  }
  return batch;
}

/** What comes of some records: what is settled, and what is settled only beside others. */
interface PlannedBatch {
  asked: number;
  items: PlanItem[];
  /** Deletions at the source, before it is known whether they are too many. */
  due: PlanItem[];
  met: Met[];
}

interface Batch {
  planning: Planning;
  planned: PlannedBatch;
  kind: Kind;
  named: Named;
  staying: ReadonlySet<LibraryId>;
  /** Deleted in the library, which does not travel to the source. */
  deletedHere: ReadonlySet<LibraryId>;
  /** The source lost these with their files, and found them under other numbers. */
  foundAgain: ReadonlySet<LibraryId>;
  /** The source has no record for these, and is not given one. */
  homeless: ReadonlySet<LibraryId>;
  /** Those of them that it is not given once it may be written to, either. */
  nowhere: ReadonlySet<LibraryId>;
  /** Of which records this source shows its facts. */
  leading: ReadonlySet<LibraryId>;
  /** Open questions, by record, field and key. */
  open: Map<Id, Map<string, Set<string>>>;
  locked: Map<LibraryId, ReadonlySet<string>>;
  /** When the records were last edited here; only where the policy asks. */
  edits: ReadonlyMap<LibraryId, Instant>;
  /** What was on its way to the source when a run was cut off: it may have arrived. */
  sent: ReadonlyMap<Id, Values>;
}

/** The source has two records that are one here: it is told, where it can be; else this one is known, and that is all. */
function planFolded(
  { planning, planned }: Batch,
  of: { kind: Kind; libraryId: LibraryId; remoteId: Id; why: string },
  record: HeldRecord,
  link: Link | undefined,
  into: LibraryId | undefined,
): void {
  const { source, canMerge } = planning;
  const differs: Differs = { '': 'part' };
  const item = { ...emptyItem(of), revision: record.revision, differs };
  if (into !== undefined && source.writes && canMerge(of.kind)) {
    const why = 'they are one in the library';
    planned.items.push({ ...item, there: 'merge', into, why, forget: true });
  } else if (link && (link.edited || !sameValue(link.differs, differs))) planned.items.push(item);
}

/** A record that both sides have: what becomes of it can be asked for. */
function meet(
  batch: Batch,
  of: { kind: Kind; libraryId: LibraryId; remoteId: Id; why: string; formerId: Id | null },
  side: SourceSide,
  held: HeldRecord,
  link: Link | undefined,
): Met {
  const { planning, kind, named, open, locked, edits, sent } = batch;
  const { source, canHold } = planning;
  const { formerId, ...item } = of;
  const { libraryId, remoteId } = of;
  const isMoved = link !== undefined && link.remoteId !== remoteId;
  const isThere = (_: Kind, id: LibraryId) => !batch.nowhere.has(id);
  const pair: Pair = {
    kind,
    item,
    source: side,
    held,
    // Into a source that was put back goes what the library has: whatever differs there was never agreed on.
    base:
      source.standing === 'push'
        ? side.values
        : link && withoutFoundAgain(batch, arrived(batch, link, side)),
    link: link && { ...link, seen: isMoved ? '' : link.seen.toString('hex') },
    leads: batch.leading.has(libraryId),
    writes: source.writes,
    isHashed: planning.reading.road !== 'graphql',
    circumstances: {
      boxes: planning.boxes,
      canHold: (field, value) => canHold(kind, field, value),
      isThere: (target, id) => named.toSource.get(target, id) !== undefined,
      isGone: (id) => batch.staying.has(id) || batch.deletedHere.has(id),
    },
  };
  const options: MergeOptions = {
    policy: source.policy,
    locked: locked.get(libraryId),
    open: open.get(link?.remoteId ?? remoteId),
    sent:
      link &&
      withoutFields(toLibrary(kind, link.sent, named.before), planning.retried?.get(libraryId)),
    canHold: (field, value) =>
      canHold(kind, field, value) &&
      // A filter that names what was deleted here stays as it is there: it would be refused again and again.
      !lacksNeeded(kind, { mode: held.values.mode, [field]: value }, isThere),
    stays: staysIn(batch),
    boxes: planning.boxes,
    times: {
      library: edits.get(libraryId) ?? null,
      source: (side.values.updatedAt as Instant | undefined) ?? null,
    },
  };
  const cutOff = sent.has(remoteId) ? { cutOff: side.values } : {};
  const field = hierarchies[kind];
  return {
    libraryId,
    values: { library: pair.held.values, source: side.values },
    plan(loop) {
      const looping = field && loop ? new Map([[field, loop]]) : undefined;
      const planned = planPair(pair, { ...options, looping });
      if (planned) noteTogether(kind, planned, side.values);
      if (!planned && !sent.has(remoteId)) return undefined;
      return {
        ...(planned ?? emptyItem(item)),
        ...(formerId !== null && { formerId }),
        ...cutOff,
      };
    },
  };
}

const withoutFields = (values: Values, fields: ReadonlySet<string> | undefined): Values =>
  Object.fromEntries(Object.entries(values).filter(([field]) => !fields?.has(field)));

/**
 * What both sides agreed to, with what was sent by a run that was cut off and has arrived. A counter has arrived as far
 * as it moved: nothing may be counted twice. A name that is on its way to another is nobody's.
 */
function arrived({ planning, kind, named, sent }: Batch, link: Link, side: SourceSide): Values {
  const base = toLibrary(kind, link.base, named.before);
  const { name } = side.values;
  if (typeof name === 'string' && planning.isTemporary(name, link.remoteId)) base.name = name;
  const on = sent.get(link.remoteId);
  if (!on) return base;
  const counters = new Set<string>(
    fieldsOf[kind].flatMap(([field, { merge }]) => (merge === 'counter' ? [field] : [])),
  );
  for (const [field, value] of Object.entries(on)) {
    const there = side.values[field];
    if (sameValue(there, value)) base[field] = value;
    else if (counters.has(field)) base[field] = within(base[field], there, value);
  }
  return base;
}

/**
 * What named a record that was lost with its file lost it too, and nobody took it out there: of the one that was found
 * again nothing is agreed yet.
 */
const withoutFoundAgain = ({ kind, foundAgain }: Batch, base: Values): Values =>
  foundAgain.size === 0 ? base : withReferences(kind, base, (_, id) => !foundAgain.has(id));

function foundAgainAmong(
  { plan }: Planning,
  kind: Kind,
  bases: readonly Values[],
): ReadonlySet<LibraryId> {
  const named: NamedIds = new Map();
  for (const base of bases) idsIn(kind, base, named);
  const again = new Set<LibraryId>();
  for (const [target, ids] of named) {
    if (!hasFiles.has(target)) continue;
    const numbers = [...plan.freshOf(target, [...ids].filter(isLibraryId)).values()];
    for (const { libraryId, isMoved } of plan.fresh(target, numbers).values()) {
      if (!isMoved) again.add(libraryId);
    }
  }
  return again;
}

/** How far a counter got from one number on its way to another: further is somebody else's doing. */
function within(from: unknown, there: unknown, to: unknown): number {
  const [low, high] = [Math.min(Number(from), Number(to)), Math.max(Number(from), Number(to))];
  return Math.min(high, Math.max(low, Number(there)));
}

/**
 * Deleted here, and still there: that travels where it may, unless it was changed there meanwhile. True where it comes back
 * for that, with what it is there.
 */
function planDeletedHere(
  batch: Batch,
  of: { kind: Kind; libraryId: LibraryId; remoteId: Id; why: string },
  side: SourceSide,
  link: Link | undefined,
  { revision }: HeldRecord,
): boolean {
  const { source } = batch.planning;
  const { items, due } = batch.planned;
  const { kind, remoteId } = of;
  // A source that was put back has it again: it is the library that is right, and the two are tied first.
  const base = source.standing === 'push' || !link ? side.values : arrived(batch, link, side);
  const item = emptyItem({ ...of, why: 'deleted in the library' });
  const gone: PlanItem = { ...item, there: 'delete', forget: true };
  const travels = source.writes && (source.deletions === 'stash' || source.deletions === 'both');
  const noted = { ...item, seen: side.seen, facts: side.facts, revision };
  const { boxes } = batch.planning;
  if (isChangedThere(kind, base, side.values, { stays: staysIn(batch), boxes })) {
    const right = policyFor(source.policy, kind, '');
    if (right === 'stash') return true;
    if (right !== 'library') {
      const question = { field: '', key: '', base: null, library: 'deleted', source: 'changed' };
      const isAsked = batch.open.get(remoteId)?.has('') ?? false;
      if (!isAsked || !link || isNews(link, remoteId, side, {})) {
        items.push({ ...noted, differs: {}, conflicts: [question] });
      }
      return false;
    }
  }
  if (travels) due.push(gone);
  const differs: Differs = travels ? {} : { '': 'deleted' };
  if (!link) {
    // Looked at again by the next sync, where it may not travel yet.
    const waits = travels ? never : revision;
    items.push({ ...noted, revision: waits, differs, base: withoutFacts(kind, side.values) });
  } else if (!travels && isNews(link, remoteId, side, differs)) items.push({ ...noted, differs });
  return false;
}

const isNews = (link: Link, remoteId: Id, { seen }: SourceSide, differs: Differs): boolean =>
  link.edited ||
  link.absentSince !== null ||
  link.remoteId !== remoteId ||
  link.seen.toString('hex') !== seen ||
  !sameValue(link.differs, differs);

/**
 * Which side has no say about a record, and is not given it: the source about one that is gone from it but stays here,
 * or that it has no place for; the library about one that was deleted here and stays there.
 */
const staysIn =
  ({ staying, homeless, deletedHere }: Batch) =>
  (id: string, on: 'library' | 'source'): boolean =>
    on === 'source' ? staying.has(id) || homeless.has(id) : deletedHere.has(id);

/** What the library's records name that the source has no record for, and is not given one. */
function homelessAmong(
  writes: boolean,
  named: NamedIds,
  { toSource }: Named,
  notMade: ReadonlySet<LibraryId>,
): ReadonlySet<LibraryId> {
  const homeless = new Set<LibraryId>();
  for (const [target, ids] of named) {
    const isMade = writes && creatable.has(target);
    for (const id of ids) {
      if (!isLibraryId(id) || (isMade && !notMade.has(id))) continue;
      if (toSource.get(target, id) === undefined) homeless.add(id);
    }
  }
  return homeless;
}

/** What the library has of records; facts only of those that show this source's: nothing else is compared with them. */
async function heldBy(
  client: ClientBase,
  kind: Kind,
  ids: readonly LibraryId[],
  leading: ReadonlySet<LibraryId>,
): Promise<Map<LibraryId, HeldRecord>> {
  const others = ids.filter((id) => !leading.has(id));
  const merging = storedFields[kind].filter(({ fact }) => !fact);
  return new Map([
    ...(await heldRecords(client, kind, [...leading])),
    ...(await heldFields(client, kind, others, merging)),
  ]);
}

/** The records of which this source is the first that has them. */
async function leadersOf(
  client: ClientBase,
  source: Source,
  ids: readonly LibraryId[],
): Promise<ReadonlySet<LibraryId>> {
  const { rows } = await client.query<{ id: LibraryId }>(
    `SELECT id FROM unnest($1::uuid[]) AS id WHERE NOT EXISTS (
       SELECT FROM stowage.links WHERE library_id = id AND source_id < $2)`,
    [ids, source.id],
  );
  return new Set(rows.map(({ id }) => id));
}
