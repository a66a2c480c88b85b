import { StowageError } from '../model/errors.ts';

/*
 * The two sides of a sync have one pair of names wherever people meet them: `library`, and the name of the source. Where any
 * source may be meant, `stash` says so.
 */

export const inSide = (side: 'library' | 'source', source: string): string =>
  side === 'library' ? 'in the library' : `in ${source}`;

/** The side that a person names where the source is known: `library`, the source's name, or `stash`. */
export function sideNamed(text: string, option: string, source: string): 'library' | 'stash' {
  if (text === 'library') return 'library';
  if (text === 'stash' || text === source) return 'stash';
  throw new StowageError('usage', `${option} ${text} names no side.`, {
    remedy: `Give ${option} library, or ${option} ${source}.`,
  });
}
