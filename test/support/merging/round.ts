import type { Values } from '../../../src/model/held.ts';
import { type Kind, kindNames } from '../../../src/model/kinds.ts';
import { sameValue } from '../../../src/model/records.ts';
import { edgesOf, hierarchies, untangle } from '../../../src/sync/hierarchy.ts';
import { type MergedRecord, mergeRecord } from '../../../src/sync/merge.ts';
import { policyFor } from '../../../src/sync/policy.ts';
import {
  alive,
  edgesIn,
  fieldOf,
  type Kept,
  type Link,
  needs,
  refusal,
  renamed,
  type Server,
  type World,
} from './world.ts';

/** What is created at a server that lacks it. */
const creatable: ReadonlySet<Kind> = new Set([
  'tag',
  'studio',
  'performer',
  'group',
  'marker',
  'chapter',
  'savedFilter',
]);

/** Of those, the ones that others name. */
const madeAnew: ReadonlySet<Kind> = new Set(['tag', 'studio', 'performer', 'group']);

/**
 * One sync of a server with the library, as the real one goes about it: deletions, new records, then each pair that may
 * have changed, merged. `full` looks at every pair.
 */
export function syncRound(world: World, server: Server, full = false): void {
  deletedThere(world, server);
  deletedHere(world, server);
  takeNew(world, server);
  if (server.writes) giveNew(world, server);
  for (const kind of kindNames) mergePairs(world, server, kind, full);
}

function deletedThere(world: World, server: Server): void {
  for (const [id, link] of [...server.links]) {
    if (server.records.has(id) || (link.isAbsent && !link.isEdited)) continue;
    const record = world.library.get(link.libraryId) as Kept;
    const base = toLibrary(server, record.kind, link.base);
    if (record.isDeleted) {
      server.links.delete(id);
      world.writes++;
      continue;
    }
    const right = policyFor(server.policy, record.kind, '');
    const isMet = !link.isAbsent && travels(server, 'library');
    if (isMet && (right === 'stash' || !differs(record.values, base))) {
      server.links.delete(id);
      world.remove(world.library, link.libraryId);
    } else if (isMet && right === 'library' && server.writes && madeAnew.has(record.kind)) {
      server.links.delete(id);
      world.writes++;
      touchNaming(world, server, link.libraryId);
    } else {
      if (!link.isAbsent) world.writes++;
      link.isAbsent = true;
      link.isEdited = false;
    }
  }
}

function deletedHere(world: World, server: Server): void {
  for (const [id, link] of [...server.links]) {
    const there = server.records.get(id);
    if (!there || !world.library.get(link.libraryId)?.isDeleted) continue;
    if (!server.writes || !travels(server, 'stash')) continue;
    if (differs(there.values, link.base)) continue;
    server.links.delete(id);
    world.remove(server.records, id);
  }
}

const travels = ({ deletions }: Server, to: 'library' | 'stash') =>
  deletions === to || deletions === 'both';

const differs = (values: Values, base: Values) =>
  Object.entries(base).some(([field, value]) => !sameValue(value, values[field]));

/** Records that the library has not met: the one of the same name and place, if it is the only one; else new. */
function takeNew(world: World, server: Server): void {
  const linked = new Set(placesAt(server).keys());
  const created: [string, Link][] = [];
  for (const [id, { kind, values }] of server.records) {
    if (server.links.has(id)) continue;
    const told = toLibrary(server, kind, values);
    const same = alive(world.library, kind).filter((other) => {
      const { values: held } = world.library.get(other) as Kept;
      const isPlaced = sameValue(needs(kind, held), needs(kind, told));
      return !linked.has(other) && isPlaced && nameOf(held) === nameOf(told);
    });
    const isNew = same.length !== 1 || nameOf(told) === '';
    const libraryId = isNew ? world.create(world.library, 'L', kind, {}) : (same[0] as string);
    const link = newLink(libraryId);
    linked.add(libraryId);
    // One that was gone, and is found again under another number.
    for (const [former, { libraryId: had }] of server.links) {
      if (had === libraryId) server.links.delete(former);
    }
    server.links.set(id, link);
    if (isNew) created.push([id, link]);
    else touchNaming(world, server, libraryId);
  }
  for (const [id, { libraryId }] of created) {
    const { kind, values } = server.records.get(id) as Kept;
    const { values: empty } = world.library.get(libraryId) as Kept;
    const isGone = (other: string) => world.library.get(other)?.isDeleted ?? true;
    const { library } = mergeRecord(
      kind,
      { base: undefined, library: empty, source: toLibrary(server, kind, values) },
      { policy: {}, stays: (other, on) => on === 'library' && isGone(other) },
    );
    world.write(world.library, libraryId, library, server);
  }
}

/** What names a record here could not be told to the server before it had it. */
function touchNaming(world: World, server: Server, named: string): void {
  for (const link of server.links.values()) {
    const { kind, values } = world.library.get(link.libraryId) as Kept;
    renamed(kind, values, (id) => {
      if (id === named) link.isTouched = true;
      return id;
    });
  }
}

const newLink = (libraryId: string): Link => ({
  libraryId,
  base: {},
  sent: {},
  isEdited: true,
  isTouched: true,
  isAbsent: false,
  open: new Map(),
});

const nameOf = ({ name, title }: Values) => String(name ?? title ?? '');

/** Records that the server lacks, where it has all that they need. */
function giveNew(world: World, server: Server): void {
  const linked = remoteIdsIn(server);
  const has = placesAt(server);
  for (const kind of creatable) {
    for (const id of alive(world.library, kind)) {
      if (linked.has(id)) continue;
      const { values } = world.library.get(id) as Kept;
      if (!needs(kind, values).every((other) => has.has(other))) continue;
      const needed = Object.fromEntries(
        ['name', 'scene', 'primaryTag', 'gallery'].flatMap((field) =>
          values[field] === undefined || values[field] === null ? [] : [[field, values[field]]],
        ),
      );
      const there = stored(server, toServer(server, kind, needed));
      const remoteId = world.create(server.records, server.name, kind, there);
      server.links.set(remoteId, newLink(id));
      has.set(id, remoteId);
    }
  }
}

/** The library's records that the server has. */
export function placesAt({ links }: Server): Map<string, string> {
  const places = new Map<string, string>();
  for (const [id, { libraryId, isAbsent }] of links) if (!isAbsent) places.set(libraryId, id);
  return places;
}

function mergePairs(world: World, server: Server, kind: Kind, full: boolean): void {
  const pairs = new Map<string, { remoteId: string; link: Link }>();
  for (const [remoteId, link] of server.links) {
    if (server.records.get(remoteId)?.kind !== kind) continue;
    if (world.library.get(link.libraryId)?.isDeleted) continue;
    if (full || link.isEdited || link.isTouched) pairs.set(link.libraryId, { remoteId, link });
  }
  if (pairs.size === 0) return;
  const has = placesAt(server);
  const merge = (id: string, how: 'plain' | 'settle' | 'ask') => {
    const { remoteId, link } = pairs.get(id) as { remoteId: string; link: Link };
    const [here, there] = [world.library.get(id), server.records.get(remoteId)] as [Kept, Kept];
    const field = hierarchies[kind];
    return mergeRecord(
      kind,
      {
        base: toLibrary(server, kind, link.base),
        library: here.values,
        source: toLibrary(server, kind, there.values),
      },
      {
        policy: server.policy,
        times: { library: instant(here.changedAt), source: instant(there.changedAt) },
        locked: here.locked,
        open: link.open,
        sent: isFilled(link.sent) ? toLibrary(server, kind, link.sent) : undefined,
        looping: field && how !== 'plain' ? new Map([[field, how]]) : undefined,
        canHold: (_, value) => server.keepsPartialDates || !isPartial(value),
        stays: (other, on) =>
          on === 'source' ? !has.has(other) : (world.library.get(other)?.isDeleted ?? true),
      },
    );
  };
  const looping = untangledOf(world, server, kind, [...pairs.keys()], merge);
  for (const [id, { remoteId, link }] of pairs) {
    apply(world, server, { kind, id, remoteId, link }, merge(id, looping.get(id) ?? 'plain'));
  }
}

function untangledOf(
  world: World,
  server: Server,
  kind: Kind,
  ids: readonly string[],
  merge: (id: string, how: 'plain' | 'settle' | 'ask') => MergedRecord,
): Map<string, 'settle' | 'ask'> {
  const name = hierarchies[kind];
  if (!name) return new Map();
  const field = fieldOf(kind, name);
  const remoteIds = remoteIdsIn(server);
  const edges = {
    library: edgesIn(world.library),
    source: (id: string) => {
      const there = edgesIn(server.records)(remoteIds.get(id) ?? '');
      return there.map((other) => server.links.get(other)?.libraryId ?? other);
    },
  };
  const after = (merged: MergedRecord, side: 'library' | 'source', id: string) =>
    merged[side][name] === undefined ? edges[side](id) : edgesOf(field, merged[side][name]);
  return untangle(ids, edges, (id, how) => {
    const merged = merge(id, how);
    return { library: after(merged, 'library', id), source: after(merged, 'source', id) };
  });
}

/** Writes what came of a pair: first the library with what is agreed without the server, then the server. */
function apply(
  world: World,
  server: Server,
  of: { kind: Kind; id: string; remoteId: string; link: Link },
  merged: MergedRecord,
): void {
  const { kind, id, remoteId, link } = of;
  if (isFilled(merged.library)) world.write(world.library, id, merged.library, server);
  const patch = (base: Values) => {
    if (!isFilled(base)) return;
    link.base = { ...link.base, ...toServer(server, kind, base) };
    for (const field of Object.keys(base)) delete link.sent[field];
    world.writes++;
  };
  patch(merged.unsent);
  const isMoved = isFilled(merged.source) && server.writes;
  if (isMoved) {
    const sent = toServer(server, kind, merged.source);
    const kept = stored(server, sent);
    world.write(server.records, remoteId, kept, server);
    const fields = Object.keys(sent);
    patch(Object.fromEntries(fields.map((field) => [field, merged.base[field]])));
    for (const field of fields) {
      if (sameValue(sent[field], kept[field])) continue;
      link.base = { ...link.base, [field]: kept[field] };
      link.sent[field] = sent[field];
    }
  }
  for (const { field, key } of merged.conflicts) {
    link.open.set(field, (link.open.get(field) ?? new Set()).add(key));
    world.writes++;
  }
  for (const { field, key } of merged.agreed) {
    link.open.get(field)?.delete(key);
    world.writes++;
  }
  // What waits for writing to be switched on is looked at again.
  link.isEdited = isFilled(merged.source) && !server.writes;
  link.isTouched = false;
}

/** What a server makes of what it is given. */
function stored(server: Server, values: Values): Values {
  if (!server.trims) return values;
  return Object.fromEntries(
    Object.entries(values).map(([field, value]) => [
      field,
      (field === 'title' || field === 'name') && typeof value === 'string' ? value.trim() : value,
    ]),
  );
}

export const isPartial = (value: unknown): boolean =>
  typeof value === 'string' && /^\d{4}(-\d\d)?$/.test(value);

const instant = (tick: number) => new Date(tick * 1000).toISOString();

const isFilled = (values: Values) => Object.keys(values).length > 0;

export const toLibrary = ({ links }: Server, kind: Kind, values: Values): Values =>
  renamed(kind, values, (id) => links.get(id)?.libraryId ?? id);

export function toServer(server: Server, kind: Kind, values: Values): Values {
  const remoteIds = remoteIdsIn(server);
  return renamed(kind, values, (id) => remoteIds.get(id) ?? id);
}

export function remoteIdsIn({ links }: Server): Map<string, string> {
  const ids = new Map<string, string>();
  for (const [id, { libraryId }] of links) ids.set(libraryId, id);
  return ids;
}

/** Everything that a server would refuse, in the state that it is in. */
export const refusals = ({ records }: Server): string[] =>
  [...records.keys()].flatMap((id) => {
    const why = refusal(records, id);
    return why === undefined ? [] : `${id}: ${why}`;
  });
