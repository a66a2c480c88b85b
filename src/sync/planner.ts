import { numbersDiffering } from '../library/differences.ts';
import { heirsOf } from '../library/folds.ts';
import { ImportIds } from '../library/ids.ts';
import { kindNumber } from '../library/layout.ts';
import { linksOf, linksTo } from '../library/links.ts';
import { givenAgain } from '../library/moveLinks.ts';
import { numbersNaming } from '../library/naming.ts';
import { dueRefusals } from '../library/refusals.ts';
import type { Source } from '../library/sources.ts';
import { inTurns } from '../library/turns.ts';
import { counted } from '../model/counted.ts';
import { StowageError } from '../model/errors.ts';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import { type Kind, kindNames, type Rec } from '../model/kinds.ts';
import { plural } from '../model/vocabulary.ts';
import { namingArrivals } from './arrivals.ts';
import { type Candidates, candidatesOf } from './candidates.ts';
import {
  type Allowance,
  type Decisions,
  decideDeletions,
  type GoneLink,
  goneWithDisk,
  type Held,
  hasFiles,
  holdBack,
  ownerField,
} from './deletions.ts';
import { exchanged } from './exchanged.ts';
import { assignFresh } from './fresh.ts';
import { planForgetting, planGone } from './gone.ts';
import { twinOf } from './identity.ts';
import { planNeeded } from './needed.ts';
import { planPairs } from './pairs.ts';
import type { PlanHead } from './planFile.ts';
import { emptyItem, type PlanItem } from './planItem.ts';
import { batchesOf, makingOrder, type Planning } from './planning.ts';
import { redatedAmong } from './standing.ts';
import { type StashMerge, stashMerges } from './stashMerges.ts';

/**
 * Makes the plan of a sync: everything that would be done, as data. Reads both sides and writes to neither
 * (design.md §5). First what may have changed, of all kinds; then who is who; then what is gone; then field by field.
 */
export async function makePlan(
  given: Planning,
): Promise<Pick<PlanHead, 'source' | 'madeAt' | 'held' | 'warnings'>> {
  const client = inTurns(given.client);
  const { source, plan, stage } = given;
  const overdue = source.writes ? await dueRefusals(client, source) : [];
  const planning = { ...given, client, retried: retriedOf(overdue) };
  const warnings: string[] = [];
  const twin = await twinOf(client, source, planning.reading);
  if (twin) warnings.push(twinWords(source, twin));
  const found = await allCandidates(planning);
  const missing = missingIn(found, source);
  if (missing) warnings.push(`${missing.why}: nothing is taken for deleted.`);
  warnings.push(...redatedWords(found, source));

  const newIds = new ImportIds(planning.now, ImportIds.salt());
  const lost: { [K in Kind]?: Id[] } = {};
  const moved = {} as { [K in Kind]: ReadonlySet<Id> };
  for (const kind of makingOrder) {
    const former = await assignFresh(planning, kind, found[kind], newIds);
    moved[kind] = former;
    lost[kind] = (await lostNumbers(planning, kind, found[kind].fresh)).filter(
      (id) => !former.has(id),
    );
    found[kind].gone = found[kind].gone.filter((id) => !former.has(id));
    if (!planning.renumbered) continue;
    // What is not found again was not deleted: the library keeps it, as if this source had never had it.
    await planForgetting(planning, kind, found[kind].gone);
    found[kind].gone = [];
  }
  await planParts(planning, found, moved);

  for (const kind of kindNames) {
    const heirs = await assignHeirs(planning, kind, found[kind].gone);
    found[kind].gone = found[kind].gone.filter((id) => !heirs.has(id));
    found[kind].there = ascending([...found[kind].there, ...heirs.values()]);
  }

  const naming = await namingArrivals(planning, found);
  for (const kind of kindNames) {
    const ids = overdue.flatMap((one) => (one.kind === kind ? [one.libraryId] : []));
    const retried = [...(await linksTo(client, source, kind, ids)).values()];
    const others = [...naming[kind], ...retried.map(({ remoteId }) => remoteId)];
    found[kind].there = withOthers(found[kind], others);
  }

  const merges = {} as { [K in Kind]: StashMerge[] };
  for (const kind of kindNames) {
    merges[kind] = await stashMerges(planning, kind, found[kind].gone, found[kind].there);
    const merged = new Set(merges[kind].map(({ remoteId }) => remoteId));
    found[kind].gone = found[kind].gone.filter((id) => !merged.has(id));
    for (const { remoteId, libraryId, base, into } of merges[kind]) {
      const why = `merged into ${kind} ${into.remoteId} at the source`;
      const item = emptyItem({ kind, libraryId, remoteId, why });
      plan.add({ ...item, here: 'fold', into: into.libraryId, base, forget: true });
    }
  }

  for (const kind of kindNames) {
    if (planning.renumbered || source.standing === 'push') break;
    found[kind].gone = ascending([...found[kind].gone, ...(lost[kind] ?? [])]);
  }

  // What the source lost by being put back is not gone: it is made there again.
  const allowance = { left: planning.allowedDeletions };
  const away = await goneWithDisk(client, source, goneIn(found));
  if (away && source.standing === 'ok') {
    warnings.push(
      `Everything that has files is gone from ${source.name}: ${counted(away)}. A disk may be missing there. The library keeps all of it: when the disk is back, let Stash scan, and sync again.`,
    );
  }
  const decisions =
    source.standing === 'push'
      ? await planLost(planning, found)
      : await decide(planning, found, allowance, away !== undefined);
  const staying = await planGone(planning, decisions, [
    ...(missing ? [missing.ids] : []),
    untoldIn(found),
  ]);
  const due: PlanItem[] = [];
  const restored = new Set<LibraryId>();
  // What stayed otherwise for naming what is gone is looked at again when that is deleted.
  const isDeleting = kindNames.some((kind) => decisions.of[kind].deleted.length > 0);
  for (const kind of kindNames) {
    if (!isDeleting) break;
    found[kind].there = withOthers(
      found[kind],
      await numbersDiffering(client, source, kind, 'gone'),
    );
  }
  const progress = stage('plan', sum(kindNames.map((kind) => found[kind].there.length)));
  for (const kind of makingOrder) {
    const naming = await numbersNaming(client, source, kind, restored);
    const there = withOthers(found[kind], naming);
    due.push(...(await planPairs(planning, kind, there, { staying, restored }, progress)));
    for (const items of plan.items({ kind, here: 'restore' })) {
      for (const { libraryId } of items) restored.add(libraryId);
    }
  }
  const there = await planDeletionsThere(planning, due, allowance);
  await planNeeded(planning);

  return {
    source: source.name,
    madeAt: new Date(planning.now).toISOString(),
    held: added(decisions.held, there.held),
    warnings: [...warnings, ...decisions.why, ...there.why],
  };
}

const twinWords = ({ name }: Source, { name: other }: Source): string =>
  `${name} has the records of ${other}, under the same numbers and made at the same moments: it is a copy of it, or the ` +
  `same Stash under a second name. If it is the same, edits would count twice: take the name away with ` +
  `\`stowage sources remove ${name}\`.`;

/**
 * What belongs to a record that the source has under a new number now (a file that was cleaned and found again) went with
 * the old one, and nobody deleted it: it stays here, and is made there again.
 */
async function planParts(
  planning: Planning,
  found: Found,
  moved: { [K in Kind]: ReadonlySet<Id> },
): Promise<void> {
  for (const [kind, owner] of Object.entries(ownerField) as [Kind, 'scene' | 'gallery'][]) {
    if (moved[owner].size === 0) continue;
    const parts = new Set<Id>();
    for (const some of batchesOf(found[kind].gone)) {
      for (const [id, { base }] of await linksOf(planning.client, planning.source, kind, some)) {
        if (moved[owner].has(Number(base[owner]))) parts.add(id);
      }
    }
    await planForgetting(planning, kind, [...parts]);
    found[kind].gone = found[kind].gone.filter((id) => !parts.has(id));
  }
}

function retriedOf(
  due: Awaited<ReturnType<typeof dueRefusals>>,
): ReadonlyMap<LibraryId, ReadonlySet<string>> {
  const byRecord = Map.groupBy(due, ({ libraryId }) => libraryId);
  return new Map(
    [...byRecord].map(([id, some]) => [id, new Set(some.map(({ field }) => field))] as const),
  );
}

/** How many records of each kind have another time of creation, and are otherwise what they were. */
function redatedWords(found: Found, { name }: Source): string[] {
  const counts = Object.fromEntries(kindNames.map((kind) => [kind, found[kind].redated ?? 0]));
  if (Object.values(counts).every((count) => count === 0)) return [];
  return [
    `In ${name}, ${counted(counts)} have another creation time than before, and are otherwise unchanged. They count as the same records, and the library takes the new times.`,
  ];
}

/** Where the source gave fewer records than it counts, nobody knows what is gone and what was just not told: of any kind. */
function missingIn(found: Found, { standing }: Source): Missing | undefined {
  const short = kindNames.filter((kind) => found[kind].isShort);
  if (short.length === 0) return undefined;
  const names = short.map((kind) => plural[kind].replaceAll('_', ' ')).join(', ');
  const why = `The server gave fewer ${names} than it counts`;
  // What was decided holds for one sync: that one has to know what is there.
  if (standing !== 'ok') {
    throw new StowageError('source.incomplete', `${why}.`, { remedy: 'Sync again.' });
  }
  const ids = {} as Missing['ids'];
  for (const kind of kindNames) {
    ids[kind] = found[kind].gone;
    found[kind].gone = [];
  }
  return { ids, why };
}

/** What the source refuses to tell stays, and stays wherever it is named. */
const untoldIn = (found: Found): { [K in Kind]: readonly Id[] } =>
  Object.fromEntries(kindNames.map((kind) => [kind, found[kind].untold])) as {
    [K in Kind]: Id[];
  };

interface Missing {
  ids: { [K in Kind]: readonly Id[] };
  why: string;
}

/** What was deleted here is deleted there, but for what is too much to go without a word. */
async function planDeletionsThere(
  { client, source, plan }: Planning,
  due: readonly PlanItem[],
  allowance: Allowance,
): Promise<Held> {
  const ids = Object.fromEntries(kindNames.map((kind) => [kind, [] as Id[]])) as {
    [K in Kind]: Id[];
  };
  for (const { kind, remoteId } of due) if (remoteId !== null) ids[kind].push(remoteId);
  const { back, ...told } = await holdBack(client, source, ids, `in ${source.name}`, allowance);
  for (const item of due) {
    if (item.remoteId !== null && !back[item.kind].has(item.remoteId)) plan.add(item);
  }
  return told;
}

const added = (some: Held['held'], others: Held['held']): Held['held'] =>
  Object.fromEntries(
    kindNames.flatMap((kind) => {
      const count = (some[kind] ?? 0) + (others[kind] ?? 0);
      return count > 0 ? [[kind, count]] : [];
    }),
  );

/**
 * Numbers of records that the source has no more, since it gave them to others. Nobody could wait for what has files to
 * come back under one of them: that stays here.
 */
async function lostNumbers(
  { client, source, plan }: Planning,
  kind: Kind,
  fresh: readonly Id[],
): Promise<Id[]> {
  if (hasFiles.has(kind)) return [];
  const lost: Id[] = [];
  for (const some of batchesOf(fresh)) {
    const given = [...plan.fresh(kind, some)].map(([id, to]) => [id, to.libraryId] as const);
    const before = await givenAgain(client, source, kind, new Map(given));
    lost.push(...before.map(({ remoteId }) => remoteId));
  }
  return lost;
}

/**
 * The source had two records that are one here, and lost the one that stands for it: the other does from now on.
 * Returns what was lost, and what it has instead.
 */
async function assignHeirs(
  { client, source, plan }: Planning,
  kind: Kind,
  gone: readonly Id[],
): Promise<Map<Id, Id>> {
  const heirs = await heirsOf(client, source.id, kind, gone);
  const links = await linksOf(client, source, kind, [...heirs.keys()]);
  for (const [lost, heir] of heirs) {
    const libraryId = links.get(lost)?.libraryId;
    if (libraryId === undefined) continue;
    const one = { isNew: false, why: 'they are one', isMoved: false };
    plan.setFresh(kind, heir, { libraryId, formerId: lost, ...one });
  }
  return heirs;
}

const sum = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0);

const ascending = (ids: readonly Id[]): Id[] => [...new Set(ids)].sort((a, b) => a - b);

/** What is there and has to be looked at, with others but for those that are gone. */
function withOthers({ there, gone }: Candidates, others: readonly Id[]): Id[] {
  if (others.length === 0) return there;
  const lost = new Set(gone);
  return ascending([...there, ...others.filter((id) => !lost.has(id))]);
}

type Found = { [K in Kind]: Candidates };

async function allCandidates(planning: Planning): Promise<Found> {
  const { client, source, reading, signal, stage } = planning;
  // A source that was put back may have changed without its mirror having seen it.
  const full = planning.full || source.standing !== 'ok';
  const found = {} as Found;
  const progress = stage('compare');
  for (const kind of kindNames) {
    const candidates = await candidatesOf(kind, {
      client,
      source,
      reading,
      signal,
      full,
      progress,
    });
    found[kind] = await withReplaced(planning, kind, candidates);
  }
  if (source.standing === 'ok' || planning.renumbered) return found;
  const there = Object.fromEntries(kindNames.map((kind) => [kind, found[kind].there]));
  const others = await exchanged(planning, there as { [K in Kind]: Id[] });
  for (const kind of kindNames) {
    const { there, fresh } = found[kind];
    found[kind].there = ascending([...there, ...others[kind]]);
    found[kind].fresh = ascending([...fresh, ...others[kind]]);
  }
  return found;
}

/**
 * A number that comes back with another time of creation is another record (design.md §5.1), unless all else of it is as it
 * was. Where all numbers are others, each is: many records may have been created in the same second.
 */
async function withReplaced(
  { client, source, reading, renumbered }: Planning,
  kind: Kind,
  found: Candidates,
): Promise<Candidates> {
  if (renumbered) return { ...found, fresh: found.there };
  const fresh = new Set(found.fresh);
  const linked = found.there.filter((id) => !fresh.has(id));
  const dated: Id[] = [];
  for (const some of batchesOf(linked)) {
    const links = await linksOf(client, source, kind, some);
    if (kind === 'savedFilter') {
      // It has no time: of a source that was put back, a number with another name is another filter.
      if (source.standing === 'ok') break;
      for await (const filters of reading.some(kind, some)) {
        for (const { id, mode, name } of filters as Rec<'savedFilter'>[]) {
          const base = links.get(id)?.base;
          if (base && (base.mode !== mode || base.name !== name)) fresh.add(id);
        }
      }
      break;
    }
    const now = await reading.created(kind, some);
    for (const [id, link] of links) {
      const before = link.facts.createdAt;
      const createdAt = now.get(id);
      if (typeof before !== 'string' || createdAt == null) continue;
      if (Date.parse(before) !== Date.parse(createdAt)) dated.push(id);
    }
  }
  // Of a source that was put back, the time is what tells; of any other, it may have been changed by hand.
  const redated =
    source.standing === 'ok'
      ? await redatedAmong({ client, source, reading }, kind, dated)
      : new Set<Id>();
  for (const id of dated) if (!redated.has(id)) fresh.add(id);
  return { ...found, fresh: ascending([...fresh]), redated: redated.size };
}

const goneIn = (found: Found) =>
  Object.fromEntries(kindNames.map((kind) => [kind, found[kind].gone])) as { [K in Kind]: Id[] };

async function decide(
  planning: Planning,
  found: Found,
  allowance: Allowance,
  isDiskAway: boolean,
): Promise<Decisions> {
  const { client, source, now } = planning;
  const gone = {} as { [K in Kind]: GoneLink[] };
  for (const kind of kindNames) {
    gone[kind] = [];
    for (const some of batchesOf(found[kind].gone)) {
      const { rows } = await client.query<{ id: string; since: Date | null; owner: string | null }>(
        // While it is asked whether another record took its place, nothing that has files is gone for good.
        `SELECT remote_id AS id, base ->> $4 AS owner,
            CASE WHEN EXISTS (SELECT FROM stowage.matches m
              WHERE (m.source_id, m.kind, m.other_id) = (l.source_id, l.kind, l.library_id) AND m.answer IS NULL)
              THEN NULL ELSE absent_since END AS since
           FROM stowage.links l
          WHERE source_id = $1 AND kind = $2 AND remote_id = ANY ($3::bigint[]) ORDER BY remote_id`,
        [source.id, kindNumber[kind], some, ownerField[kind] ?? ''],
      );
      const owners = goneOwners(kind, found);
      for (const { id, since, owner } of rows) {
        const withOwner = owner !== null && owners.has(Number(owner));
        gone[kind].push({ id: Number(id), absentSince: since, withOwner });
      }
    }
  }
  return decideDeletions(client, source, gone, now, allowance, isDiskAway);
}

async function planLost(planning: Planning, found: Found): Promise<Decisions> {
  const of = {} as Decisions['of'];
  for (const kind of kindNames) {
    await planForgetting(planning, kind, found[kind].gone);
    of[kind] = { deleted: [], stays: [] };
  }
  return { of, held: {}, why: [] };
}

function goneOwners(kind: Kind, found: Found): Set<Id> {
  const owner = ownerField[kind];
  return new Set(owner ? found[owner].gone : []);
}
