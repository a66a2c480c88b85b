import { heldFields } from '../library/heldRecords.ts';
import { storedFields } from '../library/layout.ts';
import { linksOf, linksTo } from '../library/links.ts';
import type { Id } from '../model/fields.ts';
import { concerns, type OtherForm, outOfForms, writtenWith } from '../model/forms/otherForm.ts';
import type { Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import type { SourceSide } from './pair.ts';
import type { PlanItem } from './planItem.ts';
import type { Planning } from './planning.ts';

/** Records of a source that has some of their fields in another form, in the library's. */
export async function inLibraryForm(
  { client, source, plan, known }: Planning,
  kind: Kind,
  forms: readonly OtherForm[],
  sides: ReadonlyMap<Id, SourceSide>,
): Promise<Map<Id, SourceSide>> {
  const ids = [...sides.keys()];
  const fresh = plan.fresh(kind, ids);
  const linked = await linksOf(client, source, kind, ids);
  const libraryIdOf = (id: Id) => (fresh.get(id) ?? linked.get(id))?.libraryId ?? '';
  const here = ids.map(libraryIdOf).filter((id) => id !== '');
  // One that has only moved was known under another number.
  const links = await linksTo(client, source, kind, here);
  const fields = storedFields[kind].filter(({ name }) =>
    forms.some((one) => concerns(one, [name])),
  );
  const held = await heldFields(client, kind, here, fields);
  return new Map(
    [...sides].map(([id, side]) => {
      const libraryId = libraryIdOf(id);
      const agreed = [links.get(libraryId)?.base, held.get(libraryId)?.values];
      const values = outOfForms(
        forms,
        side.values,
        agreed.filter((one) => one !== undefined),
      );
      known.add(kind, values);
      return [id, { ...side, values }];
    }),
  );
}

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
