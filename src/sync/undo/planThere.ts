import { heldRecords } from '../../library/heldRecords.ts';
import { linksTo } from '../../library/links.ts';
import { type RecordLines, runRecords } from '../../library/runRecords.ts';
import type { HeldRecord, LibraryId, Values } from '../../model/held.ts';
import { fieldOf, type Kind } from '../../model/kinds.ts';
import { sameValue } from '../../model/records.ts';
import { hasFiles } from '../deletions.ts';
import { undoField } from '../merge.ts';
import { namedBy } from '../names.ts';
import { noteTogether } from '../otherForms.ts';
import type { SourceSide } from '../pair.ts';
import { emptyItem } from '../planItem.ts';
import { type Planning, sidesOf } from '../planning.ts';
import { withReferences } from '../projection.ts';
import { type Effect, effectOf, isUntouched, merges } from './effect.ts';
import type { Kept } from './undoHere.ts';

/** A record that a run changed, as both sides have it now. */
interface Concerned extends RecordLines {
  /** Where the run changed it. */
  on: 'source' | 'library';
  effect: Effect;
  held: HeldRecord | undefined;
  /** Undefined where the source does not have it. */
  there: { remoteId: number; side: SourceSide } | undefined;
}

/**
 * Plans what takes back, at a source, what a run brought from it or wrote to it, where nobody changed it since. In the
 * caller's transaction, once it has been taken back in the library.
 */
export async function planUndoThere(planning: Planning, undone: number): Promise<Kept[]> {
  const kept: Kept[] = [];
  const made = new Set<LibraryId>();
  for await (const record of concerned(planning, undone)) {
    planExistence(planning, record, made, kept);
  }
  const seen = new Map<LibraryId, Set<string>>();
  for await (const record of concerned(planning, undone)) {
    // What was written there is told by its own line; the library's may be of the same field.
    const fields = seen.get(record.libraryId) ?? new Set<string>();
    await planFields(planning, record, { made, done: fields, kept });
    seen.set(record.libraryId, fields.union(new Set(record.effect.fields.keys())));
  }
  return kept;
}

async function* concerned(planning: Planning, undone: number): AsyncGenerator<Concerned> {
  const { client, source } = planning;
  for (const side of ['source', 'library'] as const) {
    for await (const records of runRecords(client, undone, side)) {
      for (const [kind, some] of Map.groupBy(records, (record) => record.kind)) {
        const ids = some.map(({ libraryId }) => libraryId);
        const held = await heldRecords(client, kind, ids);
        const links = await linksTo(client, source, kind, ids);
        const numbers = [...links.values()].map(({ remoteId }) => remoteId);
        const sides = await sidesOf(
          planning,
          kind,
          numbers.sort((a, b) => a - b),
        );
        for (const record of some) {
          const remoteId = links.get(record.libraryId)?.remoteId;
          const there = remoteId === undefined ? undefined : sides.get(remoteId);
          yield {
            ...record,
            on: side,
            effect: effectOf(record),
            held: held.get(record.libraryId),
            there: there && remoteId !== undefined ? { remoteId, side: there } : undefined,
          };
        }
      }
    }
  }
}

/** What has files is neither made nor deleted at a source by us. */
function planExistence(
  { plan, canHold }: Planning,
  { kind, libraryId, on, effect, held, there }: Concerned,
  made: Set<LibraryId>,
  kept: Kept[],
): void {
  if (effect.wasThere === effect.isThere) return;
  const keep = (why: string) => kept.push({ kind, libraryId, field: null, why });
  if (effect.isThere) {
    if (!there) return; // gone
    if (held?.deletedAt === null) {
      // Of one that the run brought here, that has been told.
      if (on === 'source') keep('stays at the source: it was made here, by another run');
      return;
    }
    if (hasFiles.has(kind)) keep('stays at the source, with its files');
    else if (effect.made && !isUntouched(kind, effect.made, there.side.values)) {
      keep('was changed at the source since');
    } else {
      const { remoteId } = there;
      const item = emptyItem({ kind, libraryId, remoteId, why: 'undone' });
      plan.add({ ...item, there: 'delete', forget: true });
    }
  } else if (!there && held?.deletedAt === null && !made.has(libraryId)) {
    if (hasFiles.has(kind)) {
      keep('comes back to the source with its file only');
      return;
    }
    const item = emptyItem({ kind, libraryId, remoteId: null, why: 'undone: it has a new number' });
    item.there = 'create';
    for (const [field, value] of Object.entries(held.values)) {
      if (merges(kind, field) && canHold(kind, field, value)) item.source[field] = value;
    }
    plan.add(item);
    made.add(libraryId);
  } else if (!there && on === 'source' && !made.has(libraryId)) {
    keep('stays gone from the source: it was deleted here, by another run');
  }
}

async function planFields(
  { client, source, plan, canHold }: Planning,
  { kind, libraryId, effect, there }: Concerned,
  { made, done, kept }: { made: ReadonlySet<LibraryId>; done: ReadonlySet<string>; kept: Kept[] },
): Promise<void> {
  if (!there || !effect.wasThere || effect.fields.size === 0) return;
  const { remoteId, side } = there;
  const values: Values = {};
  for (const [field, change] of effect.fields) {
    const now = side.values[field];
    if (now === undefined || done.has(field)) continue;
    const { value, changedSince } = undoField(fieldOf(kind, field), { ...change, now });
    for (const { key } of changedSince) {
      const part = key === '' ? '' : ` (${key})`;
      kept.push({ kind, libraryId, field, why: `was changed at the source since${part}` });
    }
    values[field] = value;
  }
  const named = await namedBy(client, source, plan, [{ kind, values }]);
  const isThere = (target: Kind, id: LibraryId) =>
    made.has(id) || named.toSource.get(target, id) !== undefined;
  const item = emptyItem({ kind, libraryId, remoteId, why: 'undone' });
  for (const [field, value] of Object.entries(withReferences(kind, values, isThere))) {
    const now = side.values[field];
    if (sameValue(value, now) || !canHold(kind, field, value)) continue;
    item.source[field] = value;
    item.sourceBefore[field] = now;
    item.sourceBase[field] = value;
  }
  noteTogether(kind, item, side.values);
  if (Object.keys(item.source).length > 0) plan.add({ ...item, there: 'update' });
}
