import type { ClientBase } from 'pg';
import { applyChanges, type LibraryChange } from '../library/change.ts';
import { closeConflicts, openConflict } from '../library/conflicts.ts';
import { settleCutOff } from '../library/journal.ts';
import {
  type BasePatch,
  markEdited,
  type NewLink,
  patchBases,
  writeLinks,
} from '../library/links.ts';
import { forgetLinks, markAbsent, outliveLinks } from '../library/linksGone.ts';
import { givenAgain, type Move, moveLinks } from '../library/moveLinks.ts';
import { markFiltersNaming } from '../library/naming.ts';
import { revisionsOf } from '../library/revisions.ts';
import type { Source } from '../library/sources.ts';
import { Statistics } from '../library/statistics.ts';
import { toSource } from '../library/translate.ts';
import { inTurns } from '../library/turns.ts';
import type { Id } from '../model/fields.ts';
import { fieldsOf, type Kind, kindNames } from '../model/kinds.ts';
import { foldInto } from './foldInto.ts';
import { namedBy } from './names.ts';
import type { PlanFile } from './planFile.ts';
import { never, type PlanItem } from './planItem.ts';
import { batchesOf, batchSizeOf, makingOrder } from './planning.ts';

/** What carrying out a plan works with. */
export interface Applying {
  client: ClientBase;
  source: Source;
  plan: PlanFile;
  run: { id: number; sourceId: number };
  signal: AbortSignal;
  /** So many more items are done. */
  progress(count: number): void;
}

/** What was not carried out: its record was changed after the plan was made. */
export type Stale = Pick<PlanItem, 'kind' | 'libraryId' | 'remoteId' | 'here'>;

/**
 * Does the library's part of a plan: in batches, each with its links and its journal in one transaction. What stops
 * half way is found again by the next sync, which has as much less to do.
 */
export async function applyHere(given: Applying): Promise<Stale[]> {
  const client = inTurns(given.client);
  const applying = { ...given, client, statistics: new Statistics(client) };
  const { source, plan } = applying;
  const stale: Stale[] = [];
  await moveLinks(client, source, await movesOf(applying));
  for (const kind of makingOrder) {
    // Records that name others of their kind are made together: else what one names may not be there yet.
    if (namesItself(kind)) {
      const all = [...plan.items({ kind, here: 'create' })].flat();
      if (all.length > 0) stale.push(...(await applyAll(applying, kind, [all])));
    } else {
      const items = plan.items({ kind, here: 'create' }, batchSizeOf(kind));
      stale.push(...(await applyAll(applying, kind, items)));
    }
  }
  // Some became part of a record that is new itself.
  await foldThose(applying, ({ forget }) => forget === true);
  for (const kind of makingOrder) {
    const items = plan.items({ kind, outlives: false }, batchSizeOf(kind));
    stale.push(...(await applyAll(applying, kind, restOf(items))));
  }
  // By now it is written down which record of the source stands for the one that these become part of.
  await foldThose(applying, ({ forget }) => forget !== true);
  for (const kind of makingOrder.toReversed()) {
    stale.push(...(await applyAll(applying, kind, plan.items({ kind, here: 'delete' }))));
  }
  // Last, since what names these is looked at again: by then all that this plan says of that has been written down.
  for (const kind of makingOrder) {
    stale.push(...(await applyAll(applying, kind, plan.items({ kind, outlives: true }))));
  }
  return stale;
}

/** What is neither made, nor goes, nor becomes part of another. */
function* restOf(batches: Iterable<PlanItem[]>): Generator<PlanItem[]> {
  for (const items of batches) {
    const rest = items.filter(
      ({ here }) => here === null || here === 'update' || here === 'restore',
    );
    if (rest.length > 0) yield rest;
  }
}

/** One batch after another; while PostgreSQL is busy with one, the next is read and put into the source's ids. */
async function applyAll(
  applying: Applying & { statistics: Statistics },
  kind: Kind,
  batches: Iterable<PlanItem[]>,
): Promise<Stale[]> {
  const stale: Stale[] = [];
  let underWay: Promise<Stale[]> = Promise.resolve([]);
  try {
    for (const items of batches) {
      const told = await inSourceIds(applying, kind, items);
      stale.push(...(await underWay));
      await applying.statistics.note(
        items.length,
        items.some(({ here }) => here === 'create'),
      );
      underWay = applyBatch(applying, kind, told);
      underWay.catch(() => {}); // told when it is awaited
    }
  } finally {
    await underWay.catch(() => {});
  }
  return [...stale, ...(await underWay)];
}

/** The items with what both sides agree to as the source calls it. */
async function inSourceIds(
  { client, source, plan }: Applying,
  kind: Kind,
  items: readonly PlanItem[],
): Promise<PlanItem[]> {
  const agreed = items.map(({ base }) => ({ kind, values: base }));
  const { toSource: ids } = await namedBy(client, source, plan, agreed);
  return items.map((item) => ({ ...item, base: toSource(kind, item.base, ids) }));
}

/** Numbers that are given to other records than before, all of them before anything else is written down by them. */
async function movesOf({ client, source, plan }: Applying): Promise<Move[]> {
  const moves: Move[] = [];
  for (const kind of kindNames) {
    const left = new Set<Id>();
    const again: Move[] = [];
    for (const some of batchesOf(plan.freshNumbers(kind), 5000)) {
      const fresh = plan.fresh(kind, some);
      for (const [to, { libraryId, formerId, isMoved }] of fresh) {
        if (!isMoved || formerId === null || formerId === to) continue;
        moves.push({ kind, from: formerId, to, libraryId });
        left.add(formerId);
      }
      const given = new Map([...fresh].map(([id, { libraryId }]) => [id, libraryId]));
      for (const { remoteId, libraryId } of await givenAgain(client, source, kind, given)) {
        again.push({ kind, from: remoteId, to: null, libraryId });
      }
    }
    moves.push(...again.filter(({ from }) => !left.has(from)));
    if (moves.length === 0) continue;
    // What has no number any more loses it with the others: half way, it would look as if it had been deleted.
    for (const items of plan.items({ kind, outlives: true })) {
      for (const { libraryId, remoteId } of items) {
        if (remoteId !== null && !left.has(remoteId))
          moves.push({ kind, from: remoteId, to: null, libraryId });
      }
    }
  }
  return moves;
}

const namesItself = (kind: Kind): boolean =>
  fieldsOf[kind].some(([, { merge, target }]) => merge !== 'fact' && target === kind);

async function applyBatch(
  { client, source, plan, run, signal, progress }: Applying,
  kind: Kind,
  items: readonly PlanItem[],
): Promise<Stale[]> {
  signal.throwIfAborted();
  await client.query('BEGIN');
  try {
    const changes = items.flatMap(changeOf);
    const stale = changes.length > 0 ? await applyChanges(client, run, changes) : [];
    const left = new Set(stale.map(({ id }) => id));
    const done = items.filter(({ libraryId }) => !left.has(libraryId));
    await noteLinks(client, source, plan, run, kind, done);
    for (const { libraryId, remoteId, conflicts } of done) {
      if (remoteId === null) continue;
      const of = { kind, libraryId, remoteId, runId: run.id };
      for (const conflict of conflicts) await openConflict(client, source, { ...of, ...conflict });
    }
    await closeConflicts(
      client,
      source,
      done.flatMap(({ remoteId, agreed }) =>
        remoteId === null ? [] : agreed.map((question) => ({ kind, remoteId, ...question })),
      ),
    );
    await settleCutOff(
      client,
      run,
      done.flatMap(({ libraryId, cutOff: there }) => (there ? [{ kind, libraryId, there }] : [])),
    );
    await client.query('COMMIT');
    progress(items.length);
    return items.filter(({ libraryId }) => left.has(libraryId));
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // the first error tells more
    throw error;
  }
}

function changeOf(item: PlanItem): LibraryChange[] {
  const { kind, libraryId: id, remoteId, here, why, revision, library, factsHere } = item;
  const values = { ...library, ...factsHere };
  const action = here ?? (Object.keys(factsHere).length > 0 ? 'update' : null);
  if (action === null || action === 'fold') return [];
  return [
    {
      kind,
      id,
      action,
      values,
      ...(revision !== null && { revision }),
      ...(remoteId !== null && { remoteId }),
      ...(why && { why }),
    },
  ];
}

async function noteLinks(
  client: ClientBase,
  source: Source,
  plan: PlanFile,
  run: { id: number },
  kind: Kind,
  items: readonly PlanItem[],
): Promise<void> {
  const linked = items.flatMap((item) =>
    item.remoteId === null ? [] : [{ ...item, remoteId: item.remoteId }],
  );
  const fresh = plan.fresh(
    kind,
    linked.map(({ remoteId }) => remoteId),
  );
  const written = linked.filter((item) => changeOf(item).length > 0);
  const now = await revisionsOf(
    client,
    kind,
    written.map(({ libraryId }) => libraryId),
  );
  const links: NewLink[] = [];
  const patches: BasePatch[] = [];
  const former: Id[] = [];
  for (const item of linked) {
    const { remoteId, libraryId, base, facts, seen, source: there, formerId } = item;
    if (item.forget || item.absent) continue;
    // What waits to be sent is looked at again by the next sync.
    const waits = Object.keys(there).length > 0;
    const revision = now.get(libraryId) ?? item.revision ?? undefined;
    if (fresh.get(remoteId)?.isMoved === false) {
      links.push({
        ...{ kind, remoteId, libraryId, base, facts: facts ?? {} },
        seen: Buffer.from(seen ?? '', 'hex'),
        sent: {},
        differs: item.differs,
        ...(!waits && revision !== undefined && { revision }),
        ...(waits && { revision: never }),
      });
      if (formerId !== undefined && formerId !== remoteId) former.push(formerId);
    } else {
      patches.push({
        ...{ kind, remoteId, base, differs: item.differs },
        ...(facts && { facts }),
        ...(seen !== null && { seen: Buffer.from(seen, 'hex') }),
        ...(waits ? { waits } : revision !== undefined && { looked: { libraryId, revision } }),
      });
    }
  }
  await writeLinks(client, source, run.id, links);
  await patchBases(client, source, patches);
  const ids = (of: (item: PlanItem) => unknown) =>
    linked.filter(of).map(({ remoteId }) => remoteId);
  await markAbsent(
    client,
    source,
    kind,
    ids(({ absent }) => absent),
  );
  // What is deleted at the source keeps its link until it is.
  const forgotten = linked.filter(({ forget, there }) => forget && there === null);
  const { outlived = [], deleted = [] } = Object.groupBy(forgotten, ({ here }) =>
    here === null ? 'outlived' : 'deleted',
  );
  await outliveLinks(client, source, kind, outlived);
  // A former number may be another record's by now.
  const again = plan.fresh(kind, former);
  await forgetLinks(client, source, kind, [
    ...former.filter((id) => !again.has(id)),
    ...deleted.map(({ remoteId }) => remoteId),
  ]);
}

async function foldThose(applying: Applying, which: (item: PlanItem) => boolean): Promise<void> {
  for (const kind of makingOrder) {
    for (const items of applying.plan.items({ kind, here: 'fold' })) {
      await fold(applying, items.filter(which));
    }
  }
}

/** Records that become part of others, as they did at the source or as their like did here; each by itself. */
async function fold(
  { client, source, run, signal, progress }: Applying,
  items: readonly PlanItem[],
): Promise<void> {
  for (const { kind, libraryId, remoteId, into, base, forget } of items) {
    signal.throwIfAborted();
    if (into === undefined || remoteId === null) continue;
    await client.query('BEGIN');
    try {
      await foldInto(client, run, kind, into, libraryId, forget ? base : undefined);
      if (forget) {
        await forgetLinks(client, source, kind, [remoteId]);
        // A Stash leaves the number of what is gone in its filters.
        await markFiltersNaming(client, source, [into]);
      } else {
        // The source is told next that they are one, where it can be.
        await markEdited(client, source, kind, [remoteId]);
      }
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK').catch(() => {});
      throw error;
    }
    progress(1);
  }
}
