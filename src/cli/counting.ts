import { type Kind, kindNames } from '../model/kinds.ts';
import { plural } from '../model/vocabulary.ts';

/** Passes batches on, and tells a stage how many there were once each has been dealt with. */
export async function* counting<T>(
  batches: AsyncIterable<T[]>,
  stage: { advance(count: number): void },
): AsyncGenerator<T[]> {
  for await (const batch of batches) {
    yield batch;
    stage.advance(batch.length);
  }
}

export const sumOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0);

/** `20 scenes, 1 gallery`, without the kinds that there are none of. */
export function counted(counts: { readonly [K in Kind]?: number }): string {
  const parts = kindNames.flatMap((kind) => {
    const count = counts[kind] ?? 0;
    return count > 0 ? [`${count.toLocaleString('en')} ${kindWord(kind, count)}`] : [];
  });
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

/** Where people are not shown all of a list. */
export const andMore = (count: number): string =>
  `… and ${count.toLocaleString('en')} more (--json lists them all).`;

/** `gallery` of one, `galleries` of any other number. */
export const kindWord = (kind: Kind, count: number): string => {
  const many = plural[kind].replaceAll('_', ' ');
  if (count !== 1) return many;
  return many === 'galleries' ? 'gallery' : many.slice(0, -1);
};
