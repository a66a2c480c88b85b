import type { Field } from '../../../src/model/fields.ts';
import { byText } from '../../../src/sync/merging/sides.ts';

/** What a person makes of a value: one small change. */
export function changed(
  field: Field,
  value: unknown,
  others: readonly string[],
  how: number,
): unknown {
  const pick = <T>(from: readonly T[]) => from[how % from.length] as T;
  switch (field.shape) {
    case 'ref':
      return pick([...others, null]);
    case 'refs':
      return others.length === 0
        ? undefined
        : toggled(value as string[], pick(others)).sort(byText);
    case 'names':
      return toggled(value as string[], pick(['a', 'A', 'b', 'new 1'])).sort(byText);
    case 'urls': {
      const urls = value as string[];
      return how % 3 === 0
        ? urls.toReversed()
        : how % 3 === 1
          ? urls.slice(1)
          : [...urls, pick(['u', 'v'])];
    }
    case 'instants': {
      const at = pick(['2021-01-01T00:00:00Z', '2022-01-01T00:00:00Z']);
      const times = value as string[];
      if (how % 5 > 0) return [...times, at].sort();
      const i = times.indexOf(at);
      return i < 0 ? undefined : times.toSpliced(i, 1);
    }
    case 'stashIds':
      return withEntry(
        value,
        pick(['e', 'f']),
        how % 4 === 0 ? undefined : [{ stashId: pick(['1', '2', '3']) }],
      );
    case 'groups':
      return others.length === 0
        ? undefined
        : withEntry(value, pick(others), pick([undefined, null, 1, 2]));
    case 'subGroups':
      return others.length === 0 ? undefined : moved(value as SubGroups, pick(others), how);
    case 'customFields':
      return withEntry(value, pick(['k', '__proto__']), pick([undefined, 1, 2, '', null]));
    case 'date':
      return pick([null, '2018', '2018-05-06', '2019-01-01']);
    case 'picture':
      return pick([null, 'one', 'two']);
    case 'flag':
      return !value;
    case 'integer':
    case 'real':
      return field.merge === 'counter'
        ? (value as number) + pick([1, 2, 0.5])
        : pick([null, 0, 1, 2]);
    case 'document':
      return pick([null, { q: 'a' }, { q: 'b' }]);
    default:
      return pick(['', 'a', 'b', ' c ']);
  }
}

/** A value with one more element, or entry; undefined where there is none to add. */
export function extended(field: Field, value: unknown, others: readonly string[], how: number) {
  const pick = <T>(from: readonly T[]) => from[how % from.length] as T;
  const added = field.target ? pick(others) : pick(['u', 'v', 'w']);
  if (added === undefined) return undefined;
  switch (field.shape) {
    case 'refs':
    case 'names':
      return [...new Set([...(value as string[]), added])].sort(byText);
    case 'urls':
      return [...(value as string[]), added];
    case 'instants':
      return [
        ...(value as string[]),
        pick(['2021-01-01T00:00:00Z', '2022-01-01T00:00:00Z']),
      ].sort();
    case 'stashIds':
      return { [added]: [{ stashId: '1' }], ...(value as object) };
    case 'groups':
    case 'customFields':
      return { [added]: 1, ...(value as object) };
    case 'subGroups': {
      const position = Object.keys(value as object).length;
      return { [added]: { position, description: '' }, ...(value as object) };
    }
    default:
      return undefined;
  }
}

const toggled = (elements: readonly string[], one: string) =>
  elements.includes(one) ? elements.filter((other) => other !== one) : [...elements, one];

export const withEntry = (value: unknown, key: string, entry: unknown) =>
  Object.fromEntries([
    ...Object.entries(value as object).filter(([other]) => other !== key),
    ...(entry === undefined ? [] : [[key, entry] as const]),
  ]);

type SubGroups = { [id: string]: { position: number; description: string } };

function moved(value: SubGroups, id: string, how: number): SubGroups {
  const order = Object.entries(value)
    .sort(([, a], [, b]) => a.position - b.position)
    .map(([other, { description }]) => [other, description] as const);
  const left = order.filter(([other]) => other !== id);
  if (how % 4 > 0) left.splice(how % (left.length + 1), 0, [id, how % 3 === 0 ? 'x' : '']);
  return Object.fromEntries(
    left.map(([other, description], position) => [other, { position, description }]),
  );
}
