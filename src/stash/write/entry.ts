import type { Json, StashId, StashIds } from '../../model/fields.ts';
import type { Kind } from '../../model/kinds.ts';
import type { SourceProfile } from '../../model/reading.ts';
import type { LeftOut } from '../../model/writing.ts';

/** The kinds whose records can be written. A file is only ever read. */
export type WrittenKind = Exclude<Kind, 'file'>;

/** What a server can be told of records of a kind. */
export interface Words {
  /** Does it serve this field of them, undeprecated? */
  serves: (field: string) => boolean;
  /** Does it keep the time of a stash id? Since v0.28. */
  timesStashIds: boolean;
  /** Its database's schema number. */
  schema: number;
}

export type Input = { [name: string]: unknown };

/** A field that goes with others into the input of a kind's mutation. */
export interface Put<V, N extends string = string> {
  /** The names that versions serve it under: the server's own one tells that it has it, and is asked back. */
  answers: readonly string[];
  input: (value: V, words: Words, before: V | undefined) => { [name in N]?: unknown };
  /** Where not every value can be held. */
  holds?: (value: V, words: Words) => boolean;
  /** What of a value is not in its input, as the server has no place for it, and why. */
  leaves?: (value: V, words: Words, before: V | undefined) => Pick<LeftOut, 'key' | 'why'>[];
  /** It has no place in the input that makes a record, or is ignored there. */
  onlyLater?: true;
}

/** A picture, which goes into the input as a data: URL. The answer does not tell its checksum. */
export interface PutPicture<N extends string = string> {
  picture: N;
  /** Whether it can be taken away. */
  clears: boolean;
}

/** A field that has mutations of its own. */
interface Apart<V> {
  apart: true;
  holds: (value: V, words: Words) => boolean;
}

/** How a field is written, or that the server does not let it be. */
export type Entry<V, N extends string = string> = Put<V, N> | PutPicture<N> | Apart<V> | 'fact';

/** Whether it goes into the input of its kind's own mutation. */
export const isInput = (entry: Entry<never> | undefined): entry is Put<never> | PutPicture =>
  entry !== undefined && entry !== 'fact' && !('apart' in entry);

const typeOf: { [K in WrittenKind]: string } = {
  tag: 'Tag',
  studio: 'Studio',
  performer: 'Performer',
  group: 'Group',
  image: 'Image',
  gallery: 'Gallery',
  scene: 'Scene',
  marker: 'SceneMarker',
  chapter: 'GalleryChapter',
  savedFilter: 'SavedFilter',
};

export function wordsOf(profile: SourceProfile, kind: WrittenKind): Words {
  const type = kind === 'group' && !profile.types.Group ? 'Movie' : typeOf[kind];
  const served = new Set(profile.types[type]);
  return {
    serves: (field) => served.has(field),
    timesStashIds: profile.types.StashID?.includes('updated_at') ?? false,
    schema: profile.schema,
  };
}

/** Which of its names the server serves it under; undefined where it has not got it. */
export const servedAs = ({ answers }: Put<never>, words: Words): string | undefined =>
  answers.find(words.serves);

// How values go into an input. `input` names the place there, `answer` where the server serves it, if otherwise.

export const as = <N extends string, V>(input: N, answer: string = input): Put<V, N> => ({
  answers: [answer],
  input: (value) => ({ [input]: value }) as { [name in N]: unknown },
});

/** A name that may not be blank. */
export const name = <N extends string>(input: N): Put<string, N> => ({
  ...as(input),
  holds: (value) => value.trim() !== '',
});

/** GraphQL has integers of 32 bits. */
export const integer = <N extends string>(input: N): Put<number | null, N> => ({
  ...as(input),
  holds: (value) => value === null || (Number.isInteger(value) && Math.abs(value) < 2 ** 31),
});

/** A number that the server has one of in any case. */
export const duration = <N extends string>(input: N): Put<number, N> => ({
  ...as(input),
  holds: (value) => value >= 0,
  onlyLater: true,
});

/** `2020-05-06`; since v0.30 (75) also `2020-05` and `2020`. */
export const date = <N extends string>(input: N): Put<string | null, N> => ({
  ...as(input),
  holds: (value, { schema }) => {
    if (value === null) return true;
    if (!/^\d{4}(-\d\d(-\d\d)?)?$/.test(value) || (schema < 75 && value.length < 10)) return false;
    const first = `${value}-01-01`.slice(0, 10);
    const time = Date.parse(`${first}T00:00:00Z`);
    return !Number.isNaN(time) && new Date(time).toISOString().startsWith(first);
  },
});

export const word = <N extends string>(
  input: N,
  words: readonly string[],
): Put<string | null, N> => ({
  ...as(input),
  holds: (value) => value === null || words.includes(value),
});

export const ref = <N extends string>(input: N, answer: string): Put<number | null, N> => ({
  answers: [answer],
  input: (id) => ({ [input]: id === null ? null : String(id) }) as { [name in N]: unknown },
});

/** One that every record has. */
export const owner = <N extends string>(input: N, answer: string): Put<number | null, N> => ({
  ...ref(input, answer),
  holds: (id) => id !== null,
});

export const refs = <N extends string>(input: N, answer: string): Put<number[], N> => ({
  answers: [answer],
  input: (ids) => ({ [input]: ids.map(String) }) as { [name in N]: unknown },
});

/** Of those that a server takes for the same it gets but one, or it would refuse them all. */
export const aliases = <N extends string>(
  input: N,
  same: (name: string) => string,
): Put<string[], N> => {
  const first = (names: readonly string[]) =>
    new Map(names.toReversed().map((one) => [same(one), one]));
  return {
    answers: [input],
    input: (names) =>
      ({ [input]: [...first(names).values()].reverse() }) as { [name in N]: unknown },
    leaves: (names) => {
      const kept = first(names);
      return names.flatMap((key) => {
        const other = kept.get(same(key));
        return other === key ? [] : [{ key, why: `to this Stash it is the same as "${other}"` }];
      });
    },
  };
};

/** Some servers have a single address, in `url`: of several they get the first, or keep the one that they have. */
export const urls = (): Put<string[], 'urls' | 'url'> => {
  const single = (list: readonly string[], [kept]: readonly string[] = []) =>
    kept !== undefined && list.includes(kept) ? kept : list[0];
  return {
    answers: ['urls', 'url'],
    input: (list, { serves }, before) =>
      serves('urls') ? { urls: list } : { url: single(list, before) ?? '' },
    leaves: (list, { serves }, before) => {
      if (serves('urls')) return [];
      const at = list.indexOf(single(list, before) ?? '');
      const why = 'this Stash has a place for one address only';
      return list.flatMap((key, i) => (i === at ? [] : [{ key, why }]));
    },
  };
};

/** A scene has at most one at each endpoint: it keeps the one that it has, or gets the first. */
export const stashIds = (most: 'one' | 'several'): Put<StashIds, 'stash_ids'> => {
  const taken = (endpoint: string, ids: readonly StashId[], before: StashIds | undefined) => {
    if (most === 'several') return ids;
    const had = before?.[endpoint]?.[0]?.stashId;
    return [ids.find(({ stashId }) => stashId === had) ?? ids[0]].filter((id) => id !== undefined);
  };
  return {
    answers: ['stash_ids'],
    input: (value, { timesStashIds }, before) => ({
      stash_ids: Object.entries(value).flatMap(([endpoint, ids]) =>
        taken(endpoint, ids, before).map(({ stashId, updatedAt }) => ({
          endpoint,
          stash_id: stashId,
          ...(timesStashIds && updatedAt !== undefined && { updated_at: updatedAt }),
        })),
      ),
    }),
    leaves: (value, _words, before) =>
      Object.entries(value).flatMap(([endpoint, ids]) => {
        const kept = taken(endpoint, ids, before);
        const why = 'a scene has one stash id at each endpoint';
        return ids.flatMap((one) =>
          kept.includes(one) ? [] : [{ key: `${endpoint} ${one.stashId}`, why }],
        );
      }),
  };
};

type CustomFields = { [name: string]: Json };

/**
 * Where none is taken away only those that differ are told, so that what came meanwhile stays. One that the server could
 * not hold would keep the others back.
 */
export const customFields = (): Put<CustomFields, 'custom_fields'> => {
  const held = (value: CustomFields): CustomFields =>
    Object.fromEntries(Object.entries(value).filter(([field, one]) => !whyUnheld(field, one)));
  return {
    answers: ['custom_fields'],
    input: (value, _words, before) => {
      const told = held(value);
      if (!before || Object.keys(before).some((field) => !Object.hasOwn(told, field))) {
        return { custom_fields: { full: told } };
      }
      const changed = Object.entries(told).filter(([field, one]) => before[field] !== one);
      return { custom_fields: { partial: Object.fromEntries(changed) } };
    },
    leaves: (value) =>
      Object.entries(value).flatMap(([key, one]) => {
        const why = whyUnheld(key, one);
        return why ? [{ key, why }] : [];
      }),
  };
};

/** Stash keeps texts and numbers, whole ones of 64 bits, under names of 64 bytes. A boolean becomes a number. */
function whyUnheld(field: string, value: Json): string | undefined {
  if (field.trim() === '') return 'a custom field of Stash has a name';
  if (field.trim() !== field) return 'its name may not begin or end with a space';
  if (Buffer.byteLength(field) > 64) return 'its name is longer than 64 bytes';
  if (value === null) return 'a custom field of Stash is never empty';
  if (typeof value === 'object') return 'Stash keeps texts and numbers only';
  const isWhole = typeof value === 'bigint' || Number.isInteger(value);
  if (isWhole && BigInt.asIntN(64, BigInt(value as number)) !== BigInt(value as number))
    return 'the number is too large for Stash';
  return undefined;
}

export const picture = <N extends string>(input: N): PutPicture<N> => ({
  picture: input,
  clears: true,
});
