import type { Shape } from '../../model/fields.ts';
import { sameValue } from '../../model/records.ts';
import type { FieldOptions, Merged, Question, Sides } from './sides.ts';

/** What one value, or one entry of a keyed field, comes to. Undefined is an entry that is not there. */
export interface MergedValue extends Omit<Merged, 'questions' | 'agreed'> {
  question?: Question;
  /** An open question on which the sides agree by themselves. */
  isAgreed?: boolean;
}

/** How values of a field compare. */
export interface Likeness {
  same(a: unknown, b: unknown): boolean;
  /** How much a value says, without a base: the lighter gives way. 3 where it is not empty. */
  weight(value: unknown): number;
}

/**
 * A value: changed on one side, that side's; on both, differently, a question. Without a base what is empty gives way.
 */
export function mergeValue(
  key: string,
  sides: Sides,
  hasBase: boolean,
  likeness: Likeness,
  options: FieldOptions,
): MergedValue {
  const { base, library, source } = sides;
  const { same } = likeness;
  const isOpen = options.isOpen?.(key) ?? false;
  if (same(library, source)) {
    return { library, source, base: source, unsent: source, isAgreed: isOpen };
  }
  if (!isOpen) {
    const right = rightSide(key, sides, hasBase, likeness, options);
    if (right !== 'ask') {
      const value = right === 'library' ? library : source;
      return { library: value, source: value, base: value, unsent: source };
    }
  }
  return { ...sides, unsent: base, question: { key, ...sides } };
}

function rightSide(
  key: string,
  { base, library, source }: Sides,
  hasBase: boolean,
  { same, weight }: Likeness,
  { settle }: FieldOptions,
) {
  if (hasBase) {
    if (same(base, library)) return 'stash';
    if (same(base, source)) return 'library';
  } else {
    const [ours, theirs] = [weight(library), weight(source)];
    if (ours !== theirs) return ours > theirs ? 'library' : 'stash';
    const trimmed = sameButForSpaces(library, source);
    if (trimmed !== undefined) return library === trimmed ? 'library' : 'stash';
  }
  return settle?.(key) ?? 'ask';
}

/** Some servers trim what others keep, which is no disagreement: the trimmed one of two texts that are else the same. */
function sameButForSpaces(library: unknown, source: unknown): string | undefined {
  if (typeof library !== 'string' || typeof source !== 'string') return undefined;
  const trimmed = library.trim();
  const isOne = trimmed === source.trim() && [library, source].includes(trimmed);
  return isOne ? trimmed : undefined;
}

/** Values of a field as they are. */
export const plainly = (shape: Shape): Likeness => ({
  same: sameValue,
  weight(value) {
    if (value === undefined) return 0;
    if (value === null) return 1;
    if (typeof value === 'object') return Object.keys(value).length === 0 ? 2 : 3;
    // A real number's 0 is what Stash starts from (a resume time); an integer's (a rating) was chosen.
    return value === '' || value === false || (shape === 'real' && value === 0) ? 2 : 3;
  },
});
