import { heldFields } from '../library/heldRecords.ts';
import { storedFields } from '../library/layout.ts';
import { linksOf, linksTo } from '../library/links.ts';
import { concernsUrls, withAccounts, writtenWith } from '../model/accounts.ts';
import type { Id } from '../model/fields.ts';
import type { Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import type { SourceSide } from './pair.ts';
import type { PlanItem } from './planItem.ts';
import type { Planning } from './planning.ts';

/** Performers of a source that has their accounts among their urls, with these as accounts again. */
export async function withAccountsThere(
  { client, source, plan, known }: Planning,
  sides: ReadonlyMap<Id, SourceSide>,
): Promise<Map<Id, SourceSide>> {
  const kind = 'performer';
  const ids = [...sides.keys()];
  const fresh = plan.fresh(kind, ids);
  const linked = await linksOf(client, source, kind, ids);
  const here = new Map(
    ids.flatMap((id) => {
      const found = fresh.get(id) ?? linked.get(id);
      return found ? [[id, found.libraryId] as const] : [];
    }),
  );
  // One that has only moved was known under another number.
  const links = await linksTo(client, source, kind, [...here.values()]);
  const held = await heldFields(client, kind, [...here.values()], concerned);
  return new Map(
    [...sides].map(([id, side]) => {
      const libraryId = here.get(id) ?? '';
      const values = withAccounts(
        side.values,
        ...[links.get(libraryId)?.base, held.get(libraryId)?.values].filter(
          (one) => one !== undefined,
        ),
      );
      known.add(kind, values);
      return [id, { ...side, values }];
    }),
  );
}

const concerned = storedFields.performer.filter(({ name }) => concernsUrls('performer', [name]));

/** What is written together with some fields is told with them, as the source has it. */
export function noteTogether(
  kind: Kind,
  item: Pick<PlanItem, 'source' | 'sourceBefore'>,
  there: Values,
): void {
  for (const field of writtenWith(kind, Object.keys(item.source))) {
    if (there[field] !== undefined) item.sourceBefore[field] ??= there[field];
  }
}
