import type { ClientBase } from 'pg';
import { labelsOf } from '../../library/labels.ts';
import { idsIn, isLibraryId, type NamedIds } from '../../library/translate.ts';
import type { LibraryId, Values } from '../../model/held.ts';
import type { Kind } from '../../model/kinds.ts';

/** What people know the records by that some values name. */
export type Names = ReadonlyMap<LibraryId, string>;

export async function namesIn(
  client: ClientBase,
  kind: Kind,
  values: readonly Values[],
): Promise<Names> {
  const named: NamedIds = new Map();
  for (const some of values) idsIn(kind, some, named);
  const names = new Map<LibraryId, string>();
  for (const [target, ids] of named) {
    const labels = await labelsOf(client, target, [...ids].filter(isLibraryId));
    for (const [id, label] of labels) names.set(id, label || id);
  }
  return names;
}
