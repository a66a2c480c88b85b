import { StowageError } from '../model/errors.ts';
import type { Field, Instant, StashIds } from '../model/fields.ts';
import type { Values } from '../model/held.ts';
import { type FieldName, fieldsOf, type Kind } from '../model/kinds.ts';
import { sameValue } from '../model/records.ts';

/*
 * What a person may make of a record: what Stash would take, too. What is wrong already is no reason to refuse a change
 * of something else, so only fields that change are looked at, and only elements that come; and what they say together
 * with the others.
 */

/** @throws StowageError `usage` that says which value is wrong, and why. */
export function checkValues(kind: Kind, changes: Values, before: Values): void {
  const after = { ...before, ...changes };
  const wrong = (why: string) => {
    throw new StowageError('usage', `That cannot be: ${why}.`, { item: kind });
  };
  for (const [name, field] of fieldsOf[kind]) {
    if (!Object.hasOwn(changes, name)) continue;
    const value = changes[name];
    const why =
      byShape[field.shape]?.(added(value, before[name]) as never) ??
      checksOf(kind)[name]?.(value as never, after);
    if (why !== undefined) wrong(`${name} ${why}`);
  }
}

/** What of a value's elements or entries is new; any other value is. */
function added(value: unknown, before: unknown): unknown {
  if (Array.isArray(value)) {
    const had = new Set(before as unknown[] | null);
    return value.filter((one) => !had.has(one));
  }
  if (typeof value !== 'object' || value === null) return value;
  const had = (before ?? {}) as { [key: string]: unknown };
  return Object.fromEntries(
    Object.entries(value).filter(([key, one]) => !sameValue(one, had[key])),
  );
}

type Check = (value: never, record: Values) => string | undefined;
type Checks = { readonly [field: string]: Check | undefined };

const byShape: { readonly [S in Field['shape']]?: (value: never) => string | undefined } = {
  integer: (value: number | null) =>
    value === null || Number.isSafeInteger(value) ? undefined : 'is a whole number',
  date: (value: string | null) =>
    value === null || isDate(value)
      ? undefined
      : 'is a day, a month or a year: 2018-05-06, 2018-05 or 2018',
  // To Stash the first instant of all is none: it takes it, and can no longer serve the scene.
  instants: (value: Instant[]) =>
    value.some((one) => Date.parse(one) <= Date.parse('0001-01-01T00:00:00Z'))
      ? 'are later than the beginning of the year 1'
      : undefined,
  names: noneIsBlank,
  urls: noneIsBlank,
  stashIds: (value: StashIds) => {
    for (const [endpoint, ids] of Object.entries(value)) {
      if (!/^https?:\/\/./.test(endpoint)) {
        return `are named by the address of a stash-box, as https://stashdb.org/graphql, not ${endpoint}`;
      }
      if (ids.some(({ stashId }) => stashId.trim() === '')) return 'are not empty';
    }
    return undefined;
  },
  customFields: (value: object) =>
    Object.keys(value).some((name) => name !== name.trim() || name === '' || name.length > 64)
      ? 'have names of 1 to 64 letters, without spaces around them'
      : undefined,
};

function noneIsBlank(value: readonly string[]): string | undefined {
  return value.some((one) => one.trim() === '') ? 'are not empty' : undefined;
}

const notBlank = (value: string) => (value.trim() === '' ? 'may not be empty' : undefined);
const there = (value: unknown) => (value === null ? 'may not be empty' : undefined);
const atLeast = (least: number) => (value: number | null) =>
  value !== null && value < least ? `is ${least} or more` : undefined;
const rating = (value: number | null) =>
  value !== null && (value < 0 || value > 100) ? 'is a number from 0 to 100' : undefined;
const oneOf = (words: readonly string[]) => (value: string | null) =>
  value === null || words.includes(value) ? undefined : `is one of ${words.join(', ')}`;
const titled = (title: string, { files, folder }: Values) =>
  title.trim() === '' && (files as unknown[]).length === 0 && !folder
    ? 'may not be empty where there is no file'
    : undefined;
const required =
  <V>(check: (value: V) => string | undefined) =>
  (value: V | null): string | undefined =>
    there(value) ?? check(value as V);

const checks = {
  tag: { name: notBlank },
  studio: { name: notBlank, rating },
  performer: {
    name: notBlank,
    rating,
    gender: oneOf([
      ...['MALE', 'FEMALE', 'TRANSGENDER_MALE', 'TRANSGENDER_FEMALE', 'INTERSEX', 'NON_BINARY'],
    ]),
    circumcised: oneOf(['CUT', 'UNCUT']),
    height: atLeast(0),
    weight: atLeast(0),
    penisLength: atLeast(0),
  },
  group: { name: notBlank, rating, duration: atLeast(0) },
  image: { rating, oCounter: required(atLeast(0)) },
  gallery: {
    rating,
    title: titled,
    images: (_: unknown, { files, folder }) =>
      folder || (files as unknown[]).length > 0
        ? 'are those that lie in its folder or zip'
        : undefined,
    cover: (cover: unknown, { images }) =>
      cover === null || (images as unknown[]).includes(cover)
        ? undefined
        : 'is one of the gallery’s own images',
  },
  scene: { rating, title: titled, resumeTime: atLeast(0), playDuration: required(atLeast(0)) },
  marker: {
    seconds: (start: number | null, { endSeconds: end }) =>
      required(atLeast(0))(start) ??
      (typeof end === 'number' && Number(start) > end ? 'is not after its end' : undefined),
    endSeconds: (end: number | null, { seconds }) =>
      end !== null && end < Number(seconds) ? 'is not before its start' : undefined,
    primaryTag: there,
    scene: there,
  },
  chapter: { gallery: there, imageIndex: required(atLeast(1)) },
  file: {},
  savedFilter: {
    name: notBlank,
    mode: oneOf([
      ...['SCENES', 'SCENE_MARKERS', 'PERFORMERS', 'STUDIOS', 'TAGS', 'GROUPS', 'MOVIES'],
      ...['GALLERIES', 'IMAGES'],
    ]),
  },
} satisfies { [K in Kind]: { [F in FieldName<K>]?: Check } };

const checksOf = (kind: Kind): Checks => checks[kind];

/** What a new record must be given. Images and files come into being with what is on a disk. */
export const neededFor: { readonly [K in Kind]?: readonly FieldName<K>[] } = {
  tag: ['name'],
  studio: ['name'],
  performer: ['name'],
  group: ['name'],
  gallery: ['title'],
  scene: ['title'],
  marker: ['scene', 'seconds', 'primaryTag'],
  chapter: ['gallery', 'imageIndex'],
  savedFilter: ['mode', 'name'],
};

const isDate = (text: string): boolean =>
  /^\d{4}(-\d\d(-\d\d)?)?$/.test(text) && isDay(`${text}-01-01`.slice(0, 10));

/** `2020-02-29`, but not `2021-02-29`. */
export function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
