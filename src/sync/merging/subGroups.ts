import type { Field, SubGroup } from '../../model/fields.ts';
import { sameValue } from '../../model/records.ts';
import { mergeKeyed } from './keyed.ts';
import { mergeOrder } from './order.ts';
import type { FieldOptions, Merged, Side, Sides } from './sides.ts';
import { plainly } from './value.ts';

type SubGroups = { [group: string]: SubGroup };
type Descriptions = { [group: string]: string };

/**
 * Sub-groups: which there are, and each one's description, by key; their order as a whole. Places count from 0 without
 * gaps, on each side among those that it has.
 */
export function mergeSubGroups(field: Field, sides: Sides, options: FieldOptions): Merged {
  const { base, library, source } = sides as { [S in keyof Sides]: SubGroups | undefined };
  const merged = mergeKeyed(
    field,
    { base: described(base), library: described(library), source: described(source) },
    plainly('text'),
    options,
  );
  const had = inOrder(base);
  // A side that has no say about a sub-group is taken to have left it in its place.
  const standing = (own: readonly string[], side: Side) =>
    mergeOrder([], own, had, new Set([...own, ...had.filter((id) => options.stays?.(id, side))]));
  const ours = standing(inOrder(library), 'library');
  const theirs = standing(inOrder(source), 'source');
  const order = mergeOrder(had, ours, theirs, new Set([...ours, ...theirs]));
  return {
    ...merged,
    library: placed(merged.library, order, library),
    source: placed(merged.source, order, source),
    base: placed(merged.base, order, base),
    unsent: placed(merged.unsent, [...theirs, ...order], base),
    questions: merged.questions.map(({ key }) => ({
      key,
      base: base?.[key],
      library: library?.[key],
      source: source?.[key],
    })),
  };
}

const described = (groups: SubGroups | undefined): Descriptions | undefined =>
  groups &&
  Object.fromEntries(Object.entries(groups).map(([id, { description }]) => [id, description]));

const inOrder = (groups: SubGroups | undefined): string[] =>
  Object.entries(groups ?? {})
    .sort(([, a], [, b]) => a.position - b.position)
    .map(([id]) => id);

/** In that order; as they were, gaps and all, where they are in it already. */
function placed(
  merged: unknown,
  order: readonly string[],
  before: SubGroups | undefined,
): SubGroups {
  const descriptions = merged as Descriptions;
  const ids = [...new Set(order)].filter((id) => Object.hasOwn(descriptions, id));
  const places = before && sameValue(ids, inOrder(before)) ? before : {};
  return Object.fromEntries(
    ids.map((id, i) => [
      id,
      { position: places[id]?.position ?? i, description: descriptions[id] as string },
    ]),
  );
}
