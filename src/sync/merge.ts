import type { Field } from '../model/fields.ts';
import type { Values } from '../model/held.ts';
import { fieldsOf, type Kind } from '../model/kinds.ts';
import { sameValue } from '../model/records.ts';
import type { Boxes } from '../model/stashBoxes.ts';
import { align } from './align.ts';
import { fitted } from './fitted.ts';
import { mergeCounter, mergeHistory } from './merging/histories.ts';
import { mergeKeyed } from './merging/keyed.ts';
import { mergeList } from './merging/lists.ts';
import { mergeRef } from './merging/ref.ts';
import { mergeNames, mergeRefs } from './merging/sets.ts';
import type { FieldOptions, Merged, Question, Side, Sides } from './merging/sides.ts';
import { mergeStashIds } from './merging/stashIds.ts';
import { mergeSubGroups } from './merging/subGroups.ts';
import { type MergedValue, mergeValue, plainly } from './merging/value.ts';
import { type Policy, policyFor, settledBy, type Times } from './policy.ts';

/**
 * Brings two sides' changes to a field together (design.md §1, §5.5). Values in library ids and canonical form, in and
 * out. Both sides must know the field; a fact is never merged, and throws.
 */
export function mergeField(field: Field, sides: Sides, options: FieldOptions = {}): Merged {
  const merged = merge(field, sides, options);
  return sameValue(merged.source, sides.source) ? { ...merged, unsent: merged.base } : merged;
}

function merge(field: Field, sides: Sides, options: FieldOptions): Merged {
  if (field.merge === 'fact')
    throw new TypeError('a fact is its source’s own, and is never merged');
  const hasBase = sides.base !== undefined;
  const whole = () => asWhole(mergeValue('', sides, hasBase, plainly(field.shape), options));
  if (options.isOpen?.('')) return whole();
  const { base, library, source } = sides as { [S in keyof Sides]: never };
  switch (field.shape) {
    case 'ref':
      return asWhole(mergeRef(sides, options));
    case 'refs':
      return { ...mergeRefs(base, library, source, options), questions: [], agreed: [] };
    case 'names':
      return united(mergeNames(base, library, source), source);
    case 'urls':
      return united(mergeList(base, library, source), source);
    case 'instants':
      return united(mergeHistory(base, library, source), source);
    case 'customFields':
    case 'groups':
      return mergeKeyed(field, sides, plainly(field.shape), options);
    case 'stashIds':
      return mergeStashIds(field, sides, options);
    case 'subGroups':
      return mergeSubGroups(field, sides, options);
    default:
      return field.merge === 'counter'
        ? united(mergeCounter(base, library, source), source)
        : whole();
  }
}

const asWhole = ({ question, isAgreed, ...merged }: MergedValue): Merged => ({
  ...merged,
  questions: question ? [question] : [],
  agreed: isAgreed ? [''] : [],
});

const united = (value: unknown, source: unknown): Merged => ({
  library: value,
  source: value,
  base: value,
  unsent: source,
  questions: [],
  agreed: [],
});

/** A field as it was before a change and after it, and as it is now. */
export interface Undoing {
  before: unknown;
  after: unknown;
  now: unknown;
}

/**
 * Takes a change back: the same merge, with what the change left as the base. What somebody changed since stays as it
 * is, and is told; the other keys of a keyed field, elements of a set and instants of a history still go back.
 */
export function undoField(
  field: Field,
  { before, after, now }: Undoing,
): { value: unknown; changedSince: readonly Question[] } {
  const { library, questions } = mergeField(field, { base: after, library: now, source: before });
  return { value: library, changedSince: questions };
}

/** A record on both sides, in library ids and canonical form. */
export interface RecordSides {
  /** What both agreed to. Undefined where they have only just met; a field that is absent here was never agreed to. */
  base: Values | undefined;
  library: Values;
  /** What the source tells; a field that it cannot tell is absent, and is neither merged nor written. */
  source: Values;
}

export interface MergeOptions {
  policy: Policy;
  /** For the policy `newest`; without them it asks. */
  times?: Times | undefined;
  /** Fields that nothing but a person changes in the library. */
  locked?: ReadonlySet<string> | undefined;
  /** Open questions: keys by field, '' for the field as a whole. */
  open?: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  /** What was sent to the source and came back otherwise (trimmed, say): such a value here is no change. */
  sent?: Values | undefined;
  /** Fields whose union closes a loop (hierarchy.ts): settled as a whole by the policy, or asked. */
  looping?: ReadonlyMap<string, 'settle' | 'ask'> | undefined;
  /** What that source can store at all; a value that it cannot is kept here, and not sent. */
  canHold?(field: string, value: unknown): boolean;
  /** As in `FieldOptions`. */
  boxes?: Boxes;
  stays?(element: string, on: Side): boolean;
}

interface Conflict extends Question {
  field: string;
}

/** New values by field; only what changes is named. */
interface Changes {
  library: Values;
  source: Values;
  /** What is agreed once both sides have their parts; of every field of `source`, were it as before. */
  base: Values;
  /**
   * What is agreed while the library has its part and the source not yet its own: what belongs into the transaction that
   * writes the library. It differs from `base` only in fields of `source`.
   */
  unsent: Values;
}

/** What becomes of a record. */
export interface MergedRecord extends Changes {
  /** Questions that were not open before. */
  conflicts: readonly Conflict[];
  /** Questions that stay open, with the values of today. */
  waiting: readonly Conflict[];
  /** Open questions on which the sides agree by themselves. */
  agreed: readonly { field: string; key: string }[];
}

/** Merges a record field by field. Applied, and merged again, it changes nothing. */
export function mergeRecord(kind: Kind, sides: RecordSides, options: MergeOptions): MergedRecord {
  const merged = new Map<string, Merged>();
  for (const [name, field] of fieldsOf[kind]) {
    if (field.merge === 'fact' || sides.source[name] === undefined) continue;
    const one = sidesOf(name, sides, options);
    if (!options.open?.has(name) && sameValue(one.library, one.source)) {
      if (sameValue(one.base, one.source)) continue;
      // As most fields of a record that both had before they met.
      if (one.base === undefined && !options.looping?.has(name)) {
        merged.set(name, united(one.source, one.source));
        continue;
      }
    }
    merged.set(name, mergeNamed(kind, name, field, one, options));
  }
  align(merged, sides);
  const changes: Changes = { library: {}, source: {}, base: {}, unsent: {} };
  const [conflicts, waiting]: [Conflict[], Conflict[]] = [[], []];
  const agreed: { field: string; key: string }[] = [];
  for (const [field, of] of merged) {
    const was = sidesOf(field, sides, options);
    note(changes.library, field, of.library, was.library);
    note(changes.source, field, of.source, was.source);
    // What goes to the source is agreed to anew, were it as before: `unsent` may have been written meanwhile.
    const isSent = Object.hasOwn(changes.source, field);
    note(changes.base, field, of.base, isSent ? undefined : was.base);
    note(changes.unsent, field, of.unsent, was.base);
    for (const question of of.questions) {
      const isOpen = options.open?.get(field)?.has(question.key);
      (isOpen ? waiting : conflicts).push({ field, ...question });
    }
    agreed.push(...of.agreed.map((key) => ({ field, key })));
  }
  return { ...changes, conflicts, waiting, agreed };
}

/** A field on both sides; what came back from the source otherwise than sent counts as what it has there. */
function sidesOf(name: string, record: RecordSides, { sent, locked }: MergeOptions): Sides {
  const [base, source] = [record.base?.[name], record.source[name]];
  const library = record.library[name];
  const isSent = base !== undefined && sent?.[name] !== undefined && sameValue(library, sent[name]);
  // A locked value goes to a source that changed it, as it is here.
  const isGiven = locked?.has(name) && !sameValue(base, source);
  if (!isSent || isGiven) return { base, library, source };
  return { base, library: sameValue(base, source) ? base : withDropped(base, library), source };
}

/**
 * A value as its source keeps it, with what that had no place for: now that it changed there, what was left out must not go
 * here, too.
 */
function withDropped(kept: unknown, sent: unknown): unknown {
  if (Array.isArray(sent)) return sent.length > (kept as unknown[]).length ? sent : kept;
  if (typeof sent !== 'object' || sent === null) return kept;
  const known = kept as { [key: string]: unknown };
  return Object.fromEntries(
    Object.entries(sent).map(([key, value]) => [
      key,
      Object.hasOwn(known, key) ? known[key] : value,
    ]),
  );
}

function mergeNamed(
  kind: Kind,
  name: string,
  field: Field,
  sides: Sides,
  options: MergeOptions,
): Merged {
  const open = options.open?.get(name);
  const settle = () => settledBy(policyFor(options.policy, kind, name), options.times);
  const fieldOptions: FieldOptions = {
    settle,
    stays: (element, on) => options.stays?.(element, on) ?? false,
    isOpen: (key) => open?.has(key) ?? false,
    ...(options.boxes && { boxes: options.boxes }),
  };
  const looping = options.looping?.get(name);
  const isLocked = options.locked?.has(name) && looping !== 'ask';
  // Whoever is right as a whole is the only one that changed anything. What is asked waits for its answer.
  const settled = isLocked ? 'library' : looping === 'settle' ? settle() : looping;
  const right = open?.has('') ? undefined : settled;
  const merged =
    right === 'ask'
      ? { ...sides, unsent: sides.base, questions: [{ key: '', ...sides }], agreed: [] }
      : mergeField(
          field,
          right ? { ...sides, base: right === 'library' ? sides.source : sides.library } : sides,
          fieldOptions,
        );
  return fitted(name, sides, merged, options);
}

function note(changes: Values, field: string, value: unknown, before: unknown): void {
  if (value !== undefined && !sameValue(value, before)) changes[field] = value;
}
