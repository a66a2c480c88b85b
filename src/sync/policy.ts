import type { Instant } from '../model/fields.ts';
import { microseconds } from '../model/instants.ts';
import type { Kind } from '../model/kinds.ts';
import type { Settled } from './merging/sides.ts';

/** Who is right where both sides changed a field: `newest` is whose record changed last. */
export type PolicyWord = 'library' | 'stash' | 'newest' | 'ask';

/** How a source's conflicts are settled: by field (`scene.title`), by kind (`tag`), or all the others (`default`). */
export type Policy = { readonly [what: string]: PolicyWord };

export const policyWords: readonly PolicyWord[] = ['library', 'stash', 'newest', 'ask'];

/** The word for a field; with `field` '' for the record as a whole (deleted on one side, changed on the other). */
export const policyFor = (policy: Policy, kind: Kind, field: string): PolicyWord =>
  policy[`${kind}.${field}`] ?? policy[kind] ?? policy.default ?? 'library';

/** When the two sides' records last changed; null where that is not known. */
export interface Times {
  library: Instant | null;
  source: Instant | null;
}

/** What a policy's word comes to for one record. Of unknown times, or equal ones, nothing follows: it is asked. */
export function settledBy(word: PolicyWord, times: Times | undefined): Settled {
  if (word !== 'newest') return word;
  if (!times || times.library === null || times.source === null) return 'ask';
  const later = microseconds(times.library) - microseconds(times.source);
  return later > 0 ? 'library' : later < 0 ? 'stash' : 'ask';
}

/** Whether a policy needs to know when records were last changed. */
export const asksForTimes = (policy: Policy): boolean => Object.values(policy).includes('newest');
