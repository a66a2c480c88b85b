import type { Concern, Touchable } from './concerns.ts';
import type { Mirrored } from './mirrored.ts';

/** By the name of a kind's own table: the tables whose rows belong to one of its records, and are kept by its id. */
export function ownedTables(
  tables: readonly Mirrored[],
  concerns: ReadonlyMap<string, readonly Concern[]>,
): Map<string, Mirrored[]> {
  const own = new Map<Touchable, string>();
  for (const [name, some] of concerns) {
    for (const { what, isItself } of some) if (isItself) own.set(what, name);
  }
  const owned = new Map<string, Mirrored[]>();
  for (const table of tables) {
    for (const { what, at, isItself } of concerns.get(table.name) ?? []) {
      const owner = own.get(what);
      if (isItself || owner === undefined || table.columns[at]?.name !== table.key) continue;
      owned.set(owner, [...(owned.get(owner) ?? []), table]);
    }
  }
  return owned;
}
