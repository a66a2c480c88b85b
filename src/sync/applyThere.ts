import { partNamesAt } from '../library/folds.ts';
import { recordSent, type SentChange, settleSent } from '../library/journal.ts';
import { linksTo } from '../library/links.ts';
import { forgetLinks } from '../library/linksGone.ts';
import { markFiltersNaming } from '../library/naming.ts';
import { StowageError } from '../model/errors.ts';
import type { Id } from '../model/fields.ts';
import { writtenWith } from '../model/forms/otherForm.ts';
import type { LibraryId } from '../model/held.ts';
import { fieldsOf, type Kind, kindNames } from '../model/kinds.ts';
import type { LeftOut, SourceChange, Writer, WriterOptions } from '../model/writing.ts';
import type { Applying } from './applyHere.ts';
import { namedBy } from './names.ts';
import { aliasesThatAreNames, claiming, givingUpNames, withoutTaken } from './namesThere.ts';
import { never, type PlanItem } from './planItem.ts';
import { batchSize } from './planning.ts';
import { lacksNeeded } from './projection.ts';
import { type Answered, leftOf, settle } from './settle.ts';
import { asTold, pick } from './told.ts';

/** A record that the source did not take, or a part of one, and why. */
export interface Failure {
  kind: Kind;
  libraryId: LibraryId;
  remoteId: Id | null;
  error: StowageError;
  /** The part: an alias, a custom field. */
  left?: LeftOut;
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
  // A name goes before an alias that is the same: else a record would not be there, for want of an alias.
  const late = new Map(kindNames.map((kind) => [kind, aliasesThatAreNames(plan, kind)]));
  const isLate = ({ kind, libraryId }: PlanItem, field: string) =>
    field === 'aliases' && late.get(kind)?.has(libraryId) === true;
  // It is not looked at wholly before its aliases were told, too.
  const inPart = (items: readonly PlanItem[], revision: number | null) =>
    items.map((item) => (isLate(item, 'aliases') ? { ...item, here: null, revision } : item));
  for (const kind of kindNames) {
    const own = ownReferences(kind);
    await send(kind, 'update', givingUpNames(plan, kind), () => ['name', 'aliases']);
    for (const items of plan.items({ kind, there: 'create' }, atOnce)) {
      // What names others of its kind is written when all of them are there.
      await send(kind, 'create', inPart(items, never), (item) =>
        Object.keys(item.source).filter((field) => !own.has(field) && !isLate(item, field)),
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
      await send(kind, 'update', inPart(items, null), (item) =>
        Object.keys(item.source).filter((field) => !isLate(item, field)),
      );
    }
    for (const there of ['create', 'update'] as const) {
      for (const items of plan.items({ kind, there }, atOnce)) {
        const some = items.filter((item) => isLate(item, 'aliases'));
        await send(kind, 'update', some, () => ['aliases']);
      }
    }
  }
  for (const kind of kindNames.toReversed()) {
    for (const items of plan.items({ kind, there: 'delete' })) {
      await send(kind, 'delete', items, () => []);
    }
  }
  return { written, failures };
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
      before: asTold(kind, pick(item.sourceBefore, writtenWith(kind, names)), named),
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
      const { libraryId, remoteId } = item;
      if ('error' in result) failures.push({ kind, libraryId, remoteId, error: result.error });
      for (const one of leftOf(result)) {
        const error = new StowageError('source.unsupported', one.why);
        failures.push({ kind, libraryId, remoteId, error, left: one });
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
