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
  const targets = [...named.keys()].filter((target) => target !== 'file'); // which files it has is a source's own fact
  if (targets.length === 0) return new Set();
  const { rows } = await client.query<{ id: LibraryId }>(
    targets
      .map(
        (target, i) =>
          `SELECT id FROM qar.${tableOf(target)} WHERE id = ANY ($${i + 1}::uuid[]) AND deleted_at IS NOT NULL`,
      )
      .join(' UNION ALL '),
    targets.map((target) => [...(named.get(target) ?? [])].filter(isLibraryId)),
  );
  const deleted = new Set(rows.map(({ id }) => id));
  if (deleted.size === 0 || source.standing === 'push') return deleted;
  // What the source has again is restored by this plan, and belongs to whatever names it there.
  for (const target of targets) {
    for (const id of plan.freshOf(target, [...deleted]).keys()) deleted.delete(id);
  }
  return deleted;
}
