import type { ClientBase } from 'pg';
import { labelsOf } from '../library/labels.ts';
import type { Source } from '../library/sources.ts';
import { unsentOf } from '../library/waiting.ts';
import { andMore } from './counting.ts';
import type { Output } from './output.ts';
import { inOneLine } from './records/names.ts';

/** People look at so many; a machine gets all. */
const mostShown = 20;

/** Before writing is switched on a plan says nothing of edits made here: which they are, marked as not sent. */
export async function tellUnsent(
  output: Output,
  client: ClientBase,
  source: Source,
): Promise<number> {
  const unsent = await unsentOf(client, source);
  for (const one of unsent) output.event('unsent', { ...one });
  const shown = unsent.slice(0, mostShown);
  for (const [kind, some] of Map.groupBy(shown, (one) => one.kind)) {
    const ids = some.map(({ libraryId }) => libraryId);
    const labels = await labelsOf(client, kind, ids);
    for (const { libraryId, remoteId } of some) {
      const label = inOneLine(labels.get(libraryId) ?? '') || libraryId;
      output.line(`${kind} ${label} (${remoteId})  edited here, not sent`);
    }
  }
  const more = unsent.length - shown.length;
  if (more > 0) output.line(andMore(more));
  return unsent.length;
}
