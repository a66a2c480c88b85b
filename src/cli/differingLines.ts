import type { Differing, Lasting } from '../library/differences.ts';
import type { Source } from '../library/sources.ts';
import { kindWord } from '../model/counted.ts';

/** What differs and stays so, a sentence for each reason: `status`, `sync`, `verify` and what is only shown say the same. */
export function differingLines(
  differing: readonly Differing[],
  { name, deletions, writes }: Pick<Source, 'name' | 'deletions' | 'writes'>,
): string[] {
  const of = (why: Lasting) => differing.filter((one) => one.why === why);
  const records = (some: readonly Differing[]) =>
    some.map(({ kind, count }) => `${counted(count)} ${kindWord(kind, count)}`).join(', ');
  const fields = (some: readonly Differing[]) =>
    some
      .map(({ kind, field, count }) => `${field} of ${counted(count)} ${kindWord(kind, count)}`)
      .join(', ');
  const why = writes ? `deletions=${deletions}` : 'nothing is written there';
  const sentences: { [W in Lasting]: (some: readonly Differing[]) => string } = {
    deleted: (some) => `Deleted here, and kept in ${name} (${why}): ${records(some)}.`,
    part: (some) =>
      `Part of another record here, and still beside it in ${name}: ${records(some)}.`,
    gone: (some) =>
      `Otherwise for naming a record that only one side has deleted: ${fields(some)}.`,
    missing: (some) => `Otherwise for naming a record that ${name} does not have: ${fields(some)}.`,
    place: (some) => `${name} has no place for: ${fields(some)}.`,
    other: (some) => `Otherwise in ${name}: ${fields(some)}.`,
  };
  return Object.entries(sentences).flatMap(([reason, sentence]) => {
    const some = of(reason as Lasting);
    return some.length > 0 ? [sentence(some)] : [];
  });
}

const counted = (count: number): string => count.toLocaleString('en');
