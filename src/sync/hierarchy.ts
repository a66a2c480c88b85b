import type { Field } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';

/** Fields by which records of a kind stand above others of it: no record may come to stand above itself. */
export const hierarchies: { readonly [K in Kind]?: string } = {
  tag: 'parents',
  studio: 'parent',
  group: 'subGroups',
};

/** What a value of such a field points to. */
export function edgesOf(field: Field, value: unknown): LibraryId[] {
  if (value === null || value === undefined) return [];
  if (field.shape === 'ref') return [String(value)];
  return field.shape === 'refs' ? (value as unknown[]).map(String) : Object.keys(value as object);
}

/** Where each record points to. */
export type Edges = (id: LibraryId) => readonly LibraryId[];

/** Would an edge from one record to another close a loop? */
export function closesLoop(edges: Edges, from: LibraryId, to: LibraryId): boolean {
  const reached = new Set([to]);
  for (const id of reached) {
    if (id === from) return true;
    for (const next of edges(id)) reached.add(next);
  }
  return false;
}

/** What the edges of a record become on either side. */
export interface EdgesAfter {
  library: readonly LibraryId[];
  source: readonly LibraryId[];
}

/**
 * Merges whose union closes a loop, on either side: they are settled as a whole by the policy (one side's edges for
 * both), and where that still leaves a loop, asked. Both ends of a loop are concerned, for neither alone is at fault.
 *
 * `edges` tells what each side has now, of all records of the kind; `merge` what a record of `ids` gets: plainly merged,
 * settled, or left alone. A loop that a side has already is not ours to break.
 */
export function untangle(
  ids: Iterable<LibraryId>,
  edges: { library: Edges; source: Edges },
  merge: (id: LibraryId, how: 'plain' | 'settle' | 'ask') => EdgesAfter,
): Map<LibraryId, 'settle' | 'ask'> {
  const after = new Map([...ids].map((id) => [id, merge(id, 'plain')]));
  const looping = new Map<LibraryId, 'settle' | 'ask'>();
  const closing = (id: LibraryId) =>
    (['library', 'source'] as const).some((side) => {
      const had = new Set(edges[side](id));
      const then: Edges = (of) => after.get(of)?.[side] ?? edges[side](of);
      return then(id).some((to) => !had.has(to) && closesLoop(then, id, to));
    });
  for (;;) {
    const found = [...after.keys()].filter((id) => looping.get(id) !== 'ask' && closing(id));
    if (found.length === 0) return looping;
    for (const id of found) {
      const how = looping.has(id) ? 'ask' : 'settle';
      looping.set(id, how);
      after.set(id, merge(id, how));
    }
  }
}
