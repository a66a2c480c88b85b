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

/**
 * What the records name. `agreed` are those that were told when something was agreed on: of these it matters what their
 * numbers meant then, too.
 */
export async function namedBy(
  client: ClientBase,
  source: Source,
  plan: PlanFile,
  records: readonly { kind: Kind; values: Values }[],
  agreed: readonly { kind: Kind; values: Values }[] = [],
): Promise<Named> {
  const before: NamedIds = new Map();
  for (const { kind, values } of agreed) idsIn(kind, values, before);
  const named: NamedIds = new Map([...before].map(([kind, ids]) => [kind, new Set(ids)]));
  for (const { kind, values } of records) idsIn(kind, values, named);
  const fresh = new Map<Kind, { to: Map<Id, Fresh>; from: Map<LibraryId, Id> }>();
  const asked = before; // and what this plan does not say: of a source that is new, nothing
  for (const [kind, ids] of named) {
    const to = plan.fresh(
      kind,
      [...ids].filter((id) => typeof id === 'number'),
    );
    const from = plan.freshOf(kind, [...ids].filter(isLibraryId));
    fresh.set(kind, { to, from });
    const open = [...ids].filter((id) => (typeof id === 'number' ? !to.has(id) : !from.has(id)));
    if (open.length > 0) asked.set(kind, new Set([...(asked.get(kind) ?? []), ...open]));
  }
  const [linked, linkedTo] = [
    await libraryIds(client, source, asked),
    await sourceIds(client, source, asked),
  ];
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
