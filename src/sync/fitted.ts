import type { Field } from '../model/fields.ts';
import { sameValue } from '../model/records.ts';
import type { Entries } from './merging/keyed.ts';
import type { Merged, Sides } from './merging/sides.ts';

/**
 * What comes of a field at a source that cannot store every value: what it cannot stays here, and is not sent; both
 * sides agree to what the source has. Of a keyed field the entries that it can store still go there.
 */
export function fitted(
  name: string,
  { shape, merge }: Field,
  { source }: Sides,
  merged: Merged,
  { canHold }: { canHold?(field: string, value: unknown): boolean },
): Merged {
  if (!canHold || sameValue(merged.source, source) || canHold(name, merged.source)) return merged;
  if (merge === 'keyed' && shape !== 'subGroups') {
    const of = (side: unknown, key: string) => {
      const entries = side as Entries;
      return Object.hasOwn(entries, key) ? [[key, entries[key]] as const] : [];
    };
    const keys = Object.keys({ ...(source as Entries), ...(merged.source as Entries) });
    const fits = (key: string) => {
      const entry = Object.fromEntries(of(merged.source, key));
      return sameValue(entry, Object.fromEntries(of(source, key))) || canHold(name, entry);
    };
    const unfit = new Set(keys.filter((key) => !fits(key)));
    const there = keys.flatMap((key) => of(unfit.has(key) ? source : merged.source, key));
    const all = Object.keys({ ...(merged.base as Entries), ...(merged.unsent as Entries) });
    const base = all.flatMap((key) => of(unfit.has(key) ? merged.unsent : merged.base, key));
    const held = Object.fromEntries(there);
    if (canHold(name, held)) return { ...merged, source: held, base: Object.fromEntries(base) };
  }
  return { ...merged, source, base: merged.unsent };
}
