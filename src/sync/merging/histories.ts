import type { Instant } from '../../model/fields.ts';
import { microseconds } from '../../model/instants.ts';
import { mergedCounts } from './counting.ts';

/** Plays and Os: a multiset of instants. */
export function mergeHistory(
  base: readonly Instant[] | undefined,
  library: readonly Instant[],
  source: readonly Instant[],
): Instant[] {
  const merged: Instant[] = [];
  for (const [at, times] of mergedCounts(base, library, source)) {
    for (let i = 0; i < times; i++) merged.push(at);
  }
  return merged.sort(byMoment);
}

const byMoment = (a: Instant, b: Instant): number => {
  if (a.length === b.length) return a < b ? -1 : a > b ? 1 : 0;
  return microseconds(a) - microseconds(b);
};

/**
 * A sum that both sides go on counting: what each of them added, added. Two sides that read the same may still both
 * have counted, so whoever was cut off between sending and writing down has to find out what arrived before merging.
 */
export function mergeCounter(base: number | undefined, library: number, source: number): number {
  if (base === undefined) return Math.max(library, source);
  // Not by the sum where only one side moved: 0.1 + 0.3 - 0.1 is not 0.3.
  if (library === base) return source;
  if (source === base) return library;
  return Math.max(0, library + source - base);
}
