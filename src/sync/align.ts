import type { Values } from '../model/held.ts';
import { foldedName } from './merging/sets.ts';
import type { Merged } from './merging/sides.ts';

interface Both {
  library: Values;
  source: Values;
}

/**
 * Two fields of a record may each be merged well and still not go together: each side changed one of them. Stash would
 * refuse such a record as a whole.
 */
export function align(merged: Map<string, Merged>, sides: Both): void {
  if (merged.size === 0) return;
  alignCover(merged, sides);
  alignAliases(merged, sides);
}

/** A gallery's cover is one of its images: one side chose it, the other took it out. */
function alignCover(merged: Map<string, Merged>, sides: Both): void {
  const [cover, images] = [current('cover', merged, sides), current('images', merged, sides)];
  if (!cover || !images || cover.questions.length > 0) return;
  const isInside = (id: unknown, side: 'library' | 'source') =>
    id === null || (images[side] as unknown[]).includes(id);
  if (isInside(cover.library, 'library') && isInside(cover.source, 'source')) return;
  const value =
    [sides.library.cover, sides.source.cover].find(
      (id) => isInside(id, 'library') && isInside(id, 'source'),
    ) ?? null;
  merged.set('cover', { ...cover, library: value, source: value, base: value });
}

/** A name is no alias of its own: one side renamed the record, the other noted the new name as an alias. */
function alignAliases(merged: Map<string, Merged>, sides: Both): void {
  const [name, aliases] = [current('name', merged, sides), current('aliases', merged, sides)];
  if (!name || !Array.isArray(aliases?.library)) return;
  const isOwn = (alias: string, of: unknown) => foldedName(alias) === foldedName(String(of));
  // Some servers allow it; one that does not says so (model/writing.ts: `LeftOut`).
  const allows = ({ name: before, aliases: own }: Values) =>
    (own as string[]).some((alias) => isOwn(alias, before));
  if (allows(sides.library) || allows(sides.source)) return;
  const clashing = (side: 'library' | 'source') =>
    (aliases[side] as string[]).filter((alias) => isOwn(alias, name[side]));
  const [here, there] = [clashing('library'), clashing('source')];
  const both = [...here, ...there];
  if (both.length === 0) return;
  const without = (names: unknown, out: string[]) =>
    (names as string[] | undefined)?.filter((alias) => !out.includes(alias));
  merged.set('aliases', {
    ...aliases,
    library: without(aliases.library, here),
    source: without(aliases.source, there),
    base: without(aliases.base, both),
    unsent: without(aliases.unsent, both),
  });
}

/** What a field comes to; a field that nobody changed, what it is. */
function current(name: string, merged: Map<string, Merged>, { library, source }: Both) {
  const own = source[name];
  if (own === undefined) return undefined;
  const untouched = { library: library[name], source: own, base: own, unsent: own };
  return merged.get(name) ?? { ...untouched, questions: [], agreed: [] };
}
