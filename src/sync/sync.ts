import { randomUUID } from 'node:crypto';
import type { ClientBase } from 'pg';
import { sendAgain } from '../library/links.ts';
import { suggestAliases, suggestMatches } from '../library/matches.ts';
import { setMirrorToken } from '../library/outside.ts';
import { dueRefusals, noteHolders } from '../library/refusals.ts';
import { beginRun, finishRun } from '../library/runs.ts';
import {
  addedAt,
  changeSource,
  type KnownFields,
  type Source,
  setKnown,
} from '../library/sources.ts';
import { boxesOf } from '../library/stashBoxes.ts';
import { StowageError } from '../model/errors.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import type { Reading } from '../model/reading.ts';
import { applyHere, type Stale } from './applyHere.ts';
import { applyThere, type Failure, type Sending } from './applyThere.ts';
import { checkPlan, type Outdated } from './checkPlan.ts';
import { type Identity, identify } from './identity.ts';
import { PlanFile, type PlanHead } from './planFile.ts';
import { makePlan } from './planner.ts';
import type { BeginStage, Planning } from './planning.ts';
import { succeed } from './successors.ts';
import { noteUpgrade } from './upgraded.ts';

/** What a sync of one source works with. */
export interface Syncing
  extends Pick<
      Planning,
      | 'client'
      | 'canHold'
      | 'canMerge'
      | 'isTemporary'
      | 'known'
      | 'signal'
      | 'allowedDeletions'
      | 'createScenes'
      | 'createAll'
      | 'warn'
      | 'full'
    >,
    Pick<Sending, 'writer' | 'merge'> {
  source: Source;
  /** As `canHold`, of the server as it was when it was last synced. */
  couldHold: Planning['canHold'];
  /** Reads the source as it is now; each time again, since writing changes it. */
  read(): Promise<Reading>;
  stage: BeginStage;
  /** It was reached at another address than before: what is found there may be another Stash, and says nothing of this one. */
  isElsewhere?: boolean;
  /** The source is the one that is meant: nothing of it is remembered before. */
  onMeant?(): Promise<void>;
}

export interface Synced {
  runId: number | null;
  /** By kind, side and action. */
  changes: { kind: Kind; side: 'library' | 'source'; action: string; count: number }[];
  /** Records of the source that were tied to those of the library, by kind. */
  linked: { [K in Kind]?: number };
  conflicts: number;
  held: PlanHead['held'];
  warnings: string[];
  stale: Stale[];
  failures: Failure[];
}

/** After writing to the source it is looked at again, so that the next sync finds nothing to do. */
const mostRounds = 4;

/**
 * Brings the library and one source in step: plan, carry out, and look again while something was written or changed
 * meanwhile. A run that finds nothing writes nothing.
 */
export async function syncSource(syncing: Syncing): Promise<Synced> {
  const { client, source } = syncing;
  const synced: Synced = {
    runId: null,
    changes: [],
    linked: {},
    conflicts: 0,
    held: {},
    warnings: [],
    stale: [],
    failures: [],
  };
  refusePush(source);
  let highest: Source['highest'] = {};
  for (let round = 0; round < mostRounds; round++) {
    const reading = await syncing.read();
    const identity = round === 0 ? await checkIdentity(syncing, reading) : undefined;
    if (identity) {
      await syncing.onMeant?.();
      highest = identity.highest;
      const holding = { before: syncing.couldHold, now: syncing.canHold };
      await noteUpgrade(client, source, reading.profile, holding);
      // What it kept otherwise than it was sent, it kept in a database that is gone.
      if (source.standing === 'push') await sendAgain(client, source);
    }
    const plan = PlanFile.make();
    try {
      const full = syncing.full && round === 0;
      const head = await plannedBy({ ...syncing, full }, reading, plan, identity?.verdict);
      if (round === 0) Object.assign(synced, { held: head.held, warnings: head.warnings });
      if (plan.size === 0) {
        await settle(client, source, reading);
        break;
      }
      if (round === 0 && reading.road !== 'graphql')
        await changeSource(client, source.id, { highest });
      synced.runId ??= await beginRun(client, {
        sourceId: source.id,
        command: 'sync',
        road: reading.road,
      });
      if (reading.notes === null) await setMirrorToken(client, source, null);
      const { stale, failures, written, handed } = await carryOut(syncing, plan, synced.runId);
      addTo(synced.changes, { kind: 'scene', side: 'library', action: 'fold', count: handed });
      for (const count of plan.counts()) addTo(synced.changes, count);
      addLinked(synced.linked, plan.linked());
      // What was not carried out is planned again, and counted then.
      for (const { kind, here } of stale) {
        if (here) addTo(synced.changes, { kind, side: 'library', action: here, count: -1 });
      }
      synced.conflicts += plan.conflicts;
      synced.stale = stale;
      // What was refused and is tried again may be taken by now.
      const before = synced.failures.filter((one) => !plan.isTold(one.kind, one.libraryId));
      synced.failures = [...before, ...failures];
      if (stale.length === 0) await settle(client, source, reading);
      const isQuiet = stale.length === 0 && written + handed === 0 && plan.leadingOn === 0;
      const isDue = source.writes && (await dueRefusals(client, source)).length > 0;
      if (isQuiet && !isDue && source.standing !== 'push') break;
    } finally {
      plan.close();
    }
  }
  synced.changes = synced.changes.filter(({ count }) => count > 0);
  if (synced.runId !== null) {
    await rememberKnown(client, source, syncing.known);
    await finishRun(client, synced.runId, 'done', countsOf(synced));
  }
  // What a person decided for this sync has been done; from here on it is compared as it is now.
  if (source.standing !== 'ok') await changeSource(client, source.id, { standing: 'ok', highest });
  return synced;
}

/**
 * Both sides agree about what was read: the library says so under a new token, then the mirror. Where that is cut off in
 * between, or the library is put back to another state, the two differ, and everything is compared.
 */
async function settle(client: ClientBase, source: Source, { notes }: Reading): Promise<void> {
  if (notes === null || notes.isEmpty) return;
  const token = randomUUID();
  await setMirrorToken(client, source, token);
  notes.settle(token);
}

const countsOf = ({
  changes,
  linked,
}: Pick<Synced, 'changes' | 'linked'>): { [what: string]: number } =>
  Object.fromEntries([
    ...changes.map(({ kind, side, action, count }) => [`${side} ${action} ${kind}`, count]),
    ...Object.entries(linked).map(([kind, count]) => [`library link ${kind}`, count]),
  ]);

function refusePush({ name, standing, writes }: Source): void {
  if (standing !== 'push' || writes) return;
  throw new StowageError('source.changed', `Nothing may be written to ${name} yet.`, {
    remedy: `Switch it on with \`stowage sources set ${name} writes=on\`, so that the library can be put back into it.`,
  });
}

/** What the source tells is what it is compared by and exported in; what it told before, it still has. */
async function rememberKnown(client: ClientBase, source: Source, told: KnownFields): Promise<void> {
  const known = told.result();
  for (const kind of kindNames) {
    const fields = new Set<string>([...(source.known[kind] ?? []), ...(known[kind] ?? [])]);
    (known[kind] as string[]) = [...fields];
  }
  await setKnown(client, source.id, known);
}

/** The plan of a source, read once, without carrying anything out. */
export async function planSource(syncing: Syncing, plan: PlanFile): Promise<PlanHead> {
  const reading = await syncing.read();
  const identity = await identify(syncing.client, syncing.source, reading);
  refuseOther(syncing.source, identity);
  return plannedBy(syncing, reading, plan, identity.verdict);
}

async function plannedBy(
  { source, ...syncing }: Syncing,
  reading: Reading,
  plan: PlanFile,
  verdict?: Identity['verdict'],
): Promise<PlanHead> {
  const made = await makePlan({
    ...syncing,
    // What it has now was said to be right.
    source: source.standing === 'accept' ? { ...source, policy: { default: 'stash' } } : source,
    reading,
    plan,
    renumbered: verdict === 'renumbered',
    now: Date.now(),
    boxes: await boxesOf(syncing.client, source),
  });
  const head = { ...made, addedAt: await addedAt(syncing.client, source), road: reading.road };
  plan.finish(head);
  return head;
}

/**
 * Carries out what still holds of a plan that was made earlier: each item is held against both sides first.
 *
 * @throws StowageError `usage` where it is the plan of another source, or library.
 */
export async function applyPlan(
  syncing: Syncing,
  planned: PlanFile,
): Promise<Synced & { outdated: Outdated[] }> {
  const { client, source } = syncing;
  const { held, warnings } = planned.head;
  await refuseStrange(client, source, planned);
  refusePush(source);
  const reading = await syncing.read();
  await checkIdentity(syncing, reading);
  const plan = PlanFile.make();
  try {
    const planning = {
      ...{ ...syncing, reading, plan: planned, renumbered: false, now: Date.now() },
      boxes: await boxesOf(client, source),
    };
    const outdated = await checkPlan(planning, planned, plan);
    const [changes, linked] = [plan.counts(), plan.linked()];
    const synced = { changes, linked, conflicts: plan.conflicts, held, warnings, outdated };
    if (plan.size === 0) return { ...synced, runId: null, stale: [], failures: [] };
    const { road } = reading;
    const runId = await beginRun(client, { sourceId: source.id, command: 'apply', road });
    // What it writes there is not read again.
    if (reading.notes === null || plan.sizeThere > 0) await setMirrorToken(client, source, null);
    const { stale, failures, handed } = await carryOut(syncing, plan, runId);
    addTo(changes, { kind: 'scene', side: 'library', action: 'fold', count: handed });
    await finishRun(client, runId, 'done', countsOf(synced));
    return { ...synced, runId, stale, failures };
  } finally {
    plan.close();
  }
}

/** @throws StowageError `usage` where a plan is of another library: its source was not added at that very moment. */
export async function refuseStrange(
  client: ClientBase,
  source: Source,
  { head }: PlanFile,
): Promise<void> {
  if (head.addedAt === (await addedAt(client, source))) return;
  throw new StowageError('usage', 'That is the plan of another library.', {
    remedy: 'Make one of this one with `stowage plan --out FILE`.',
  });
}

/** Carries a plan out, on the library and, where that is switched on, at the source. */
async function carryOut(
  {
    client,
    source,
    signal,
    stage,
    writer,
    merge,
  }: Pick<Syncing, 'client' | 'source' | 'signal' | 'stage' | 'writer' | 'merge'>,
  plan: PlanFile,
  runId: number,
): Promise<{ stale: Stale[]; failures: Failure[]; written: number; handed: number }> {
  const run = { id: runId, sourceId: source.id };
  const applying = { client, source, plan, run, signal };
  const stale = await applyHere({ ...applying, progress: stage('library', plan.size) });
  await suggestMatches(client, source, suggestionsOf(plan));
  await suggestAliases(client, source);
  const handed = await succeed(client, source, run);
  if (!source.writes) return { stale, failures: [], written: 0, handed };
  const { written, failures } = await applyThere({
    ...applying,
    writer,
    merge,
    progress: stage('source', plan.sizeThere),
  });
  await noteHolders(client, source);
  return { stale, failures, written, handed };
}

/** Two records that may be one: the one that the source's own is linked to by this plan, and the other. */
const suggestionsOf = (plan: PlanFile) =>
  plan.suggestions.flatMap((suggestion) => {
    const { kind, remoteId } = suggestion;
    const libraryId = plan.fresh(kind, [remoteId]).get(remoteId)?.libraryId;
    return libraryId === undefined ? [] : [{ ...suggestion, libraryId }];
  });

/**
 * A source that is not what it was is left alone until a person says what it is (design.md §5.1), whatever is added to it
 * meanwhile and would hide it.
 */
async function checkIdentity(
  { client, source, isElsewhere = false }: Syncing,
  reading: Reading,
): Promise<Identity> {
  const identity = await identify(client, source, reading);
  const { verdict } = identity;
  const isNoted = source.standing === 'ok' && !isElsewhere;
  if (isNoted && (verdict === 'rewound' || verdict === 'renumbered')) {
    await changeSource(client, source.id, { standing: verdict });
  }
  refuseOther(source, identity);
  return identity;
}

function refuseOther(source: Source, { verdict, why }: Identity): void {
  const { standing } = source;
  if (standing === 'rewound' || standing === 'renumbered') throw waits(source, standing, why);
  if (verdict !== 'same' && standing === 'ok') throw waits(source, verdict, why);
}

function waits(source: Source, verdict: string, why: string): StowageError {
  const what = {
    other: 'is another Stash than the one that was brought',
    rewound: 'was put back to an earlier state, or its database was exchanged',
    renumbered: 'has the same records under new numbers, as after a full import',
  }[verdict];
  return new StowageError('source.changed', `The source ${source.name} ${what}: ${why}.`, {
    remedy:
      `Say what is right: \`stowage sources resolve ${source.name} --accept\` takes its state, ` +
      '`--push` puts the library back into it, `--as-new NAME` keeps it as a source of its own.',
  });
}

function addLinked(all: Synced['linked'], more: Synced['linked']): void {
  for (const [kind, count] of Object.entries(more)) {
    all[kind as Kind] = (all[kind as Kind] ?? 0) + count;
  }
}

function addTo(all: Synced['changes'], one: Synced['changes'][number]): void {
  if (one.count === 0) return;
  const same = all.find(
    ({ kind, side, action }) => kind === one.kind && side === one.side && action === one.action,
  );
  if (same) same.count += one.count;
  else all.push({ ...one });
}
