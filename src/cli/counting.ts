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

/** Where people are not shown all of a list. */
export const andMore = (count: number): string =>
  `… and ${count.toLocaleString('en')} more (--json lists them all).`;

/** `1 record`, `2,000 records`. */
export const several = (count: number, one: string, many: string): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
