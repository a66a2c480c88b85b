import type { Differs, Lasting } from '../library/differences.ts';
import type { StashIds } from '../model/fields.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { fieldsOf, type Kind } from '../model/kinds.ts';
import type { Boxes } from '../model/stashBoxes.ts';
import { isEmpty, sameField } from './compare.ts';
import { withReferences } from './projection.ts';

/** A record as both sides have it once a plan was carried out, in library ids. What the source does not tell is absent there. */
interface After {
  library: Values;
  source: Values;
  /** What was sent to the source and came back otherwise: agreed. */
  sent: Values;
}

/** What tells why two values differ. */
export interface Circumstances {
  /** What is asked, or waits to be sent, is no lasting difference: that is known elsewhere. */
  isPending(field: string): boolean;
  canHold(field: string, value: unknown): boolean;
  /** Whether the source has a record for one of the library's. */
  isThere(target: Kind, id: LibraryId): boolean;
  /** Deleted on one side only, where that does not travel. */
  isGone(id: LibraryId): boolean;
  /** A stash-box is one, however its address is written. */
  boxes: Boxes;
}

/** What both sides go on having differently, as a proof will find it, and why. */
export function differing(
  kind: Kind,
  { library, source, sent }: After,
  { isPending, canHold, isThere, isGone, boxes }: Circumstances,
): Differs {
  const differs: Differs = {};
  for (const [name, field] of fieldsOf[kind]) {
    const [here, there] = [library[name], source[name]];
    if (field.merge === 'fact' || here === undefined || isPending(name)) continue;
    if (there === undefined) {
      if (!isEmpty(here) && !canHold(name, here)) differs[name] = 'place';
      continue;
    }
    const isSame = (a: unknown, b: unknown) =>
      sameField(field, a, b) ||
      (field.shape === 'stashIds' &&
        sameField(field, boxes.gathered(a as StashIds), boxes.gathered(b as StashIds)));
    if (isSame(here, there)) continue;
    if (sent[name] !== undefined && isSame(here, sent[name])) continue;
    /** With only those references that are looked at; a single one that is not is none. */
    const among = (value: unknown, has: (target: Kind, id: LibraryId) => boolean) =>
      withReferences(kind, { [name]: value }, has)[name] ?? null;
    const seen = among(here, isThere);
    if (sameField(field, seen, there)) continue;
    const isEither = (_: Kind, id: LibraryId) => !isGone(id);
    const why = (): Lasting => {
      if (!canHold(name, here)) return 'place';
      if (sameField(field, among(seen, isEither), among(there, isEither))) return 'gone';
      return field.target && !sameField(field, seen, here) ? 'missing' : 'other';
    };
    differs[name] = why();
  }
  return differs;
}
