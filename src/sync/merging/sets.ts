import { byText, type FieldOptions, type Side } from './sides.ts';

interface MergedSet {
  library: unknown[];
  source: unknown[];
  base: unknown[];
  unsent: unknown[];
}

/** References: what was there, with all that either side added, without all that either removed. */
export function mergeRefs(
  base: readonly unknown[] | undefined,
  library: readonly unknown[],
  source: readonly unknown[],
  { stays }: FieldOptions,
): MergedSet {
  const [had, here, there] = [new Set(base), new Set(library), new Set(source)];
  const merged: MergedSet = { library: [], source: [], base: [], unsent: [] };
  for (const element of new Set([...had, ...here, ...there])) {
    const wasThere = had.has(element);
    const isMute = (side: Side, own: ReadonlySet<unknown>) =>
      !own.has(element) && (stays?.(String(element), side) ?? false);
    const [muteHere, muteThere] = [isMute('library', here), isMute('source', there)];
    if (muteHere && muteThere) continue;
    // A side that has no say about an element is taken to have left it as it was.
    const isHere = muteHere ? wasThere : here.has(element);
    const isThere = muteThere ? wasThere : there.has(element);
    const isAgreeable = wasThere || !(muteHere || muteThere);
    if (isThere && isAgreeable) merged.unsent.push(element);
    if (!isKept(base && wasThere, isHere, isThere)) continue;
    if (!muteHere) merged.library.push(element);
    if (!muteThere) merged.source.push(element);
    if (isAgreeable) merged.base.push(element);
  }
  for (const elements of Object.values(merged)) elements.sort(byText);
  return merged;
}

const isKept = (was: boolean | undefined, isHere: boolean, isThere: boolean): boolean => {
  if (was === undefined) return isHere || isThere;
  return isHere === was ? isThere : isHere;
};

/**
 * Names, where two that differ only in case are one name: where each side added it in its own way, the library's stands.
 * A side that has both keeps both.
 */
export function mergeNames(
  base: readonly string[] | undefined,
  library: readonly string[],
  source: readonly string[],
): string[] {
  const merged = mergeRefs(base, library, source, {}).library as string[];
  const [here, there] = [library, source].map((names) => Map.groupBy(names, foldedName));
  return [...Map.groupBy(merged, foldedName)]
    .flatMap(([name, written]) => {
      const [ours, theirs] = [here?.get(name) ?? [], there?.get(name) ?? []];
      const isTwice = written.length > 1 && ours.length === 1 && theirs.length === 1;
      return isTwice ? ours : written;
    })
    .sort(byText);
}

/** What a record's own names are compared by: Stash refuses two that differ only in case. */
export const foldedName = (name: string): string => name.toLowerCase();
