import type { ClientBase } from 'pg';
import { applyChanges, type LibraryChange } from '../library/change.ts';
import { addFold, edgesFrom, foldedAmong } from '../library/folds.ts';
import { heldFields, heldRecords } from '../library/heldRecords.ts';
import { type StoredField, storedFields } from '../library/layout.ts';
import { lockedFields } from '../library/locks.ts';
import { filtersNaming, namingIn } from '../library/naming.ts';
import { boxesOf } from '../library/stashBoxes.ts';
import type { Json } from '../model/fields.ts';
import type { HeldRecord, LibraryId, Values } from '../model/held.ts';
import { fieldOf, type Kind, kindNames } from '../model/kinds.ts';
import { sameValue } from '../model/records.ts';
import { mapFilterIds } from '../model/savedFilterIds.ts';
import { beyond, foldRecord, retarget } from './fold.ts';
import { closesLoop, type Edges, edgesOf, hierarchies } from './hierarchy.ts';

/** The run that folds; a person's is of no source. */
interface Run {
  id: number;
  sourceId?: number;
}

/**
 * Makes two records of the library one, since a person or a Stash said so: the destination gains what only the origin
 * has, whatever names the origin names the destination, the origin's links go along (`Fold`), and the origin is marked
 * as deleted. In the caller's transaction; every field that changes has its line in the journal, and a line `fold` says
 * the rest.
 */
export async function foldInto(
  client: ClientBase,
  run: Run,
  kind: Kind,
  destination: LibraryId,
  origin: LibraryId,
  /** What the origin had of the source that merged the two: it has said itself what becomes of that. */
  agreed?: Values,
): Promise<void> {
  const now = await foldedAmong(client, [destination, origin]);
  const into = now.get(destination) ?? destination;
  if (into === origin || now.get(origin) === into) return;
  const held = await heldRecords(client, kind, [into, origin]);
  const [one, other] = [held.get(into), held.get(origin)];
  if (one === undefined || other === undefined) return;
  // A source that merged the two has kept the parts of both.
  if (!agreed) await foldParts(client, run, kind, into, origin);
  const loops = await loopsOf(client, kind, one, other);
  // What is deleted was given up: nothing of it comes back this way.
  const own = agreed ? { id: other.id, values: beyond(kind, other.values, agreed) } : other;
  const gained =
    other.deletedAt === null
      ? foldRecord(kind, one, own, loops.closedBy, await boxesOf(client))
      : {};
  const locked =
    run.sourceId === undefined ? undefined : (await lockedFields(client, [into])).get(into);
  const values = Object.fromEntries(Object.entries(gained).filter(([name]) => !locked?.has(name)));
  const why = `${called(kind, other)} became part of it`;
  const isBack = one.deletedAt !== null && other.deletedAt === null;
  const action = isBack ? 'restore' : 'update';
  await applyChanges(client, run, [{ kind, id: into, action, values, why }]);
  const below = loops.reachedFrom(values);
  for (const owner of kindNames) {
    for (const field of storedFields[owner]) {
      if (field.target !== kind) continue;
      const closes = (id: LibraryId) => field.name === hierarchies[owner] && below.has(id);
      await rename(client, run, {
        owner,
        field,
        from: origin,
        to: into,
        closes,
        why: whyNamed(kind),
      });
    }
  }
  await renameInFilters(client, run, kind, origin, into);
  await applyChanges(client, run, [
    {
      ...{ kind, id: origin, action: 'delete', values: {} },
      why: `it became part of ${called(kind, one)}`,
    },
  ]);
  await addFold(client, run.id, kind, origin, into);
}

/** `tag Harbour`; where it has neither a name nor a title, by its id. */
const called = (kind: Kind, { id, values: { name, title } }: HeldRecord): string =>
  `${kind} ${name || title || id}`;

const whyNamed = (kind: Kind) => `a ${kind} that it named became part of another`;

/** Records that are part of one of these: what both have is one too. */
const parts: { [K in Kind]?: { kind: Kind; field: string; same: readonly string[] } } = {
  scene: { kind: 'marker', field: 'scene', same: ['seconds', 'primaryTag', 'title'] },
  gallery: { kind: 'chapter', field: 'gallery', same: ['imageIndex', 'title'] },
};

async function foldParts(
  client: ClientBase,
  run: Run,
  kind: Kind,
  destination: LibraryId,
  origin: LibraryId,
): Promise<void> {
  const part = parts[kind];
  if (part === undefined) return;
  const field = storedFields[part.kind].find(({ name }) => name === part.field) as StoredField;
  const of = async (whole: LibraryId) =>
    [
      ...(
        await heldRecords(client, part.kind, await namingIn(client, part.kind, field, whole))
      ).values(),
    ]
      .filter(({ deletedAt }) => deletedAt === null)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  const there = await of(destination);
  for (const one of await of(origin)) {
    const at = there.findIndex(({ values }) =>
      part.same.every((name) => sameValue(values[name], one.values[name])),
    );
    const [same] = at < 0 ? [] : there.splice(at, 1);
    if (same) await foldInto(client, run, part.kind, same.id, one.id);
  }
}

/** Records are read and written so many at a time. */
const atOnce = 500;

interface Renaming {
  owner: Kind;
  field: StoredField;
  from: LibraryId;
  to: LibraryId;
  /** Whether naming it would make a record stand above itself: then it names neither. */
  closes(id: LibraryId): boolean;
  why: string;
}

/** Whatever names one record in a field names another. */
async function rename(client: ClientBase, run: Run, renaming: Renaming): Promise<void> {
  const { owner, field, from, to, closes, why } = renaming;
  const ids = await namingIn(client, owner, field, from);
  const declared = fieldOf(owner, field.name);
  for (let at = 0; at < ids.length; at += atOnce) {
    const held = await heldFields(client, owner, ids.slice(at, at + atOnce), [field]);
    const changes: LibraryChange[] = [];
    for (const { id, values } of held.values()) {
      if (id === from) continue; // it keeps what it held
      const value = values[field.name];
      const then = retarget(declared, value, from, closes(id) ? id : to, id);
      changes.push({ kind: owner, id, action: 'update', values: { [field.name]: then }, why });
    }
    await applyChanges(client, run, changes);
  }
}

async function renameInFilters(
  client: ClientBase,
  run: Run,
  kind: Kind,
  from: LibraryId,
  to: LibraryId,
): Promise<void> {
  const filters = await heldRecords(client, 'savedFilter', await filtersNaming(client, from));
  const changes = [...filters.values()].map(({ id, values }): LibraryChange => {
    const { mode, objectFilter } = values as { mode: string; objectFilter: Json };
    const then = mapFilterIds(mode, objectFilter, (_, named) => (named === from ? to : named));
    return {
      kind: 'savedFilter',
      id,
      action: 'update',
      values: { objectFilter: eachOnce(then, to) },
      why: whyNamed(kind),
    };
  });
  await applyChanges(client, run, changes);
}

/** A list that named both names the one twice now. */
function eachOnce(value: Json, id: LibraryId): Json {
  if (Array.isArray(value)) {
    const isIt = (item: Json) =>
      item === id || (typeof item === 'object' && item !== null && 'id' in item && item.id === id);
    const first = value.findIndex(isIt);
    return value.filter((item, i) => i <= first || !isIt(item)).map((item) => eachOnce(item, id));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, eachOnce(inner, id)]),
  );
}

/** Which edges of the hierarchy would close a loop, once the two are one. */
async function loopsOf(client: ClientBase, kind: Kind, one: HeldRecord, other: HeldRecord) {
  const name = hierarchies[kind];
  const field = storedFields[kind].find((stored) => stored.name === name);
  if (name === undefined || field === undefined) {
    return { closedBy: () => false, reachedFrom: () => new Set<LibraryId>() };
  }
  const found = await edgesFrom(client, kind, field, [one.id, other.id]);
  const declared = fieldOf(kind, name);
  const asOne = (id: LibraryId) => (id === other.id ? one.id : id);
  const edgesWith =
    (own: unknown): Edges =>
    (id) =>
      (id === one.id ? edgesOf(declared, own) : (found.get(id) ?? [])).map(asOne);
  return {
    /** Of the edges that the destination would gain. */
    closedBy: (_: string, id: LibraryId) =>
      closesLoop(edgesWith(one.values[name]), one.id, asOne(id)),
    /** All that the destination stands below of, with what it has gained. */
    reachedFrom(gained: Values): ReadonlySet<LibraryId> {
      const edges = edgesWith(gained[name] ?? one.values[name]);
      const reached = new Set(edges(one.id));
      for (const id of reached) for (const next of edges(id)) reached.add(next);
      return reached;
    },
  };
}
