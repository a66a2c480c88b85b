import type { Field } from '../../../src/model/fields.ts';
import type { Values } from '../../../src/model/held.ts';
import { fieldsOf, type Kind, kindNames } from '../../../src/model/kinds.ts';
import { closesLoop, edgesOf, hierarchies } from '../../../src/sync/hierarchy.ts';
import type { Policy } from '../../../src/sync/policy.ts';

/*
 * A library and the servers around it, in memory: what the merge is tried on without a database. Ids are texts
 * everywhere (`L1` of the library, `A1` and `B1` of the servers), and each side names records by its own.
 */

export interface Kept {
  kind: Kind;
  values: Values;
  /** The tick at which it last changed. */
  changedAt: number;
  /** Only in the library, which keeps what was deleted. */
  isDeleted: boolean;
  /** Only in the library. */
  locked: Set<string>;
}

export interface Link {
  libraryId: string;
  /** In the server's ids. */
  base: Values;
  sent: Values;
  /** Changed in the library since the last sync. */
  isEdited: boolean;
  /** Changed at the server since the last sync. */
  isTouched: boolean;
  /** Gone from the server, which did not travel. */
  isAbsent: boolean;
  open: Map<string, Set<string>>;
}

export type Records = Map<string, Kept>;

export interface Server {
  name: string;
  records: Records;
  links: Map<string, Link>;
  policy: Policy;
  deletions: 'library' | 'stash' | 'both' | 'none';
  writes: boolean;
  /** Takes spaces off both ends of a title or a name, as v0.30 does. */
  trims: boolean;
  /** As since v0.30; before it, a partial date is an error. */
  keepsPartialDates: boolean;
}

export class World {
  readonly library: Records = new Map();
  readonly servers: readonly Server[];
  /** Counts everything that is written anywhere: unchanged by a sync that has nothing to do. */
  writes = 0;
  #tick = 0;

  constructor(servers: readonly Server[]) {
    this.servers = servers;
  }

  side(name: string): Records {
    return this.servers.find((server) => server.name === name)?.records ?? this.library;
  }

  create(records: Records, prefix: string, kind: Kind, values: Values): string {
    const id = `${prefix}${++this.#tick}`;
    const all = { ...emptyValues[kind], ...values };
    records.set(id, {
      kind,
      values: all,
      changedAt: this.#tick,
      isDeleted: false,
      locked: new Set(),
    });
    this.writes++;
    return id;
  }

  /** Changes a record; in the library, whoever did not do it has it to look at. */
  write(records: Records, id: string, values: Values, by?: Server): void {
    const record = records.get(id);
    if (!record) throw new Error(`nothing to change: ${id}`);
    record.values = { ...record.values, ...values };
    record.changedAt = ++this.#tick;
    this.writes++;
    for (const server of this.servers) {
      if (records === server.records && by !== server) {
        const link = server.links.get(id);
        if (link) link.isTouched = true;
      }
      if (records !== this.library || by === server) continue;
      for (const link of server.links.values()) if (link.libraryId === id) link.isEdited = true;
    }
  }

  /** Deletes a record with what cannot be without it, and takes it out of all others. */
  remove(records: Records, id: string): void {
    const record = records.get(id);
    if (!record) throw new Error(`nothing to delete: ${id}`);
    const isMain = records === this.library;
    if (isMain) record.isDeleted = true;
    else records.delete(id);
    this.writes++;
    for (const [other, { kind, values, isDeleted }] of [...records]) {
      if (isDeleted || !records.has(other)) continue;
      if (needs(kind, values).includes(id)) this.remove(records, other);
      else {
        const left = withoutId(kind, values, id);
        if (left) this.write(records, other, left);
      }
    }
    if (!isMain) return;
    for (const server of this.servers) {
      for (const link of server.links.values()) if (link.libraryId === id) link.isEdited = true;
    }
  }
}

export const alive = (records: Records, kind: Kind): string[] =>
  [...records].flatMap(([id, one]) => (one.kind === kind && !one.isDeleted ? id : []));

/** The records without which one cannot be. */
export function needs(kind: Kind, values: Values): string[] {
  const fields = { marker: ['scene', 'primaryTag'], chapter: ['gallery'] } as Partial<
    Record<Kind, string[]>
  >;
  return (fields[kind] ?? []).flatMap((field) => (values[field] as string | null) ?? []);
}

export const edgesIn = (records: Records) => (id: string) => {
  const record = records.get(id);
  const name = record && hierarchies[record.kind];
  if (!record || !name || record.isDeleted) return [];
  return edgesOf(fieldOf(record.kind, name), record.values[name]);
};

/** What a server refuses: a loop, a cover that is not inside, a name that is an alias too. */
export function refusal(records: Records, id: string): string | undefined {
  const { kind, values } = records.get(id) as Kept;
  const edges = edgesIn(records);
  if (edges(id).some((to) => closesLoop(edges, id, to))) return 'a loop';
  const { cover, images } = values;
  if (kind === 'gallery' && cover !== null && !(images as string[]).includes(cover as string)) {
    return 'a cover from elsewhere';
  }
  const names = Array.isArray(values.aliases) ? [values.name, ...values.aliases] : [];
  const folded = new Set(names.map((name) => String(name).toLowerCase()));
  return folded.size < names.length ? 'a name twice' : undefined;
}

export const fieldOf = (kind: Kind, name: string): Field =>
  (fieldsOf[kind].find(([field]) => field === name) as readonly [string, Field])[1];

/** The fields that merge. */
export const mergeable: { [K in Kind]: readonly (readonly [string, Field])[] } = Object.fromEntries(
  kindNames.map((kind) => [kind, fieldsOf[kind].filter(([, { merge }]) => merge !== 'fact')]),
) as never;

const emptyValues: { [K in Kind]: Values } = Object.fromEntries(
  kindNames.map((kind) => [
    kind,
    Object.fromEntries(mergeable[kind].map(([name, field]) => [name, emptyOf(field)])),
  ]),
) as never;

function emptyOf({ merge, shape }: Field): unknown {
  if (merge === 'counter') return 0;
  if (merge === 'keyed') return {};
  if (shape === 'text') return '';
  if (shape === 'flag') return false;
  return merge === 'set' || merge === 'list' || merge === 'history' ? [] : null;
}

/** A record's values with every id that they name replaced; what has no other name keeps its own. */
export function renamed(kind: Kind, values: Values, name: (id: string) => string): Values {
  const changed = { ...values };
  for (const [field, { target, shape }] of mergeable[kind]) {
    const value = values[field];
    if (!target || value === undefined || value === null) continue;
    if (shape === 'ref') changed[field] = name(value as string);
    else if (shape === 'refs') changed[field] = (value as string[]).map(name).sort();
    else {
      changed[field] = Object.fromEntries(
        Object.entries(value).map(([id, entry]) => [name(id), entry]),
      );
    }
  }
  return changed;
}

/** The fields that change when a record is taken out of the values of another. */
function withoutId(kind: Kind, values: Values, id: string): Values | undefined {
  const changed: Values = {};
  for (const [field, { target, shape }] of mergeable[kind]) {
    const value = values[field];
    if (!target || value === null) continue;
    if (shape === 'ref') {
      if (value === id) changed[field] = null;
    } else if (shape === 'refs') {
      if ((value as string[]).includes(id)) {
        changed[field] = (value as string[]).filter((other) => other !== id);
      }
    } else if (Object.hasOwn(value as object, id)) {
      const left = Object.entries(value as object).filter(([other]) => other !== id);
      changed[field] = Object.fromEntries(shape === 'subGroups' ? renumbered(left) : left);
    }
  }
  return Object.keys(changed).length > 0 ? changed : undefined;
}

const renumbered = (entries: [string, { position: number; description: string }][]) =>
  entries
    .sort(([, a], [, b]) => a.position - b.position)
    .map(([id, entry], position) => [id, { ...entry, position }] as const);
