import { openConflict } from '../library/conflicts.ts';
import { partNamesAt } from '../library/folds.ts';
import { recordSent, type SentChange, type Settled, settleSent } from '../library/journal.ts';
import {
  type BasePatch,
  linksTo,
  markRecordsEdited,
  type NewLink,
  patchBases,
  writeLinks,
} from '../library/links.ts';
import { forgetLinks } from '../library/linksGone.ts';
import { markFiltersNaming, namedByOthers } from '../library/naming.ts';
import { revisionsOf } from '../library/revisions.ts';
import { isLibraryId, toSource } from '../library/translate.ts';
import { StowageError } from '../model/errors.ts';
import type { Id } from '../model/fields.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { fieldsOf, type Kind, kindNames } from '../model/kinds.ts';
import { sameValue } from '../model/records.ts';
import type {
  Refused,
  SourceChange,
  WriteResult,
  Writer,
  WriterOptions,
} from '../model/writing.ts';
import type { Applying } from './applyHere.ts';
import { foldedName } from './merging/sets.ts';
import { type Named, namedBy } from './names.ts';
import type { PlanItem } from './planItem.ts';
import { batchSize } from './planning.ts';
import { lacksNeeded, withReferences } from './projection.ts';

/** A record that the source did not take, and why. */
export interface Failure {
  kind: Kind;
  libraryId: LibraryId;
  remoteId: Id | null;
  error: StowageError;
}

export interface Sending extends Applying {
  /** Makes a record of the source part of another. */
  merge(kind: Kind, origin: Id, destination: Id): Promise<void>;
  /** Opens the source for writing; what it tells is told here before it is sent. */
  writer(options: Pick<WriterOptions, 'onSending'>): Writer;
}

/**
 * Does the source's part of a plan: what is new, then what changes, then what goes. What is about to be sent is written
 * down first and marked after; what the source made of it becomes the base (design.md §5.9).
 */
export async function applyThere(
  sending: Sending,
): Promise<{ written: number; failures: Failure[] }> {
  const { plan } = sending;
  const failures: Failure[] = [];
  let written = 0;
  const send = async (
    kind: Kind,
    action: SourceChange['action'],
    items: readonly PlanItem[],
    fields: (item: PlanItem) => readonly string[],
  ) => {
    if (items.length === 0) return;
    written += await sendBatch(sending, kind, action, items, fields, failures);
  };
  for (const kind of kindNames) {
    const own = ownReferences(kind);
    await send(kind, 'update', givingUpNames(plan, kind), () => ['name', 'aliases']);
    for (const items of plan.items({ kind, there: 'create' }, atOnce)) {
      // What names others of its kind is written when all of them are there.
      await send(kind, 'create', items, ({ source }) =>
        Object.keys(source).filter((field) => !own.has(field)),
      );
    }
    if (own.size === 0) continue;
    for (const items of plan.items({ kind, there: 'create' }, atOnce)) {
      const naming = items.filter(({ source }) =>
        [...own].some((field) => isFilled(source[field])),
      );
      await send(kind, 'update', naming, () => [...own]);
    }
  }
  // Before anything takes over the name or an alias of what becomes part of another.
  for (const kind of kindNames) {
    for (const items of plan.items({ kind, there: 'merge' })) {
      written += await mergeBatch(sending, items, failures);
    }
  }
  for (const kind of kindNames) {
    for (const items of plan.items({ kind, there: 'update' }, atOnce)) {
      await send(kind, 'update', items, ({ source }) => Object.keys(source));
    }
  }
  for (const kind of kindNames.toReversed()) {
    for (const items of plan.items({ kind, there: 'delete' })) {
      await send(kind, 'delete', items, () => []);
    }
  }
  return { written, failures };
}

/**
 * Records that give up a name or an alias which another, that is yet to be made, is to have: they go first. Not as if they had
 * been looked at: the rest of them comes in its turn.
 */
function givingUpNames(plan: Applying['plan'], kind: Kind): PlanItem[] {
  const wanted = new Set<string>();
  for (const items of plan.items({ kind, there: 'create' })) {
    for (const { source } of items) for (const name of namesIn(source)) wanted.add(name);
  }
  if (wanted.size === 0) return [];
  const giving: PlanItem[] = [];
  for (const items of plan.items({ kind, there: 'update' })) {
    for (const item of items) {
      const { source, sourceBefore: before } = item;
      const kept = namesIn({ ...before, ...source });
      const isGiving = [...namesIn(before)].some((name) => wanted.has(name) && !kept.has(name));
      if (isGiving) giving.push({ ...item, here: null, revision: null });
    }
  }
  return giving;
}

/** As a Stash tells them apart. Of a group the aliases are a text that claims no name. */
function namesIn({ name, aliases }: Values): Set<string> {
  const all = [name, ...(Array.isArray(aliases) ? aliases : [])];
  return new Set(all.flatMap((one) => (typeof one === 'string' ? [one.trim().toLowerCase()] : [])));
}

async function mergeBatch(
  { client, source, run, merge, signal, progress }: Sending,
  items: readonly PlanItem[],
  failures: Failure[],
): Promise<number> {
  let merged = 0;
  for (const { kind, libraryId, remoteId, into } of items) {
    signal.throwIfAborted();
    if (remoteId === null || into === undefined) continue;
    const destination = (await linksTo(client, source, kind, [into])).get(into);
    if (!destination || destination.absentSince !== null) continue;
    const change = { kind, libraryId, remoteId, action: 'delete', before: {}, after: {} } as const;
    await recordSent(client, run, [change]);
    let why: string | undefined;
    try {
      await merge(kind, remoteId, destination.remoteId);
      merged++;
    } catch (error) {
      if (!(error instanceof StowageError)) throw error;
      failures.push({ kind, libraryId, remoteId, error });
      why = error.message;
    }
    await settleSent(client, run, [{ kind, libraryId, ...(why !== undefined && { why }) }]);
    if (why === undefined) {
      await forgetLinks(client, source, kind, [remoteId]);
      // A Stash leaves the number of what is gone in its filters.
      await markFiltersNaming(client, source, [into]);
    }
    progress(1);
  }
  return merged;
}

/**
 * Handed to the writer at once: names that swap and edges that turn round are only seen together, and it prepares a batch
 * while the server is at work on the one before.
 */
const atOnce = 3000;

const ownReferences = (kind: Kind): Set<string> =>
  new Set(
    fieldsOf[kind].flatMap(([field, { merge, target }]) =>
      merge !== 'fact' && target === kind ? [field] : [],
    ),
  );

/** Among tags and among studios, a Stash lets no name be another's alias. */
const claiming: ReadonlySet<Kind> = new Set(['tag', 'studio']);

/**
 * Two that are one here, and that a source cannot be told to make one: there the other goes on by its name, which the one
 * may not have for an alias.
 */
function withoutTaken(values: Values, taken: readonly string[] | undefined): Values {
  if (!taken || !Array.isArray(values.aliases)) return values;
  const names = new Set(taken.map(foldedName));
  const aliases = (values.aliases as string[]).filter((alias) => !names.has(foldedName(alias)));
  return { ...values, aliases };
}

const isFilled = (value: unknown): boolean =>
  value !== undefined &&
  value !== null &&
  Object.keys(value as object).length + String(value).length > 0;

async function sendBatch(
  sending: Sending,
  kind: Kind,
  action: SourceChange['action'],
  items: readonly PlanItem[],
  fields: (item: PlanItem) => readonly string[],
  failures: Failure[],
): Promise<number> {
  const { client, source, plan, run, signal, progress } = sending;
  signal.throwIfAborted();
  const links = await remoteIdsOf(sending, items);
  const named = await namedBy(
    client,
    source,
    plan,
    items.flatMap(({ source: after, sourceBefore: before, sourceBase: base }) => [
      { kind, values: base },
      { kind, values: after },
      { kind, values: before },
    ]),
  );
  const isThere = (target: Kind, id: LibraryId) => named.toSource.get(target, id) !== undefined;
  const claimed = claiming.has(kind) ? items.map(({ libraryId }) => libraryId) : [];
  const parts = await partNamesAt(client, source, claimed);
  const itemOf = new Map<SourceChange, PlanItem>();
  const changes = items.flatMap((item): SourceChange[] => {
    const remoteId = item.remoteId ?? links.get(item.libraryId) ?? null;
    if (action !== 'create' && remoteId === null) return []; // it could not be made
    const names = fields(item);
    if (action === 'update' && names.length === 0) return [];
    const change: SourceChange = {
      kind,
      remoteId: action === 'create' ? null : remoteId,
      action,
      before: asTold(kind, pick(item.sourceBefore, names), named),
      after: withoutTaken(asTold(kind, pick(item.source, names), named), parts.get(item.libraryId)),
    };
    if (action === 'update' && Object.keys(change.after).length === 0) return [];
    if (lacksNeeded(kind, pick(item.source, names), isThere)) {
      const error = new StowageError('source.refused', 'It names a record that is not there.');
      failures.push({ kind, libraryId: item.libraryId, remoteId, error });
      return [];
    }
    itemOf.set(change, item);
    return [change];
  });
  const of = (change: SourceChange) => itemOf.get(change) as PlanItem;
  const writer = sending.writer({
    onSending: (some) =>
      recordSent(
        client,
        run,
        some.map((change): SentChange => {
          const { libraryId, source: after, sourceBefore: before } = of(change);
          const names = Object.keys(change.after);
          const { remoteId } = change;
          return {
            kind,
            libraryId,
            remoteId,
            action,
            before: pick(before, names),
            after: pick(after, names),
          };
        }),
      ),
  });
  let written = 0;
  let answered: Answered[] = [];
  const note = async () => {
    await settle(sending, kind, action, named, answered);
    progress(answered.length);
    answered = [];
  };
  try {
    for await (const result of writer.write(changes, signal)) {
      const item = of(result.change);
      answered.push({ item, result });
      if ('error' in result) {
        const { libraryId, remoteId } = item;
        failures.push({ kind, libraryId, remoteId, error: result.error });
      }
      if (!('error' in result) || result.written) written++;
      if (answered.length >= batchSize) await note();
    }
  } finally {
    // Also where it was interrupted: what has been answered is known.
    if (answered.length > 0) await note();
  }
  return written;
}

interface Answered {
  item: PlanItem;
  result: WriteResult;
}

/** The numbers of records that were created at the source in this run. */
async function remoteIdsOf(
  { client, source }: Sending,
  items: readonly PlanItem[],
): Promise<Map<LibraryId, Id>> {
  const { rows } = await client.query<{ id: LibraryId; remote: string }>(
    'SELECT library_id AS id, remote_id AS remote FROM stowage.links WHERE source_id = $1 AND library_id = ANY ($2::uuid[])',
    [source.id, items.flatMap(({ libraryId, remoteId }) => (remoteId === null ? [libraryId] : []))],
  );
  return new Map(rows.map(({ id, remote }) => [id, Number(remote)]));
}

/** Writes down what came of changes, and what both sides agree to now. */
async function settle(
  { client, source, run }: Sending,
  kind: Kind,
  action: SourceChange['action'],
  named: Named,
  answered: readonly Answered[],
): Promise<void> {
  const made = answered.flatMap(({ item, result }) => {
    const of = 'error' in result ? result.written : result;
    if (!of) return [];
    const { change } = result;
    const isWhole = Object.keys(change.after).every((field) => field in of.record);
    return [{ item, isWhole: isWhole || !('error' in result), change, ...of }];
  });
  await client.query('BEGIN');
  try {
    await settleSent(
      client,
      run,
      answered.map(
        ({ item: { libraryId }, result }): Settled => ({
          kind,
          libraryId,
          ...('error' in result ? settledInPart(result) : { remoteId: result.remoteId }),
        }),
      ),
    );
    for (const { item, result } of answered) {
      if (action !== 'delete' && 'error' in result && result.error.code === 'source.refused') {
        await ask(client, source, run, item, result);
      }
    }
    if (action === 'delete') {
      await forgetLinks(
        client,
        source,
        kind,
        made.map(({ remoteId }) => remoteId),
      );
    } else if (action === 'create') {
      await writeLinks(
        client,
        source,
        run.id,
        made.map((one) => newLink(one, named)),
      );
      // What names them here could not be told it before, nor could a filter.
      const ids = made.map(({ item }) => item.libraryId);
      const naming = await namedByOthers(client, kind, ids);
      await markRecordsEdited(
        client,
        source,
        naming.map(({ by }) => by),
      );
      await markFiltersNaming(client, source, ids);
    } else {
      // Our own part of an item raised the record's revision; an edit that came meanwhile raised it further.
      const raised = made.filter(({ item }) => item.here !== null);
      const now = await revisionsOf(
        client,
        kind,
        raised.map(({ item }) => item.libraryId),
      );
      await patchBases(
        client,
        source,
        made.map((one) => patchOf(one, named, now)),
      );
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

const settledInPart = ({ error, written }: Refused) => ({
  why: error.message,
  ...(written && { remoteId: written.remoteId, written: Object.keys(written.record) }),
});

/** What a source refused is not sent again and again: it is a question, until a person answers it or both sides agree. */
async function ask(
  client: Sending['client'],
  source: Sending['source'],
  run: Sending['run'],
  { kind, libraryId, remoteId: known, source: ours, sourceBefore: theirs }: PlanItem,
  { change, written }: Refused,
): Promise<void> {
  const remoteId = known ?? written?.remoteId ?? null;
  if (remoteId === null) return;
  for (const field of Object.keys(change.after)) {
    if (written && Object.hasOwn(written.record, field)) continue;
    const values = { base: null, library: ours[field], source: theirs[field] };
    const question = { kind, libraryId, remoteId, field, key: '', ...values };
    await openConflict(client, source, { ...question, runId: run.id });
  }
}

interface Made {
  item: PlanItem;
  change: SourceChange;
  remoteId: Id;
  record: Values;
  isWhole: boolean;
}

function newLink({ item, change, remoteId, record }: Made, named: Named): NewLink {
  const { kind, libraryId, revision } = item;
  const facts = pick(record, ['createdAt', 'updatedAt']);
  // Seen with no hash: the next look at it writes that down, with its facts.
  const seen = Buffer.alloc(0);
  return {
    ...{ kind, remoteId, libraryId, facts, seen },
    ...agreedOn(item, change, record, named),
    ...(revision !== null && { revision }),
  };
}

function patchOf(
  { item, change, remoteId, record, isWhole }: Made,
  named: Named,
  now: Map<LibraryId, number>,
): BasePatch {
  const { kind, libraryId } = item;
  const revision = now.get(libraryId) ?? item.revision;
  return {
    ...{ kind, remoteId },
    // What was seen of it is no more: were it so again, that would be missed.
    seen: Buffer.alloc(0),
    facts: pick(record, ['updatedAt']),
    ...agreedOn(item, change, record, named),
    ...(isWhole && revision !== null && { looked: { libraryId, revision } }),
  };
}

/**
 * What was stored is what both agree to, and where it is not what was to be sent, that is noted beside it: else the two sides
 * would never agree.
 */
function agreedOn(
  { kind, source, sourceBase }: PlanItem,
  { after }: SourceChange,
  record: Values,
  named: Named,
): { base: Values; sent: Values } {
  const planned = asTold(kind, sourceBase, named);
  const meant = claiming.has(kind) ? asTold(kind, pick(source, Object.keys(after)), named) : after;
  const base: Values = {};
  const sent: Values = {};
  for (const [field, value] of Object.entries(meant)) {
    const stored = record[field];
    if (stored === undefined) continue;
    if (sameValue(stored, value)) base[field] = planned[field] ?? value;
    else {
      base[field] = stored;
      sent[field] = value;
    }
  }
  return { base, sent };
}

const pick = (from: Values, names: readonly string[]): Values =>
  Object.fromEntries(
    names.filter((name) => Object.hasOwn(from, name)).map((name) => [name, from[name]]),
  );

/** In the source's ids, without what it has no record for (one that it refused to make). */
const asTold = (kind: Kind, values: Values, named: Named): Values =>
  withReferences(kind, toSource(kind, values, named.toSource), (_, id) => !isLibraryId(id));
