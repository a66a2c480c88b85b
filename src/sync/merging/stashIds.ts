import type { Field, StashId, StashIds } from '../../model/fields.ts';
import { microseconds } from '../../model/instants.ts';
import { sameValue } from '../../model/records.ts';
import { plainBoxes } from '../../model/stashBoxes.ts';
import { mergeKeyed } from './keyed.ts';
import type { FieldOptions, Merged, Sides } from './sides.ts';
import type { Likeness } from './value.ts';

/**
 * Identities by stash-box, of which each side may write the address in its own way: each keeps it. When one was updated is
 * no disagreement of its own: a side that does not keep it agrees with any time, and of two times the later stands.
 */
export function mergeStashIds(field: Field, written: Sides, options: FieldOptions): Merged {
  const { boxes = plainBoxes } = options;
  const { base, library, source } = written as { [S in keyof Sides]: StashIds | undefined };
  const gathered = (ids: StashIds | undefined) => ids && boxes.gathered(ids);
  const sides = { base: gathered(base), library: gathered(library), source: gathered(source) };
  /** All ways in which a box is written, the library's first. */
  const ways = Map.groupBy(
    new Set([library, source, base].flatMap((ids) => Object.keys(ids ?? {}))),
    (endpoint) => boxes.of(endpoint),
  );
  const open = (box: string) =>
    [box, ...(ways.get(box) ?? [])].find((endpoint) => options.isOpen?.(endpoint));
  const called = (box: string) => open(box) ?? ways.get(box)?.[0] ?? box;
  const merged = mergeKeyed(field, sides, likeness, {
    ...options,
    isOpen: (box) => open(box) !== undefined,
    settle(box) {
      const [ours, theirs] = [sides.library?.[box], sides.source?.[box]];
      if (!sameIds(ours, theirs)) return options.settle?.(called(box)) ?? 'ask';
      return newest(ours) >= newest(theirs) ? 'library' : 'stash';
    },
  });
  const here = (ids: unknown) =>
    ids && boxes.respelled(ids as StashIds, library ?? {}, (box) => called(box));
  const there = (ids: unknown) =>
    ids &&
    boxes.respelled(
      ids as StashIds,
      source ?? {},
      (box) =>
        Object.keys(base ?? {}).find((endpoint) => boxes.of(endpoint) === box) ??
        boxes.spell(called(box)),
    );
  return {
    library: here(merged.library),
    source: there(merged.source),
    base: there(merged.base),
    unsent: there(merged.unsent),
    questions: merged.questions.map((question) => ({ ...question, key: called(question.key) })),
    agreed: merged.agreed.map(called),
  };
}

const likeness: Likeness = {
  same: (a, b) => {
    const [one, other] = [a, b] as (StashId[] | undefined)[];
    if (!one || !other) return one === other;
    return (
      sameIds(one, other) &&
      one.every(({ updatedAt }, i) => {
        const theirs = other[i]?.updatedAt;
        return updatedAt === undefined || theirs === undefined || updatedAt === theirs;
      })
    );
  },
  weight: (value) => (value === undefined ? 0 : 3),
};

const sameIds = (a: StashId[] | undefined, b: StashId[] | undefined): boolean =>
  sameValue(
    a?.map(({ stashId }) => stashId),
    b?.map(({ stashId }) => stashId),
  );

const newest = (ids: StashId[] | undefined): number =>
  Math.max(
    Number.NEGATIVE_INFINITY,
    ...(ids ?? []).flatMap(({ updatedAt }) => (updatedAt ? microseconds(updatedAt) : [])),
  );
