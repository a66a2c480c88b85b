import { tableOf } from '../library/layout.ts';
import { idsIn, isLibraryId, type NamedIds } from '../library/translate.ts';
import type { LibraryId, Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import type { Planning } from './planning.ts';

/** Those of the records that some values name that were deleted in the library, and stay so. */
export async function deletedAmong(
  { client, plan, source }: Pick<Planning, 'client' | 'plan' | 'source'>,
  kind: Kind,
  all: readonly Values[],
): Promise<ReadonlySet<LibraryId>> {
  const named: NamedIds = new Map();
  for (const values of all) idsIn(kind, values, named);
  const deleted = new Set<LibraryId>();
  for (const [target, some] of named) {
    if (target === 'file') continue; // which files it has is a source's own fact
    const { rows } = await client.query<{ id: LibraryId }>(
      `SELECT id FROM qar.${tableOf(target)} WHERE id = ANY ($1::uuid[]) AND deleted_at IS NOT NULL`,
      [[...some].filter(isLibraryId)],
    );
    for (const { id } of rows) deleted.add(id);
    if (source.standing === 'push') continue;
    // What the source has again is restored by this plan, and belongs to whatever names it there.
    const back = plan.freshOf(target, [...deleted]);
    for (const id of back.keys()) deleted.delete(id);
  }
  return deleted;
}
