import type { ClientBase } from 'pg';
import { applyChanges } from '../library/change.ts';
import { type Conflict, type Settlement, settleConflicts } from '../library/conflicts.ts';
import { heldRecords } from '../library/heldRecords.ts';
import { type Link, linksOf, markEdited, patchBases } from '../library/links.ts';
import { forgetBase, outliveLinks } from '../library/linksGone.ts';
import { beginRun, finishRun } from '../library/runs.ts';
import type { Source } from '../library/sources.ts';
import { boxesOf } from '../library/stashBoxes.ts';
import {
  idsIn,
  libraryIds,
  type NamedIds,
  sourceIds,
  toLibrary,
  toSource,
} from '../library/translate.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { fieldOf, type Kind } from '../model/kinds.ts';

/** Who is right. */
export type Right = 'library' | 'stash';

/**
 * Says of questions of one source who is right; the next sync does what follows. It is the base that moves: to what the
 * source had when it was asked, so that only the library differs from it and is sent; or to what the library has, so
 * that what the source has comes over. In the caller's transaction.
 */
export async function answerConflicts(
  client: ClientBase,
  source: Source,
  conflicts: readonly Conflict[],
  right: Right,
  how: Settlement = right,
): Promise<void> {
  for (const [kind, some] of Map.groupBy(conflicts, (conflict) => conflict.kind)) {
    await answerFields(
      client,
      source,
      kind,
      some.filter(({ field }) => field !== ''),
      right,
    );
  }
  for (const conflict of conflicts.filter(({ field }) => field === '')) {
    await answerWhole(client, source, conflict, right);
  }
  await settleConflicts(
    client,
    conflicts.map(({ id }) => id),
    how,
  );
}

async function answerFields(
  client: ClientBase,
  source: Source,
  kind: Kind,
  conflicts: readonly Conflict[],
  right: Right,
): Promise<void> {
  const remoteIds = [...new Set(conflicts.map(({ remoteId }) => remoteId))];
  const links = await linksOf(client, source, kind, remoteIds);
  const held = await heldRecords(
    client,
    kind,
    [...links.values()].map(({ libraryId }) => libraryId),
  );
  const named: NamedIds = new Map();
  for (const { base } of links.values()) idsIn(kind, base, named);
  for (const { values } of held.values()) idsIn(kind, values, named);
  for (const conflict of conflicts) {
    idsIn(kind, asWhole(conflict, conflict.source), named);
  }
  const here = await libraryIds(client, source, named);
  const there = await sourceIds(client, source, named);
  const boxes = await boxesOf(client);
  const bases = new Map<Link, Values>();
  for (const conflict of conflicts) {
    const link = links.get(conflict.remoteId);
    const record = link && held.get(link.libraryId);
    if (!record) continue; // it is gone by now: there is nothing to say of it
    const base = bases.get(link) ?? toLibrary(kind, link.base, here);
    bases.set(link, base);
    const { field, key } = conflict;
    const same = field === 'stashIds' ? boxes.isSame.bind(boxes) : Object.is;
    const value = right === 'library' ? conflict.source : of(record.values[field], key, same);
    const isThere = right === 'library' ? conflict.isThere : value !== undefined;
    base[field] =
      key === '' ? value : withEntry(base[field], key, isThere ? value : undefined, same);
  }
  const fields = Map.groupBy(conflicts, ({ remoteId }) => remoteId);
  await patchBases(
    client,
    source,
    [...bases].map(([{ remoteId }, base]) => {
      const all = toSource(kind, base, there);
      const moved = new Set(fields.get(remoteId)?.map(({ field }) => field));
      const patch = Object.entries(all).filter(([field]) => moved.has(field));
      return { kind, remoteId, base: Object.fromEntries(patch) };
    }),
  );
  await markEdited(client, source, kind, remoteIds);
}

type Entries = { [key: string]: unknown };

/** Whether two keys are one: of stash ids each side writes the address of a box in its own way. */
type SameKey = (one: string, other: string) => boolean;

const of = (value: unknown, key: string, same: SameKey): unknown =>
  key === '' ? value : Object.entries(value as Entries).find(([own]) => same(own, key))?.[1];

function withEntry(entries: unknown, key: string, value: unknown, same: SameKey): Entries {
  const all = Object.entries((entries ?? {}) as Entries);
  const others = Object.fromEntries(all.filter(([own]) => !same(own, key)));
  return value === undefined ? others : { ...others, [key]: value };
}

/** A question's value as the value of its field. */
const asWhole = ({ field, key }: Conflict, value: unknown): Values =>
  value === null || value === undefined ? {} : { [field]: key === '' ? value : { [key]: value } };

/**
 * One side deleted the record, the other changed it. What is done in the library is done now, in a run of its own; a
 * deletion at the source is the next sync's, where deletions may travel there.
 */
async function answerWhole(
  client: ClientBase,
  source: Source,
  { kind, libraryId, remoteId, library }: Conflict,
  right: Right,
): Promise<void> {
  if (library === 'deleted') {
    if (right === 'library') {
      await forgetBase(client, source, kind, remoteId); // whatever the source has is no change
      await markEdited(client, source, kind, [remoteId]);
    } else await inLibrary(client, kind, libraryId, 'restore');
  } else {
    if (right === 'stash') await inLibrary(client, kind, libraryId, 'delete');
    await outliveLinks(client, source, kind, [{ remoteId, libraryId }]);
  }
}

async function inLibrary(
  client: ClientBase,
  kind: Kind,
  id: LibraryId,
  action: 'restore' | 'delete',
): Promise<void> {
  const run = { id: await beginRun(client, { command: 'resolve' }) };
  const why = 'so a person said, when one side had deleted it and the other had changed it';
  await applyChanges(client, run, [{ kind, id, action, values: {}, why }]);
  await finishRun(client, run.id, 'done', { [`library ${action} ${kind}`]: 1 });
}

/** A question's field; undefined where it is about the whole record. */
export const askedField = ({ kind, field }: Pick<Conflict, 'kind' | 'field'>) =>
  field === '' ? undefined : fieldOf(kind, field);
