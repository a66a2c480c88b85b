/**
 * How often an element is there after both sides added and removed some: where both added it, the larger number, for it
 * is one event (or one address) seen twice; so where both removed it. Without a base: the larger.
 */
function mergeCounts(base: number | undefined, library: number, source: number): number {
  if (base === undefined) return Math.max(library, source);
  if (library > base && source > base) return Math.max(library, source);
  if (library < base && source < base) return Math.min(library, source);
  return library + source - base;
}

export function countsOf(elements: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const element of elements) counts.set(element, (counts.get(element) ?? 0) + 1);
  return counts;
}

/** The elements of all three, each with how often it is there in the end. */
export function mergedCounts(
  base: readonly string[] | undefined,
  library: readonly string[],
  source: readonly string[],
): Map<string, number> {
  const [had, here, there] = [base && countsOf(base), countsOf(library), countsOf(source)];
  const elements = new Set([...library, ...source]);
  return new Map(
    [...elements].map((element) => [
      element,
      mergeCounts(had && (had.get(element) ?? 0), here.get(element) ?? 0, there.get(element) ?? 0),
    ]),
  );
}
