import type { Differs } from '../library/differences.ts';
import type { Id } from '../model/fields.ts';
import type { LibraryId, Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';

/** What is to happen to a record in the library. */
type ActionHere = 'create' | 'update' | 'delete' | 'restore' | 'fold';
/** What is to happen to it at the source. */
type ActionThere = 'create' | 'update' | 'delete' | 'merge';

/** A field that both sides changed, differently. Values in library ids; `key` names an entry of a keyed field. */
interface PlannedConflict {
  field: string;
  key: string;
  base: unknown;
  library: unknown;
  source: unknown;
}

/**
 * What a plan says of one record. All values are in library ids. An item without any action only writes down what was
 * seen: values that both sides have by themselves, facts, a link.
 */
export interface PlanItem {
  kind: Kind;
  libraryId: LibraryId;
  /** Its number at the source; null where it is to be created there. */
  remoteId: Id | null;
  here: ActionHere | null;
  there: ActionThere | null;
  /** For people: matched by its oshash, gone from the source, … */
  why: string;
  /** The library's revision that this was decided on; null where the record is new. */
  revision: number | null;
  /** New values in the library, and those they replace. */
  library: Values;
  libraryBefore: Values;
  /** New values at the source, and those they replace. */
  source: Values;
  sourceBefore: Values;
  /** What both sides agree to once the library has its part, and what more once the source has its own. */
  base: Values;
  sourceBase: Values;
  /** The source's own facts: as it serves them (its ids), and as the library shows them where this source leads. */
  facts: Values | null;
  factsHere: Values;
  /** Hash of the source's record; null where it was not read. */
  seen: string | null;
  conflicts: PlannedConflict[];
  /** Fields and keys of open conflicts that settled themselves. */
  agreed: { field: string; key: string }[];
  /** A run was cut off while it wrote to this record; this is what the source has of it now. */
  cutOff?: Values;
  /** What both sides go on having differently when this was carried out, and why. */
  differs?: Differs;
  /** The source has it no more; it stays here. */
  absent?: boolean;
  /** The link goes, too. */
  forget?: boolean;
  /** `fold`, `merge`: the record that this one becomes part of. */
  into?: LibraryId;
  /** The number that the source had for it until now (a scene that was cleaned and found again). */
  formerId?: Id;
}

/** An item with nothing in it yet. */
export const emptyItem = (
  of: Pick<PlanItem, 'kind' | 'libraryId' | 'remoteId' | 'why'>,
): PlanItem => ({
  ...of,
  here: null,
  there: null,
  revision: null,
  library: {},
  libraryBefore: {},
  source: {},
  sourceBefore: {},
  base: {},
  sourceBase: {},
  facts: null,
  factsHere: {},
  seen: null,
  conflicts: [],
  agreed: [],
});

/** A revision that no record is at: the link stays marked as edited. */
export const never = -1;
