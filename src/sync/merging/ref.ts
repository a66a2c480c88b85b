import type { FieldOptions, Side, Sides } from './sides.ts';
import { type MergedValue, mergeValue, plainly } from './value.ts';

/** A reference to one record: a value, but for a record that is gone on a side. */
export function mergeRef(sides: Sides, options: FieldOptions): MergedValue {
  const { base, library, source } = sides;
  const isGone = (value: unknown, on: Side) =>
    value !== null && value !== undefined && (options.stays?.(String(value), on) ?? false);
  // A side that lost a record has no say about it: it is taken to have left the field as it was.
  const standing = (value: unknown, on: Side) =>
    value === null && isGone(base, on) ? base : value;
  const isSame = library === source;
  const one = mergeValue(
    '',
    isSame
      ? sides
      : { base, library: standing(library, 'library'), source: standing(source, 'source') },
    base !== undefined,
    plainly('ref'),
    options,
  );
  const isKept = (value: unknown, own: unknown, on: Side) => value !== own && isGone(value, on);
  const keptHere = isKept(one.library, library, 'library');
  const keptThere = isKept(one.source, source, 'source');
  // Nor is a record agreed to that one side cannot have: unless it was before.
  const unsent = isKept(one.unsent, library, 'library') ? base : one.unsent;
  if (!keptHere && !keptThere) return { ...one, unsent };
  return {
    library: keptHere ? library : one.library,
    source: keptThere ? source : one.source,
    base,
    unsent: base,
  };
}
