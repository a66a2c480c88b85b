import type { ClientBase } from 'pg';
import { refusedCreations } from '../library/journal.ts';
import { labelsOf } from '../library/labels.ts';
import { refusals } from '../library/refusals.ts';
import type { Source } from '../library/sources.ts';
import type { LeftOut } from '../model/writing.ts';
import { andMore } from './counting.ts';
import type { Output } from './output.ts';

/** People look at so many; a machine gets all. */
const mostShown = 20;

/** `"Kim" `: which part of a field is meant. */
export const partOf = ({ key }: Pick<LeftOut, 'key'>): string => `${JSON.stringify(key)} `;

/** Names the parts of records that a source does not take, with what it said. */
export async function tellLeftOut(
  output: Output,
  client: ClientBase,
  source: Pick<Source, 'id'>,
): Promise<void> {
  const all = await refusals(client, source);
  for (const one of all) output.event('left-out', { ...one });
  const shown = all.slice(0, mostShown);
  for (const [kind, some] of Map.groupBy(shown, (one) => one.kind)) {
    const labels = await labelsOf(
      client,
      kind,
      some.map(({ libraryId }) => libraryId),
    );
    for (const { libraryId, field, why, ...part } of some) {
      const label = labels.get(libraryId) || libraryId;
      output.line(`${' '.repeat(10)}${kind} ${label}, ${field} ${partOf(part).trimEnd()}: ${why}`);
    }
  }
  if (all.length > shown.length) output.line(andMore(all.length - shown.length));
}

/** Names the records that were made here and that a source refused to make, with what it said. */
export async function tellRefused(
  output: Output,
  client: ClientBase,
  source: Pick<Source, 'id'>,
): Promise<void> {
  const refused = [...(await refusedCreations(client, source.id))];
  for (const [libraryId, one] of refused) output.event('refused', { libraryId, ...one });
  const shown = refused.slice(0, mostShown);
  for (const [kind, some] of Map.groupBy(shown, ([, one]) => one.kind)) {
    const ids = some.map(([libraryId]) => libraryId);
    const labels = await labelsOf(client, kind, ids);
    for (const [libraryId, { why }] of some) {
      const label = labels.get(libraryId) || libraryId;
      output.line(`${' '.repeat(10)}${kind} ${label}: ${why ?? 'no reason given'}`);
    }
  }
  const more = refused.length - shown.length;
  if (more > 0) output.line(andMore(more));
}
