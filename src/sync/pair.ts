import type { Differs } from '../library/differences.ts';
import type { Instant } from '../model/fields.ts';
import type { HeldRecord, Values } from '../model/held.ts';
import { microseconds } from '../model/instants.ts';
import { fieldsOf, type Kind } from '../model/kinds.ts';
import { sameValue } from '../model/records.ts';
import { sameField } from './compare.ts';
import { type Circumstances, differing } from './differing.ts';
import type { MergeOptions } from './merge.ts';
import { mergeRecord } from './merge.ts';
import { emptyItem, type PlanItem } from './planItem.ts';

/** One record as the source has it now. All values in library ids but `facts`. */
export interface SourceSide {
  /** What it tells, facts included; what it cannot tell is absent. */
  values: Values;
  /** Its facts, as it serves them. */
  facts: Values;
  seen: string;
}

/** A record of the source and one of the library that are the same, and what both agreed to before. */
export interface Pair {
  kind: Kind;
  item: Pick<PlanItem, 'kind' | 'libraryId' | 'remoteId' | 'why'>;
  source: SourceSide;
  held: HeldRecord;
  /** Undefined where they have only just met. */
  base: Values | undefined;
  link:
    | {
        seen: string;
        edited: boolean;
        facts: Values;
        absentSince: Instant | null;
        differs: Differs;
      }
    | undefined;
  /** Whether the library shows this source's facts: the first of those that have the record. */
  leads: boolean;
  /** What may be written to the source, and is wanted there. */
  writes: boolean;
  /** Whether what was seen is told by the same hash as what is there: GraphQL tells times in another zone, and so on. */
  isHashed: boolean;
  circumstances: Omit<Circumstances, 'isPending'>;
}

/**
 * What becomes of a pair: the fields that change on either side, and what is agreed then. Undefined where all is as it
 * was, so that nothing is to be written down either.
 */
export function planPair(pair: Pair, options: MergeOptions): PlanItem | undefined {
  const { kind, held, source, base, link, leads, writes } = pair;
  const item = emptyItem(pair.item);
  item.revision = held.revision;
  const merged = mergeRecord(kind, { base, library: held.values, source: source.values }, options);
  item.library = merged.library;
  item.libraryBefore = pick(held.values, merged.library);
  item.source = merged.source;
  item.sourceBefore = pick(source.values, merged.source);
  item.base = merged.unsent;
  item.sourceBase = pick(merged.base, merged.source);
  // What it kept otherwise than it was sent was changed here since, to what it keeps.
  for (const [field, sent] of Object.entries(options.sent ?? {})) {
    const isStale = !sameValue(held.values[field], sent) && !(field in item.source);
    if (isStale && base?.[field] !== undefined) item.base[field] ??= base[field];
  }
  item.conflicts = [...merged.conflicts, ...merged.waiting];
  item.agreed = [...merged.agreed];
  // Both sides have it: nobody asks any more whether it shall go.
  if (options.open?.has('')) item.agreed.push({ field: '', key: '' });
  if (leads) item.factsHere = newFacts(kind, held.values, source.values);
  if (held.deletedAt !== null) item.here = 'restore';
  else if (isFilled(item.library)) item.here = 'update';
  if (isFilled(item.source) && writes) item.there = 'update';
  item.facts = link ? newFacts(kind, link.facts, source.facts) : source.facts;
  item.seen = source.seen;
  const waits = isFilled(item.source) && !writes;
  const asked = new Set(item.conflicts.map(({ field }) => field));
  item.differs = differing(
    kind,
    {
      library: { ...held.values, ...merged.library },
      source: { ...source.values, ...merged.source },
      sent: options.sent ?? {},
    },
    {
      ...pair.circumstances,
      isPending: (field) => asked.has(field) || (waits && Object.hasOwn(merged.source, field)),
    },
  );
  const isNews =
    item.here !== null ||
    item.there !== null ||
    !link ||
    link.absentSince !== null || // it is back
    link.seen === '' || // it was never seen under this number, or not since it was written
    // Were it once more as it was seen last, that would be missed.
    (link.seen !== item.seen && pair.isHashed) ||
    isFilled(item.facts) ||
    merged.conflicts.length > 0 ||
    item.agreed.length > 0 ||
    isFilled(item.base) ||
    isFilled(item.factsHere) ||
    !sameValue(item.differs, link.differs) ||
    (link?.edited === true && !waits);
  return isNews ? item : undefined;
}

const pick = (from: Values, fields: Values): Values =>
  Object.fromEntries(Object.keys(fields).map((field) => [field, from[field]]));

/** A record that the library does not have yet: all that the source tells. */
export function planNew(
  of: Pick<PlanItem, 'kind' | 'libraryId' | 'remoteId' | 'why'>,
  source: SourceSide,
): PlanItem {
  const item = emptyItem(of);
  item.here = 'create';
  for (const [field, { merge }] of fieldsOf[of.kind]) {
    const value = source.values[field];
    if (value === undefined) continue;
    if (merge === 'fact') item.factsHere[field] = value;
    else {
      item.library[field] = value;
      item.base[field] = value;
    }
  }
  item.facts = source.facts;
  item.seen = source.seen;
  return item;
}

/** Facts that are told otherwise than before; what only one of two roads can tell of them is no difference. */
function newFacts(kind: Kind, before: Values, told: Values): Values {
  const facts: Values = {};
  for (const [name, field] of fieldsOf[kind]) {
    if (field.merge !== 'fact' || told[name] === undefined) continue;
    const [now, then] = [told[name], before[name]];
    // The library keeps instants without the zone that a source serves them in.
    const same =
      field.shape === 'instant' && typeof then === 'string'
        ? microseconds(now as Instant) === microseconds(then)
        : sameField(field, now, then);
    if (!same) facts[name] = now;
  }
  return facts;
}

const isFilled = (values: Values): boolean => Object.keys(values).length > 0;
