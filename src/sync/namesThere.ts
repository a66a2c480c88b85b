import type { LibraryId, Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { foldedName } from './merging/sets.ts';
import type { PlanFile } from './planFile.ts';
import type { PlanItem } from './planItem.ts';

/*
 * What a Stash has of a name at most once: so some records are told to it before others.
 */

/** Among tags and among studios, a Stash lets no name be another's alias. */
export const claiming: ReadonlySet<Kind> = new Set(['tag', 'studio']);

/**
 * Two that are one here, and that a source cannot be told to make one: there the other goes on by its name, which the one
 * may not have for an alias.
 */
export function withoutTaken(values: Values, taken: readonly string[] | undefined): Values {
  if (!taken || !Array.isArray(values.aliases)) return values;
  const names = new Set(taken.map(foldedName));
  const aliases = (values.aliases as string[]).filter((alias) => !names.has(foldedName(alias)));
  return { ...values, aliases };
}

/**
 * Records that give up a name or an alias which another, that is yet to be made, is to have: they go first. Not as if they had
 * been looked at: the rest of them comes in its turn.
 */
export function givingUpNames(plan: PlanFile, kind: Kind): PlanItem[] {
  const wanted = new Set<string>();
  for (const items of plan.items({ kind, there: 'create' })) {
    for (const { source } of items) for (const name of namesIn(source)) wanted.add(name);
  }
  if (wanted.size === 0) return [];
  const giving: PlanItem[] = [];
  for (const items of plan.items({ kind, there: 'update' })) {
    for (const item of items) {
      const { source, sourceBefore: before } = item;
      const kept = namesIn({ ...before, ...source });
      const isGiving = [...namesIn(before)].some((name) => wanted.has(name) && !kept.has(name));
      if (isGiving) giving.push({ ...item, here: null, revision: null });
    }
  }
  return giving;
}

/** Records that are to have an alias which is the name that another one is to have. */
export function aliasesThatAreNames(plan: PlanFile, kind: Kind): ReadonlySet<LibraryId> {
  const late = new Set<LibraryId>();
  if (!claiming.has(kind)) return late;
  const namesOf = new Map<string, LibraryId>();
  const each = (look: (item: PlanItem) => void) => {
    for (const there of ['create', 'update'] as const) {
      for (const items of plan.items({ kind, there })) for (const item of items) look(item);
    }
  };
  each(({ libraryId, source: { name } }) => {
    for (const one of namesIn({ name })) namesOf.set(one, libraryId);
  });
  if (namesOf.size === 0) return late;
  each(({ libraryId, source: { aliases } }) => {
    const isTaken = (name: string) => (namesOf.get(name) ?? libraryId) !== libraryId;
    if ([...namesIn({ aliases })].some(isTaken)) late.add(libraryId);
  });
  return late;
}

/** As a Stash tells them apart. Of a group the aliases are a text that claims no name. */
function namesIn({ name, aliases }: Values): Set<string> {
  const all = [name, ...(Array.isArray(aliases) ? aliases : [])];
  return new Set(all.flatMap((one) => (typeof one === 'string' ? [one.trim().toLowerCase()] : [])));
}
