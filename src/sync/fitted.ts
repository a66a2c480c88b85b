import { sameValue } from '../model/records.ts';
import type { Merged, Sides } from './merging/sides.ts';

/**
 * What comes of a field at a source that cannot store the value: it stays here, and is not sent; both sides agree to what
 * the source has. Of elements and entries the source is sent what it takes (model/writing.ts: `LeftOut`).
 */
export function fitted(
  name: string,
  { source }: Sides,
  merged: Merged,
  { canHold }: { canHold?(field: string, value: unknown): boolean },
): Merged {
  if (!canHold || sameValue(merged.source, source) || canHold(name, merged.source)) return merged;
  return { ...merged, source, base: merged.unsent };
}
