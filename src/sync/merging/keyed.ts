import type { Field } from '../../model/fields.ts';
import { byText, type FieldOptions, type Merged, type Side, type Sides } from './sides.ts';
import { type Likeness, type MergedValue, mergeValue } from './value.ts';

interface Entries {
  [key: string]: unknown;
}

/** Each key as a value; what is asked concerns its key only. */
export function mergeKeyed(
  field: Field,
  sides: Sides,
  likeness: Likeness,
  options: FieldOptions,
): Merged {
  const { base, library, source } = sides as { [S in keyof Sides]: Entries | undefined };
  const keys = new Set([base, library, source].flatMap((entries) => Object.keys(entries ?? {})));
  const merged = [...keys].sort(byText).map((key) => {
    const entry = { base: own(base, key), library: own(library, key), source: own(source, key) };
    const one = field.target
      ? mergeLink(key, entry, base !== undefined, likeness, options)
      : mergeValue(key, entry, base !== undefined, likeness, options);
    return [key, one] as const;
  });
  const side = (of: 'library' | 'source' | 'base' | 'unsent') =>
    Object.fromEntries(
      merged.flatMap(([key, one]) => (one[of] === undefined ? [] : [[key, one[of]]])),
    );
  return {
    library: side('library'),
    source: side('source'),
    base: side('base'),
    unsent: side('unsent'),
    questions: merged.flatMap(([, { question }]) => question ?? []),
    agreed: merged.flatMap(([key, { isAgreed }]) => (isAgreed ? key : [])),
  };
}

/** An entry whose key names a record, which may be gone on a side. */
function mergeLink(
  key: string,
  { base, library, source }: Sides,
  hasBase: boolean,
  likeness: Likeness,
  options: FieldOptions,
): MergedValue {
  const isMute = (side: Side, value: unknown) =>
    value === undefined && (options.stays?.(key, side) ?? false);
  const [muteHere, muteThere] = [isMute('library', library), isMute('source', source)];
  if (muteHere && muteThere) {
    return { library: undefined, source: undefined, base: undefined, unsent: undefined };
  }
  const sides = {
    base,
    library: muteHere ? base : library,
    source: muteThere ? base : source,
  };
  const one = mergeValue(key, sides, hasBase, likeness, options);
  if (!muteHere && !muteThere) return one;
  return {
    ...one,
    library: muteHere ? undefined : one.library,
    source: muteThere ? undefined : one.source,
    base: one.base === undefined ? undefined : base,
    unsent: one.unsent === undefined ? undefined : base,
  };
}

const own = (entries: Entries | undefined, key: string): unknown =>
  entries && Object.hasOwn(entries, key) ? entries[key] : undefined;
