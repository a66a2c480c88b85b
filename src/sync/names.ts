import type { ClientBase } from 'pg';
import type { Source } from '../library/sources.ts';
import {
  idsIn,
  isLibraryId,
  type LibraryIds,
  libraryIds,
  type NamedIds,
  type SourceIds,
  sourceIds,
} from '../library/translate.ts';
import type { Id } from '../model/fields.ts';
import type { LibraryId, Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import type { Fresh, PlanFile } from './planFile.ts';

/** What a batch of records names, on either side: by its link, or by the one that this plan gives it. */
export interface Named {
  toLibrary: LibraryIds;
  toSource: SourceIds;
  /** By its link alone: what the numbers meant when something was agreed on in them. */
  before: LibraryIds;
}

export async function namedBy(
  client: ClientBase,
  source: Source,
  plan: PlanFile,
  records: readonly { kind: Kind; values: Values }[],
): Promise<Named> {
  const named: NamedIds = new Map();
  for (const { kind, values } of records) idsIn(kind, values, named);
  const [linked, linkedTo] = [
    await libraryIds(client, source, named),
    await sourceIds(client, source, named),
  ];
  const fresh = new Map<Kind, { to: Map<Id, Fresh>; from: Map<LibraryId, Id> }>();
  for (const [kind, ids] of named) {
    const numbers = [...ids].filter((id) => typeof id === 'number');
    fresh.set(kind, {
      to: plan.fresh(kind, numbers),
      from: plan.freshOf(kind, [...ids].filter(isLibraryId)),
    });
  }
  return {
    // What this plan says goes before a link: the number may have belonged to another record.
    toLibrary: {
      get: (kind, id) => {
        const to = fresh.get(kind)?.to.get(id);
        return to?.partOf ?? to?.libraryId ?? linked.get(kind, id);
      },
    },
    toSource: { get: (kind, id) => fresh.get(kind)?.from.get(id) ?? linkedTo.get(kind, id) },
    before: linked,
  };
}
