import { inOneLine } from '../../library/labels.ts';
import type { Field, StashIds, SubGroup } from '../../model/fields.ts';
import type { LibraryId } from '../../model/held.ts';
import type { Fingerprint } from '../../model/kinds.ts';
import { jsonText, sameValue } from '../../model/records.ts';
import type { Names } from './names.ts';

/** A value in words, one line for each of its parts: names for records, and nothing for none. */
export function valueLines({ shape }: Field, value: unknown, names: Names): string[] {
  if (value === null || value === undefined || value === '') return [];
  const name = (id: LibraryId) => names.get(id) ?? id;
  switch (shape) {
    case 'text':
      return String(value).split('\n');
    case 'flag':
      return value ? ['true'] : [];
    case 'ref':
      return [name(String(value))];
    case 'refs':
    case 'names': {
      const parts = (value as string[]).map((one) => (shape === 'refs' ? name(one) : one));
      return parts.length > 0 ? [parts.sort((a, b) => a.localeCompare(b)).join(', ')] : [];
    }
    case 'files':
      return (value as string[]).map(name);
    case 'urls':
    case 'instants':
      return [...(value as string[])];
    case 'groups':
      return Object.entries(value as { [id: string]: number | null }).map(
        ([id, index]) => `${name(id)}${index === null ? '' : `, scene ${index}`}`,
      );
    case 'subGroups':
      return Object.entries(value as { [id: string]: SubGroup })
        .sort(([, a], [, b]) => a.position - b.position)
        .map(
          ([id, { position, description }]) =>
            `${position + 1}. ${name(id)}${description ? `: ${description}` : ''}`,
        );
    case 'stashIds':
      return Object.entries(value as StashIds).flatMap(([endpoint, ids]) =>
        ids.map(({ stashId }) => `${endpoint} ${stashId}`),
      );
    case 'customFields':
      return Object.entries(value as object).map(
        ([key, one]) => `${key}: ${typeof one === 'string' ? one : jsonText(one)}`,
      );
    case 'document':
      return documentLines(value);
    default:
      return [String(value)];
  }
}

function documentLines(value: unknown): string[] {
  if (Array.isArray(value)) {
    return value.map((one) => {
      const { type, value: print } = one as Fingerprint;
      return type !== undefined && print !== undefined ? `${type} ${print}` : jsonText(one);
    });
  }
  const path = (value as { path?: unknown }).path;
  return [typeof path === 'string' ? path : jsonText(value)];
}

/** The same in one line, cut where it is long. */
export function inShort(field: Field, value: unknown, names: Names, length = 56): string {
  const text = inOneLine(valueLines(field, value, names).join(', '));
  if (text === '') return field.shape === 'flag' ? 'false' : 'nothing';
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** What a change made of a value: what was added and taken away where there are several, else before and after. */
export function changeWords(field: Field, before: unknown, after: unknown, names: Names): string {
  const short = (value: unknown) => inShort(field, value, names);
  const some = (value: unknown) => inShort(field, value, names, 200);
  if (Array.isArray(after) || Array.isArray(before)) {
    const [had, has] = [(before ?? []) as unknown[], (after ?? []) as unknown[]];
    const added = less(has, had);
    const gone = less(had, has);
    if (added.length + gone.length === 0) return `${short(before)} → ${short(after)}`;
    return signed(added.length > 0 && some(added), gone.length > 0 && some(gone));
  }
  if (field.merge === 'keyed') {
    const [had, has] = [(before ?? {}) as Entries, (after ?? {}) as Entries];
    const changed = Object.entries(has).filter(([key, one]) => !sameValue(one, had[key]));
    const gone = Object.entries(had).filter(([key]) => !Object.hasOwn(has, key));
    return signed(
      changed.length > 0 && some(Object.fromEntries(changed)),
      gone.length > 0 && some(Object.fromEntries(gone)),
    );
  }
  return `${short(before)} → ${short(after)}`;
}
type Entries = { [key: string]: unknown };

const signed = (added: string | false, gone: string | false): string =>
  [added && `+ ${added}`, gone && `− ${gone}`].filter(Boolean).join('  ');

/** As multisets: equal instants count each. */
function less(list: readonly unknown[], other: readonly unknown[]): unknown[] {
  const left = [...other];
  return list.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
