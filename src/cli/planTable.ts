import type { ClientBase } from 'pg';
import { inOneLine, labelsOf } from '../library/labels.ts';
import { kindWord } from '../model/counted.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { fieldOf, type Kind } from '../model/kinds.ts';
import type { PlanCount, PlanFile } from '../sync/planFile.ts';
import type { PlanItem } from '../sync/planItem.ts';
import { placeOf, valuesOf, valueWords } from './conflicts/words.ts';
import { andMore } from './counting.ts';
import type { Output } from './output.ts';
import { type Names, namesIn } from './records/names.ts';
import { changeWords, inShort } from './records/words.ts';
import { inSide } from './sides.ts';

/** What a plan would do, or a run did: a line for each kind, side and action. */
export function tellCounts(output: Output, counts: readonly PlanCount[], source: string): void {
  for (const { kind, side, action, count } of counts) {
    const direction = side === 'library' ? `${source} → library` : `library → ${source}`;
    const number = count.toLocaleString('en').padStart(9);
    output.line(`${number} ${kindWord(kind, count).padEnd(14)} ${action.padEnd(8)} ${direction}`);
  }
}

const mostShown = 100;

/** The records that a plan changes, with their fields; or only those that it changes at the source. */
export async function tellItems(
  output: Output,
  client: ClientBase,
  plan: PlanFile,
  source: string,
  { onlyThere }: { onlyThere: boolean } = { onlyThere: false },
): Promise<void> {
  let shown = 0;
  let left = 0;
  // What the plan itself makes has no name in the library yet.
  const made = new Map<LibraryId, string>();
  for (const items of plan.items({ changing: true })) {
    // Of a library that comes whole there are very many: those that are shown name each other at most.
    for (const { here, libraryId, library } of shown < mostShown ? items : []) {
      const label = inOneLine(String(library.name ?? library.title ?? ''));
      if (here === 'create' && label) made.set(libraryId, label);
    }
    for (const item of items) {
      if (onlyThere && item.there === null) continue;
      output.event('item', { ...item });
      if (++shown > mostShown) left++;
      else await tellItem(output, client, item, source, made);
    }
  }
  if (left > 0) output.line(andMore(left));
}

async function tellItem(
  output: Output,
  client: ClientBase,
  item: PlanItem,
  source: string,
  made: Names,
): Promise<void> {
  const { kind, remoteId, libraryId, here, there, why, conflicts } = item;
  const asked = conflicts.map((conflict) => ({ ...conflict, kind }));
  const values = [item.libraryBefore, item.library, item.sourceBefore, item.source];
  values.push(...asked.flatMap(valuesOf));
  const names = new Map([...made, ...(await namesIn(client, kind, values))]);
  const label = made.get(libraryId) ?? (await labelsOf(client, kind, [libraryId])).get(libraryId);
  const number = remoteId === null ? '' : ` (${remoteId})`;
  const what = [
    here && `${here} ${inSide('library', source)}`,
    there && `${there} ${inSide('source', source)}`,
  ]
    .filter(Boolean)
    .join(', ');
  output.line(`${kind} ${label || libraryId}${number}  ${what}${why ? `  (${why})` : ''}`);
  if (here === 'update') tellFields(output, '←', kind, item.libraryBefore, item.library, names);
  if (there === 'update') tellFields(output, '→', kind, item.sourceBefore, item.source, names);
  for (const conflict of asked) {
    const [ours, theirs] = [conflict.library, conflict.source].map((value) =>
      valueWords({ conflict, names }, value),
    );
    output.line(`  ? ${placeOf({ conflict, names })}: library ${ours}, ${source} ${theirs}`);
  }
}

function tellFields(
  output: Output,
  mark: string,
  kind: Kind,
  before: Values,
  after: Values,
  names: Names,
): void {
  for (const [name, value] of Object.entries(after)) {
    const field = fieldOf(kind, name);
    const words =
      before[name] === undefined
        ? `unknown → ${inShort(field, value, names)}`
        : changeWords(field, before[name], value, names);
    output.line(`  ${mark} ${name}: ${words}`);
  }
}
