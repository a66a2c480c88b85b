/** One number that a benchmark found. */
export interface Measurement {
  what: string;
  value: number;
  unit: 's' | 'ms' | 'MB' | '×' | '/s' | 'records';
  /** What the project holds itself to, for the full size: at most that much, or (`least`) at least. */
  limit?: number;
  least?: boolean;
}

interface BenchOptions {
  /** A size that shows that the benchmark runs, in seconds; its numbers mean nothing. */
  short: boolean;
  signal: AbortSignal;
}

/** What a file `bench/NAME.bench.ts` exports as `bench`: gives its numbers one by one, as it has them. */
export type Bench = (options: BenchOptions) => AsyncIterable<Measurement>;

export const meets = ({ value, limit, least }: Measurement): boolean =>
  limit === undefined || (least ? value >= limit : value <= limit);
