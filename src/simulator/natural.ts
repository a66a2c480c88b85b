/** A key that sorts texts as Stash's NATURAL_CI does: ignoring case, runs of digits by their value. */
export const natural = (text: string | null): string | null =>
  text?.toUpperCase().replace(/\d+/g, (digits) => digits.padStart(12, '0')) ?? null;
