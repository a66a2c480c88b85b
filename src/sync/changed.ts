import type { Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { type MergeOptions, mergeRecord } from './merge.ts';

/** Did the library change a record since both sides agreed? As a merge with a source that did not would say. */
export const isChangedHere = (
  kind: Kind,
  base: Values,
  library: Values,
  options: Pick<MergeOptions, 'stays' | 'boxes'>,
): boolean =>
  isFilled(mergeRecord(kind, { base, library, source: base }, { policy: {}, ...options }).source);

/** Did the source? What it tells besides what was agreed on is no change. */
export function isChangedThere(
  kind: Kind,
  base: Values,
  source: Values,
  options: Pick<MergeOptions, 'stays' | 'boxes'>,
): boolean {
  const told = Object.entries(source).filter(([field]) => base[field] !== undefined);
  const sides = { base, library: base, source: Object.fromEntries(told) };
  return isFilled(mergeRecord(kind, sides, { policy: {}, ...options }).library);
}

const isFilled = (values: Values): boolean => Object.keys(values).length > 0;
