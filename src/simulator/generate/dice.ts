import { randomFrom } from '../random.ts';

/** Chance that is the same for the same seed. */
export class Dice {
  readonly next: () => number;

  constructor(seed: number) {
    this.next = randomFrom(seed);
  }

  /** 0 … count - 1 */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** Some of the ids 1 … count, ascending, each once; the low ones more often, as tags are in real libraries. */
  some(count: number, of: number): number[] {
    const ids = new Set<number>();
    for (let i = 0; i < count; i += 1) ids.add(1 + Math.floor(of * this.next() ** 1.6));
    return of > 0 ? [...ids].sort((a, b) => a - b) : [];
  }

  hex(digits: number): string {
    let text = '';
    while (text.length < digits)
      text += this.below(2 ** 24)
        .toString(16)
        .padStart(6, '0');
    return text.slice(0, digits);
  }

  uuid(): string {
    const hex = this.hex(32);
    return [0, 8, 12, 16, 20, 32]
      .map((end, i, ends) => hex.slice(ends[i - 1] ?? 0, end))
      .slice(1)
      .join('-');
  }

  /** A signed 64-bit number; one in twenty small, so that its hexadecimal form is short. */
  int64(): bigint {
    if (this.chance(0.05)) return BigInt(this.below(2 ** 30));
    return BigInt.asIntN(64, BigInt(`0x${this.hex(16)}`));
  }
}

const start = Date.UTC(2019, 0, 1);

/** A server's time `minutes` after the beginning of 2019; some servers ran in another time zone for a while. */
export function timeAt(minutes: number): string {
  const utc = (ms: number) => new Date(ms).toISOString().slice(0, 19);
  const at = start + minutes * 60_000 + ((minutes * 7) % 60) * 1000;
  return minutes % 11 === 3 ? `${utc(at + 7_200_000)}+02:00` : `${utc(at)}Z`;
}

export const utcAt = (minutes: number): string =>
  `${new Date(start + minutes * 60_000).toISOString().slice(0, 19)}Z`;

export const dayAt = (days: number): string =>
  new Date(Date.UTC(1990, 0, 1) + days * 86_400_000).toISOString().slice(0, 10);
