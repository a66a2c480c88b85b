import type { Id, StashId, StashIds } from '../../model/fields.ts';
import { fieldOf } from '../../model/kinds.ts';
import { sameValue } from '../../model/records.ts';
import type { WrittenKind } from './entry.ts';
import { isInput } from './entry.ts';
import { entryOf } from './fields.ts';
import type { Item } from './item.ts';
import type { Run } from './run.ts';
import { sendUpdates, updateOf } from './updates.ts';

/** The smallest part of a value that a server takes or refuses: an alias, an address, a custom field. */
interface Element {
  /** What it is called: the alias itself, a custom field's name, the number of a tag. */
  key: string;
  value: unknown;
}

/** Takes a value apart, and puts it together again. */
interface Divisible {
  apart: (value: unknown) => Element[];
  together: (elements: readonly Element[]) => unknown;
}

const list: Divisible = {
  apart: (value) =>
    ((value ?? []) as (string | Id)[]).map((one) => ({ key: String(one), value: one })),
  together: (elements) => elements.map(({ value }) => value),
};

const keyed: Divisible = {
  apart: (value) => Object.entries(value ?? {}).map(([key, one]) => ({ key, value: one })),
  together: (elements) => Object.fromEntries(elements.map(({ key, value }) => [key, value])),
};

/** Several may be of one endpoint. */
const stashIds: Divisible = {
  apart: (value) =>
    Object.entries((value ?? {}) as StashIds).flatMap(([endpoint, ids]) =>
      ids.map((one) => ({ key: `${endpoint} ${one.stashId}`, value: { endpoint, one } })),
    ),
  together: (elements) => {
    const ids: { [endpoint: string]: StashId[] } = {};
    for (const { value } of elements) {
      const { endpoint, one } = value as { endpoint: string; one: StashId };
      ids[endpoint] = [...(ids[endpoint] ?? []), one];
    }
    return ids;
  },
};

const divisible: { readonly [shape: string]: Divisible } = {
  names: list,
  urls: list,
  refs: list,
  groups: keyed,
  subGroups: keyed,
  customFields: keyed,
  stashIds,
};

const divisibleOf = (kind: WrittenKind, field: string): Divisible | undefined =>
  isInput(entryOf(kind, field)) ? divisible[fieldOf(kind, field).shape] : undefined;

/** Whether a part of a field's value may be taken where another is refused. */
export const isDivisible = (kind: WrittenKind, field: string): boolean =>
  divisibleOf(kind, field) !== undefined;

/**
 * Writes as much of a field as the server takes: what it refused as a whole is halved, down to the elements that are the
 * reason. These stay as they are there, and are noted with what it said.
 */
export async function writeElements(run: Run, item: Item, field: string): Promise<void> {
  const { apart, together } = divisibleOf(item.kind, field) as Divisible;
  const had = new Map(apart(item.change.before[field]).map((one) => [one.key, one]));
  const wanted = apart(item.change.after[field]);
  // Two of one key (an address that is there twice) are told apart by their place.
  const taken = new Map<number, Element>();
  wanted.forEach(({ key }, i) => {
    const before = had.get(key);
    if (before) taken.set(i, before);
  });
  const wholeOf = (elements: ReadonlyMap<number, Element>) =>
    together([...elements].sort(([a], [b]) => a - b).map(([, element]) => element));
  const write = async (elements: ReadonlyMap<number, Element>) => {
    item.error = undefined;
    const piece = await updateOf(run, item, { [field]: wholeOf(elements) });
    if (piece) await sendUpdates(run, [piece]);
    return item.error === undefined;
  };
  const isRefused = () => item.error?.code === 'source.refused';
  const add = async (places: readonly number[]): Promise<void> => {
    if (places.length === 0 || (item.error && !isRefused())) return;
    const more = new Map(taken);
    for (const place of places) more.set(place, wanted[place] as Element);
    if (await write(more)) {
      for (const place of places) taken.set(place, wanted[place] as Element);
      return;
    }
    if (!isRefused()) return;
    if (places.length === 1) {
      item.leaveOut(field, (wanted[places[0] as number] as Element).key);
      return;
    }
    const half = Math.ceil(places.length / 2);
    await add(places.slice(0, half));
    await add(places.slice(half));
  };
  // What goes, goes before anything comes: that is never the reason.
  const isLess = taken.size < had.size;
  const open = wanted.flatMap((element, i) => (sameValue(taken.get(i), element) ? [] : [i]));
  item.error = undefined;
  if (isLess && !(await write(taken))) return;
  await add(open);
  if (item.error && !isRefused()) return;
  item.error = undefined;
  if (!(field in item.record)) item.wrote(field, wholeOf(taken));
}
