import { jsonText } from '../model/records.ts';
import type { PlanCount, PlanFile } from '../sync/planFile.ts';
import { kindWord } from './counting.ts';
import type { Output } from './output.ts';

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
export function tellItems(
  output: Output,
  plan: PlanFile,
  { onlyThere }: { onlyThere: boolean } = { onlyThere: false },
): void {
  let shown = 0;
  let left = 0;
  for (const items of plan.items({ changing: true })) {
    for (const item of items) {
      const { kind, remoteId, libraryId, here, there, why, conflicts } = item;
      if (onlyThere && there === null) continue;
      output.event('item', { ...item });
      if (++shown > mostShown) {
        left++;
        continue;
      }
      const name = `${kind} ${remoteId ?? libraryId}`;
      const what = [here && `${here} here`, there && `${there} there`].filter(Boolean).join(', ');
      output.line(`${name}  ${what}${why ? `  (${why})` : ''}`);
      if (here === 'update') tellFields(output, '  ←', item.libraryBefore, item.library);
      if (there === 'update') tellFields(output, '  →', item.sourceBefore, item.source);
      for (const { field, key, library, source } of conflicts) {
        const place = [field || 'the record', key].filter(Boolean).join(' ');
        output.line(`  ? ${place}: library ${short(library)}, source ${short(source)}`);
      }
    }
  }
  if (left > 0) output.line(`… and ${left.toLocaleString('en')} more (--json lists them all).`);
}

function tellFields(
  output: Output,
  mark: string,
  before: { [field: string]: unknown },
  after: { [field: string]: unknown },
): void {
  for (const [field, value] of Object.entries(after)) {
    output.line(`${mark} ${field}: ${short(before[field])} → ${short(value)}`);
  }
}

function short(value: unknown): string {
  if (value === undefined) return 'unknown';
  const text = jsonText(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
