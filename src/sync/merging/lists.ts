import { mergedCounts } from './counting.ts';
import { mergeOrder } from './order.ts';

/** Addresses in order, each as often as `mergedCounts` says. */
export function mergeList(
  base: readonly string[] | undefined,
  library: readonly string[],
  source: readonly string[],
): string[] {
  const kept = new Set<string>();
  for (const [element, times] of mergedCounts(base, library, source)) {
    for (let i = 0; i < times; i++) kept.add(occurrence(element, i));
  }
  return mergeOrder(base && numbered(base), numbered(library), numbered(source), kept).map((key) =>
    key.slice(key.indexOf(' ') + 1),
  );
}

const occurrence = (element: string, i: number) => `${i} ${element}`;

/** Each occurrence told from the others of the same element. */
function numbered(elements: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return elements.map((element) => {
    const i = seen.get(element) ?? 0;
    seen.set(element, i + 1);
    return occurrence(element, i);
  });
}
