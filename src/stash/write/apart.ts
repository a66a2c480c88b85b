import { isDivisible, writeElements } from './elements.ts';
import { isInput } from './entry.ts';
import { entryOf } from './fields.ts';
import type { Item } from './item.ts';
import type { Run } from './run.ts';
import { sendUpdates, updateOf } from './updates.ts';

/**
 * One field that is refused keeps none of the others back: each is sent by itself. One that another stands in the way of
 * (an alias that is its own name so far) gets a second try. Of one that has elements, all are written that the server takes.
 */
export async function sendApart(run: Run, items: readonly Item[]): Promise<void> {
  for (const item of items) {
    if (item.error?.code !== 'source.refused' || item.remoteId === null) continue;
    let fields = inputsOf(item);
    if (fields.length === 0) continue;
    let refusal = item.error;
    for (let before = Infinity; fields.length > 1 && fields.length < before; ) {
      before = fields.length;
      for (const field of fields) {
        item.error = undefined;
        const piece = await updateOf(run, item, { [field]: item.change.after[field] });
        if (piece) await sendUpdates(run, [piece]);
        refusal = item.error ?? refusal;
      }
      fields = inputsOf(item);
    }
    for (const field of fields.filter((one) => isDivisible(item.kind, one))) {
      await writeElements(run, item, field);
      refusal = item.error ?? refusal;
    }
    fields = inputsOf(item);
    item.error = fields.length > 0 ? refusal : undefined;
    if (item.error?.code === 'source.refused') item.refuse(fields);
  }
}

/** The fields that an item is still to be given by the kind's own mutation. */
const inputsOf = ({ kind, fields }: Item): string[] =>
  fields.filter((field) => isInput(entryOf(kind, field)));
