import { openConflict } from '../library/conflicts.ts';
import { type Settled, settleSent } from '../library/journal.ts';
import {
  type BasePatch,
  markRecordsEdited,
  type NewLink,
  patchBases,
  writeLinks,
} from '../library/links.ts';
import { forgetLinks } from '../library/linksGone.ts';
import { markFiltersNaming, namedByOthers } from '../library/naming.ts';
import { noteRefusals, type Told } from '../library/refusals.ts';
import { revisionsOf } from '../library/revisions.ts';
import type { Id } from '../model/fields.ts';
import type { LibraryId, Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { sameValue } from '../model/records.ts';
import type { LeftOut, Refused, SourceChange, WriteResult } from '../model/writing.ts';
import type { Applying } from './applyHere.ts';
import type { Named } from './names.ts';
import { claiming } from './namesThere.ts';
import type { PlanItem } from './planItem.ts';
import { asTold, pick } from './told.ts';

/** What a source made of an item of a plan. */
export interface Answered {
  item: PlanItem;
  result: WriteResult;
}

export const leftOf = (result: WriteResult): readonly LeftOut[] =>
  ('error' in result ? result.written?.left : result.left) ?? [];

/** Writes down what came of changes, and what both sides agree to now. */
export async function settle(
  { client, source, run }: Pick<Applying, 'client' | 'source' | 'run'>,
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
    await noteRefusals(
      client,
      source,
      answered.flatMap(({ item, result }) => toldOf(item, result)),
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

/** What of a record's fields was written, and what of them was not taken; a record that is not made has none. */
function toldOf({ kind, libraryId, source }: PlanItem, result: WriteResult): Told[] {
  const { change } = result;
  if (change.action === 'delete') return [];
  const of = 'error' in result ? result.written : result;
  if (of) {
    const fields = Object.keys(change.after).filter((field) => field in of.record);
    if (change.action === 'create') fields.push('');
    return [{ kind, libraryId, fields, left: leftOf(result) }];
  }
  if (change.action !== 'create' || !('error' in result) || result.error.code !== 'source.refused')
    return [];
  const key = typeof source.name === 'string' ? source.name : '';
  return [{ kind, libraryId, fields: [''], left: [{ field: '', key, why: result.error.message }] }];
}

const settledInPart = ({ error, written }: Refused) => ({
  why: error.message,
  ...(written && { remoteId: written.remoteId, written: Object.keys(written.record) }),
});

/** What a source refused is not sent again and again: it is a question, until a person answers it or both sides agree. */
async function ask(
  client: Applying['client'],
  source: Applying['source'],
  run: Applying['run'],
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
