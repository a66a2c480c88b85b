import type { Boxes } from '../../model/stashBoxes.ts';

/** The two that a sync brings together. */
export type Side = 'library' | 'source';

/** Who is right where both sides changed something differently. */
export type Settled = 'library' | 'stash' | 'ask';

/** MergedValue field of a record, in library ids and canonical form. */
export interface Sides {
  /** As both sides last agreed; undefined where they never did: both had the record before they met. */
  base: unknown;
  library: unknown;
  source: unknown;
}

/** Something that both sides changed, differently. */
export interface Question {
  /** The entry of a keyed field; `''` for the field as a whole. */
  key: string;
  base: unknown;
  library: unknown;
  source: unknown;
}

/** What comes of a field. Applied, and merged again, it changes nothing. */
export interface Merged {
  /** What the library shall have; where nothing changes, what it has. */
  library: unknown;
  /** What the source shall have. */
  source: unknown;
  /** What both sides agree to once each has its part; undefined where they agree to nothing yet. */
  base: unknown;
  /**
   * What is agreed while the library has its part and the source has not (its writing is off, waits, or was cut off).
   * Merged from here, the source gets the same as now: no play and no second counts twice.
   */
  unsent: unknown;
  /** What is asked; both sides keep theirs, and the base stays. Those that were open before are among them. */
  questions: readonly Question[];
  /** Keys of open questions on which the sides agree by themselves. */
  agreed: readonly string[];
}

export interface FieldOptions {
  /** Who is right; without it everything is asked. `newest` is turned into one of these before (policy.ts). */
  settle?(key: string): Settled;
  /**
   * The record that a value names is gone on that side, and this does not travel: that side has no say about it, and
   * is not given it. What the other side has of it stays, and stays in the base.
   */
  stays?(element: string, on: Side): boolean;
  /** Which stash-box an address names, and how the source writes it. */
  boxes?: Boxes;
  /** A question that is open already: it is left alone unless the sides agree by themselves. */
  isOpen?(key: string): boolean;
}

/** Text in the order of its code units: the canonical order of names, keys and (as text) library ids. */
export const byText = (a: unknown, b: unknown): number => {
  const [left, right] = [String(a), String(b)];
  return left < right ? -1 : left > right ? 1 : 0;
};
