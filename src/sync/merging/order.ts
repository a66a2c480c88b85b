import { sameValue } from '../../model/records.ts';

/**
 * Puts distinct elements in order: that of the side that changed it, else the library's. What only the other side has
 * comes after what it follows there; without a base, at the end.
 */
export function mergeOrder(
  base: readonly string[] | undefined,
  library: readonly string[],
  source: readonly string[],
  kept: ReadonlySet<string>,
): string[] {
  const isBySource = base && isReordered(base, source) && !isReordered(base, library);
  const [leading, other] = isBySource ? [source, library] : [library, source];
  const merged = leading.filter((element) => kept.has(element));
  const placed = new Set(merged);
  let at = base ? 0 : merged.length;
  for (const element of other) {
    if (!kept.has(element)) continue;
    if (!placed.has(element)) merged.splice(at++, 0, element);
    else if (base) at = merged.indexOf(element) + 1;
  }
  return merged;
}

function isReordered(base: readonly string[], side: readonly string[]): boolean {
  const [had, has] = [new Set(base), new Set(side)];
  return !sameValue(
    base.filter((element) => has.has(element)),
    side.filter((element) => had.has(element)),
  );
}
