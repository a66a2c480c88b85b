import type { ClientBase } from 'pg';
import { applyChanges, type LibraryChange } from '../../library/change.ts';
import { addFold, type Fold, foldedAmong, removeFold } from '../../library/folds.ts';
import { heldRecords } from '../../library/heldRecords.ts';
import { namedByOthers } from '../../library/naming.ts';
import { changedSince, type RecordLines, runRecords } from '../../library/runRecords.ts';
import type { LibraryId, Values } from '../../model/held.ts';
import { fieldOf, type Kind } from '../../model/kinds.ts';
import { undoField } from '../merge.ts';
import { batchesOf } from '../planning.ts';
import { type Effect, effectOf, isUntouched } from './effect.ts';

/** Something that was not taken back, and why. */
export interface Kept {
  kind: Kind;
  libraryId: LibraryId;
  field: string | null;
  why: string;
}

interface Undoing {
  client: ClientBase;
  /** The run that is taken back, and the one that does it. */
  undone: number;
  run: { id: number };
  kept: Kept[];
}

/**
 * Takes back what a run did in the library, where nobody changed it since: what it deleted comes back, what it made
 * goes, and of every field what it did to it (design.md §5.10). In the caller's transaction; all of it is journalled in
 * a run of its own, which can be taken back in turn. `writtenToo`: also the fields that the run wrote to a source.
 */
export async function undoHere(
  client: ClientBase,
  undone: number,
  run: { id: number },
  { writtenToo }: { writtenToo: boolean } = { writtenToo: false },
): Promise<Kept[]> {
  const undoing: Undoing = { client, undone, run, kept: [] };
  await unfold(undoing);
  await bringBack(undoing);
  const done = await undoFields(undoing, 'library');
  if (writtenToo) await undoFields(undoing, 'source', done);
  await takeAway(undoing);
  await foldAgain(undoing);
  return undoing.kept;
}

const why = ({ undone }: Undoing): string => `run ${undone} was taken back`;

async function* effects(
  { client, undone }: Undoing,
  which: (effect: Effect) => boolean,
  side: 'library' | 'source' = 'library',
): AsyncGenerator<[Kind, (RecordLines & { effect: Effect })[]]> {
  for await (const records of runRecords(client, undone, side)) {
    const meant = records
      .map((record) => ({ ...record, effect: effectOf(record) }))
      .filter(({ effect }) => which(effect));
    yield* Map.groupBy(meant, ({ kind }) => kind);
  }
}

const idsOf = (records: readonly { libraryId: LibraryId }[]): LibraryId[] =>
  records.map(({ libraryId }) => libraryId);

/** Records that the run made one are two again. */
async function unfold(undoing: Undoing): Promise<void> {
  const { client, run, kept } = undoing;
  for await (const [kind, records] of effects(undoing, ({ folds }) => folds.length > 0)) {
    for (const { libraryId, effect } of records) {
      for (const { after } of effect.folds) {
        if (after === null) continue;
        const fold = after as Fold;
        const now = (await foldedAmong(client, [libraryId])).get(libraryId);
        if (now === fold.destination) await removeFold(client, run.id, kind, libraryId, fold);
        else if (now !== undefined)
          kept.push({ kind, libraryId, field: null, why: 'is a part of another by now' });
      }
    }
  }
}

/** What the run deleted is there again, with all that it held. */
async function bringBack(undoing: Undoing): Promise<void> {
  const { client, run, kept } = undoing;
  const isGone = ({ wasThere, isThere }: Effect) => wasThere && !isThere;
  for await (const [kind, records] of effects(undoing, isGone)) {
    const folded = await foldedAmong(client, idsOf(records));
    const changes: LibraryChange[] = [];
    for (const { libraryId: id } of records) {
      if (folded.has(id))
        kept.push({ kind, libraryId: id, field: null, why: 'is a part of another by now' });
      else changes.push({ kind, id, action: 'restore', values: {}, why: why(undoing) });
    }
    await applyChanges(client, run, changes);
  }
}

/** The fields of each record. */
type Done = ReadonlyMap<LibraryId, ReadonlySet<string>>;

/** What a run changed on both sides is taken back once: of what is counted, twice would be too much. */
async function undoFields(
  undoing: Undoing,
  side: 'library' | 'source',
  done: Done = new Map(),
): Promise<Done> {
  const { client, run, kept } = undoing;
  const doing = new Map<LibraryId, Set<string>>();
  const isChanged = ({ fields, wasThere }: Effect) => wasThere && fields.size > 0;
  for await (const [kind, records] of effects(undoing, isChanged, side)) {
    const held = await heldRecords(client, kind, idsOf(records));
    const changes: LibraryChange[] = [];
    for (const { libraryId: id, effect } of records) {
      const record = held.get(id);
      if (!record || record.deletedAt !== null) {
        // What the run itself deleted has been told of already.
        if (effect.isThere)
          kept.push({ kind, libraryId: id, field: null, why: 'was deleted since' });
        continue;
      }
      const values: Values = {};
      doing.set(id, new Set(effect.fields.keys()));
      for (const [field, change] of effect.fields) {
        if (done.get(id)?.has(field)) continue;
        const now = record.values[field];
        const undone = undoField(fieldOf(kind, field), { ...change, now });
        values[field] = undone.value;
        for (const { key } of undone.changedSince) {
          const part = key === '' ? '' : ` (${key})`;
          kept.push({ kind, libraryId: id, field, why: `was changed since${part}` });
        }
      }
      const { revision } = record;
      changes.push({ kind, id, action: 'update', values, revision, why: why(undoing) });
    }
    await applyChanges(client, run, changes);
  }
  return doing;
}

/** What the run made, or brought back, goes again, unless somebody has used it since. */
async function takeAway(undoing: Undoing): Promise<void> {
  const { client, run, kept } = undoing;
  const going = new Map<LibraryId, Kind>();
  const isNew = ({ wasThere, isThere }: Effect) => !wasThere && isThere;
  for await (const [kind, records] of effects(undoing, isNew)) {
    const held = await heldRecords(client, kind, idsOf(records));
    const changed = await changedSince(client, undoing.undone, idsOf(records));
    for (const { libraryId, effect } of records) {
      const record = held.get(libraryId);
      if (!record || record.deletedAt !== null) continue; // gone already
      const { made } = effect;
      const isAsLeft = made ? isUntouched(kind, made, record.values) : !changed.has(libraryId);
      if (isAsLeft) going.set(libraryId, kind);
      else kept.push({ kind, libraryId, field: null, why: 'was changed since' });
    }
  }
  await keepNamed(undoing, going);
  for (const some of batchesOf([...going])) {
    const changes = some.map(
      ([id, kind]): LibraryChange => ({
        id,
        kind,
        action: 'delete',
        values: {},
        why: why(undoing),
      }),
    );
    await applyChanges(client, run, changes);
  }
}

/** A record that others name, which stay, has been used since the run: it stays too. */
async function keepNamed({ client, kept }: Undoing, going: Map<LibraryId, Kind>): Promise<void> {
  for (let isSettled = false; !isSettled; ) {
    isSettled = true;
    const byKind = Map.groupBy([...going], ([, kind]) => kind);
    for (const [kind, some] of byKind) {
      for (const batch of batchesOf(some.map(([id]) => id))) {
        for (const { id, by } of await namedByOthers(client, kind, batch)) {
          if (going.has(by) || !going.delete(id)) continue;
          isSettled = false;
          kept.push({ kind, libraryId: id, field: null, why: 'is named by other records' });
        }
      }
    }
  }
}

/** Where the run took a fold back, the two are one again. */
async function foldAgain(undoing: Undoing): Promise<void> {
  const { client, run } = undoing;
  for await (const [kind, records] of effects(undoing, ({ folds }) => folds.length > 0)) {
    const held = await heldRecords(client, kind, idsOf(records));
    for (const { libraryId, effect } of records) {
      for (const { before } of effect.folds) {
        // One that was used since stays by itself.
        if (before === null || held.get(libraryId)?.deletedAt === null) continue;
        await addFold(client, run.id, kind, libraryId, (before as Fold).destination);
      }
    }
  }
}
