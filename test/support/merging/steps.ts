import type { Field } from '../../../src/model/fields.ts';
import type { Values } from '../../../src/model/held.ts';
import type { Kind } from '../../../src/model/kinds.ts';
import { sameValue } from '../../../src/model/records.ts';
import { foldRecord, retarget } from '../../../src/sync/fold.ts';
import { closesLoop, hierarchies } from '../../../src/sync/hierarchy.ts';
import { changed, extended, withEntry } from './changes.ts';
import { remoteIdsIn, syncRound, toServer } from './round.ts';
import {
  alive,
  edgesIn,
  fieldOf,
  type Kept,
  mergeable,
  needs,
  type Records,
  refusal,
  type Server,
  type World,
} from './world.ts';

/** Something that happens. Numbers choose among what there is then: a story that is shortened stays one. */
export type Step =
  | { do: 'edit' | 'add'; on: Place; kind: number; nth: number; field: number; how: number }
  | { do: 'create'; on: Place; kind: number; nth: number; how: number }
  | { do: 'delete'; on: Place; kind: number; nth: number; how: number }
  | { do: 'fold'; kind: number; nth: number; how: number }
  | { do: 'lock'; kind: number; nth: number; field: number; how: number }
  | { do: 'settle'; on: 'A' | 'B'; nth: number; for: 'library' | 'stash' }
  | { do: 'sync'; on: 'A' | 'B' };
export type Place = 'library' | 'A' | 'B';

/** What the numbers of a story's steps choose from. */
interface Choice {
  cast: readonly Kind[];
  fields: readonly number[];
}

/** Carries a step out, where it can be. */
export function take(world: World, choice: Choice, step: Step): void {
  if (step.do === 'sync') syncRound(world, serverOf(world, step.on));
  else if (step.do === 'settle') settle(world, serverOf(world, step.on), step.nth, step.for);
  else if (step.do === 'create') {
    const prefix = step.on === 'library' ? 'L' : step.on;
    const kind = chosen(choice.cast, step.kind);
    create(world, world.side(step.on), prefix, kind, `new ${step.how % 3}`, step.nth);
  } else change(world, choice, step);
}

type Change = Extract<Step, { do: 'edit' | 'add' | 'delete' | 'fold' | 'lock' }>;

/** Something that is done to a record. */
function change(world: World, choice: Choice, step: Change): void {
  const kind = chosen(choice.cast, step.kind);
  const records = world.side('on' in step ? step.on : 'library');
  const there = alive(records, kind);
  if (there.length === 0) return;
  const [id, other] = [chosen(there, step.nth), chosen(there, step.how)];
  const field = () =>
    chosen(mergeable[kind], chosen(choice.fields, 'field' in step ? step.field : 0));
  if (step.do === 'edit' || step.do === 'add') edit(world, records, id, field(), step);
  if (step.do === 'lock') lock(world, id, field());
  if (step.do === 'delete' && !isPrimaryTag(records, id)) world.remove(records, id);
  if (step.do === 'fold' && other !== id) fold(world, id, other);
}

const chosen = <T>(from: readonly T[], nth: number): T => from[nth % from.length] as T;

type Named = readonly [name: string, field: Field];

const isPrimaryTag = (records: Records, id: string) =>
  [...records.values()].some((one) => !one.isDeleted && one.values.primaryTag === id);

function lock(world: World, id: string, [name]: Named): void {
  const { locked } = world.library.get(id) as Kept;
  if (!locked.delete(name)) locked.add(name);
  world.write(world.library, id, {});
}

const serverOf = (world: World, name: string): Server =>
  world.servers.find((server) => server.name === name) as Server;

function edit(
  world: World,
  records: Records,
  id: string,
  [name, field]: Named,
  { do: what, how }: { do: 'edit' | 'add'; how: number },
): void {
  const { kind, values } = records.get(id) as Kept;
  const others = field.target ? alive(records, field.target as Kind) : [];
  const value = (what === 'add' ? extended : changed)(field, values[name], others, how);
  if (
    value === undefined ||
    (value === null && needs(kind, values).includes(values[name] as string))
  )
    return;
  const before = values[name];
  const server = world.servers.find((one) => one.records === records);
  if (server && !server.keepsPartialDates && field.shape === 'date') {
    if (typeof value === 'string' && value.length < 10) return;
  }
  world.write(records, id, { [name]: value });
  // Both sides refuse what cannot be.
  if (refusal(records, id) !== undefined) world.write(records, id, { [name]: before });
}

export function create(
  world: World,
  records: Records,
  prefix: string,
  kind: Kind,
  name: string,
  nth: number,
): void {
  const named = mergeable[kind].some(([field]) => field === 'name') ? 'name' : 'title';
  const values: Values = { [named]: name };
  if (kind === 'marker' || kind === 'chapter') {
    const needed =
      kind === 'marker'
        ? ({ scene: 'scene', primaryTag: 'tag' } as const)
        : ({ gallery: 'gallery' } as const);
    for (const [field, target] of Object.entries(needed)) {
      const there = alive(records, target);
      if (there.length === 0) return;
      values[field] = there[nth % there.length];
    }
  }
  world.create(records, prefix, kind, values);
}

/** A person takes a side of an open question. */
function settle(world: World, server: Server, nth: number, right: 'library' | 'stash'): void {
  const open = [...server.links].flatMap(([id, link]) =>
    [...link.open].flatMap(([field, keys]) => [...keys].map((key) => ({ id, link, field, key }))),
  );
  const chosen = open[nth % open.length];
  if (!chosen) return;
  const { id, link, field, key } = chosen;
  const there = server.records.get(id);
  const here = world.library.get(link.libraryId);
  if (!there || !here || here.isDeleted) return;
  const wrong = right === 'library' ? there.values : toServer(server, here.kind, here.values);
  const isNamed = fieldOf(here.kind, field).target !== undefined;
  const keyThere = isNamed ? (remoteIdsIn(server).get(key) ?? key) : key;
  const entryOf = (value: unknown) => (value as Values)[keyThere];
  const base =
    key === '' ? wrong[field] : withEntry(link.base[field] ?? {}, keyThere, entryOf(wrong[field]));
  link.base = { ...link.base, [field]: base };
  link.open.get(field)?.delete(key);
  link.isEdited = true;
  world.writes++;
}

/** Two records of the library become one. */
function fold(world: World, destination: string, origin: string): void {
  const [own, other] = [destination, origin].map((id) => world.library.get(id) as Kept) as [
    Kept,
    Kept,
  ];
  const edges = edgesIn(world.library);
  const asOne = (id: string) =>
    (id === destination ? [...edges(destination), ...edges(origin)] : edges(id)).map((to) =>
      to === origin ? destination : to,
    );
  const changes = foldRecord(
    own.kind,
    { id: destination, values: own.values },
    { id: origin, values: other.values },
    (_, id) => closesLoop(asOne, destination, id),
  );
  world.write(world.library, destination, changes);
  for (const [id, { kind, values, isDeleted }] of world.library) {
    if (isDeleted || id === origin) continue;
    for (const [name, field] of mergeable[kind]) {
      if (field.target !== own.kind) continue;
      const value = retarget(field, values[name], origin, destination, id);
      if (sameValue(value, values[name])) continue;
      world.write(world.library, id, { [name]: value });
      const isEdge = hierarchies[kind] === name;
      if (isEdge && refusal(world.library, id) === 'a loop')
        world.write(world.library, id, { [name]: values[name] });
    }
  }
  world.remove(world.library, origin);
}
