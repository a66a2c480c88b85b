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
  alignCover(merged, sides);
  alignAliases(merged, sides);
}

/** A gallery's cover is one of its images: one side chose it, the other took it out. */
function alignCover(merged: Map<string, Merged>, sides: Both): void {
  const [cover, images] = [merged.get('cover'), merged.get('images')];
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
function alignAliases(merged: Map<string, Merged>, { library, source }: Both): void {
  const [name, aliases] = [merged.get('name'), merged.get('aliases')];
  if (!name || !Array.isArray(aliases?.library)) return;
  const isOwn = (alias: string, of: unknown) => foldedName(alias) === foldedName(String(of));
  const hadIt = [library, source].some((side) =>
    (side.aliases as string[]).some((alias) => isOwn(alias, side.name)),
  );
  if (hadIt || name.questions.length > 0) return;
  const without = (names: unknown) =>
    (names as string[]).filter((alias) => !isOwn(alias, name.library));
  merged.set('aliases', {
    ...aliases,
    library: without(aliases.library),
    source: without(aliases.source),
    base: without(aliases.base),
  });
}
