import { idsIn, isLibraryId, naming } from '../library/translate.ts';
import type { LibraryId, Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';

/** Kinds that are created at the source where something there needs them. */
export const creatable: ReadonlySet<Kind> = new Set(['tag', 'studio', 'performer', 'group']);

/** What a record is nothing without; of a saved filter all that it names, or it would find something else. */
const needed: { [K in Kind]?: readonly string[] } = {
  marker: ['scene', 'primaryTag'],
  chapter: ['gallery'],
  savedFilter: ['mode', 'objectFilter'],
};

/** Whether a record cannot be told to a source, as it needs one that the source has no place for. */
export function lacksNeeded(
  kind: Kind,
  values: Values,
  has: (target: Kind, id: LibraryId) => boolean,
): boolean {
  const own = Object.fromEntries(
    (needed[kind] ?? []).flatMap((name) => (name in values ? [[name, values[name]]] : [])),
  );
  // In a filter whose mode is not among the values, an id is found under each kind that it may be of.
  const mayBe = new Map<LibraryId, Kind[]>();
  for (const [target, ids] of idsIn(kind, own)) {
    for (const id of ids) if (isLibraryId(id)) mayBe.set(id, [...(mayBe.get(id) ?? []), target]);
  }
  return [...mayBe].some(([id, targets]) => !targets.some((target) => has(target, id)));
}

/**
 * The values with only those references that a source has a place for. A single one that it has none for is unknown to
 * it, and left out.
 */
export function withReferences(
  kind: Kind,
  values: Values,
  has: (target: Kind, id: LibraryId) => boolean,
): Values {
  const kept = { ...values };
  for (const [field, { shape, target }] of naming[kind]) {
    const value = values[field];
    if (value === undefined || value === null) continue;
    const isThere = (id: unknown) => has(target as Kind, id as LibraryId);
    switch (shape) {
      case 'ref':
        if (!isThere(value)) delete kept[field];
        break;
      case 'refs':
      case 'files':
        kept[field] = (value as LibraryId[]).filter(isThere);
        break;
      case 'groups':
      case 'subGroups':
        kept[field] = Object.fromEntries(Object.entries(value).filter(([id]) => isThere(id)));
    }
  }
  return kept;
}
