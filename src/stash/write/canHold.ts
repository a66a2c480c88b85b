import { formsAt } from '../../model/forms/otherForm.ts';
import type { Kind } from '../../model/kinds.ts';
import type { SourceProfile } from '../../model/reading.ts';
import type { LeftOut } from '../../model/writing.ts';
import { servedAs, type Words, type WrittenKind, wordsOf } from './entry.ts';
import { entryOf } from './fields.ts';

/**
 * Whether a source can be made to hold this value in this field: not what it lacks or does not let be written, not a
 * partial date before v0.30, and so on. What it cannot hold is no difference to it.
 */
export function canHold(
  profile: SourceProfile,
  kind: Kind,
  field: string,
  value: unknown,
): boolean {
  const form = formsAt(profile, kind).find(({ former }) => former.includes(field));
  if (form) return form.holds(value);
  return kind !== 'file' && holds(wordsFor(profile, kind), kind, field, value);
}

export function holds(words: Words, kind: WrittenKind, field: string, value: unknown): boolean {
  const entry = entryOf(kind, field);
  if (entry === undefined || entry === 'fact') return false;
  if ('picture' in entry) return value !== null || entry.clears;
  if ('apart' in entry) return entry.holds(value as never, words);
  return servedAs(entry, words) !== undefined && (entry.holds?.(value as never, words) ?? true);
}

/** What of a value a server has no place for though it holds the rest. */
export function leftOf(
  words: Words,
  kind: WrittenKind,
  field: string,
  value: unknown,
  before: unknown,
): LeftOut[] {
  const entry = entryOf(kind, field);
  if (typeof entry !== 'object' || !('leaves' in entry) || !entry.leaves) return [];
  const left = entry.leaves(value as never, words, before as never);
  return left.map((one) => ({ field, ...one }));
}

const known = new WeakMap<SourceProfile, Map<WrittenKind, Words>>();

/** Asked for every value of every record: kept with the profile. */
function wordsFor(profile: SourceProfile, kind: WrittenKind): Words {
  let words = known.get(profile);
  if (!words) {
    words = new Map();
    known.set(profile, words);
  }
  let ofKind = words.get(kind);
  if (!ofKind) {
    ofKind = wordsOf(profile, kind);
    words.set(kind, ofKind);
  }
  return ofKind;
}
