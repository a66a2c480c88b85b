import type { Field, StashId } from '../../model/fields.ts';
import { microseconds } from '../../model/instants.ts';
import { sameValue } from '../../model/records.ts';
import { mergeKeyed } from './keyed.ts';
import type { FieldOptions, Merged, Sides } from './sides.ts';
import type { Likeness } from './value.ts';

/**
 * Identities by stash-box. When one was updated is no disagreement of its own: a side that does not keep it agrees with
 * any time, and of two times the later stands.
 */
export function mergeStashIds(field: Field, sides: Sides, options: FieldOptions): Merged {
  const at = (side: unknown, endpoint: string) =>
    (side as { [endpoint: string]: StashId[] })[endpoint];
  return mergeKeyed(field, sides, likeness, {
    ...options,
    settle(endpoint) {
      const [ours, theirs] = [at(sides.library, endpoint), at(sides.source, endpoint)];
      if (!sameIds(ours, theirs)) return options.settle?.(endpoint) ?? 'ask';
      return newest(ours) >= newest(theirs) ? 'library' : 'stash';
    },
  });
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
