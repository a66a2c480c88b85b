import type { Json, StashIds } from '../../model/fields.ts';
import type { Kind } from '../../model/kinds.ts';
import type { SourceProfile } from '../../model/reading.ts';

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
  /** What of a value the server has no place for, in words; nothing where it holds all of it. */
  leaves?: (value: V, words: Words) => string | undefined;
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
): Put<string[], N> => ({
  answers: [input],
  input: (names) => {
    const first = new Map(names.toReversed().map((one) => [same(one), one]));
    return { [input]: [...first.values()].reverse() } as { [name in N]: unknown };
  },
});

/** Some servers have a single address, in `url`: of several they get the first, or keep the one that they have. */
export const urls = (): Put<string[], 'urls' | 'url'> => ({
  answers: ['urls', 'url'],
  input: (list, { serves }, [kept] = []) => {
    if (serves('urls')) return { urls: list };
    return { url: kept !== undefined && list.includes(kept) ? kept : (list[0] ?? '') };
  },
  leaves: (list, { serves }) =>
    !serves('urls') && list.length > 1
      ? `${list.length - 1} of its ${list.length} urls`
      : undefined,
});

/** A scene has at most one at each endpoint. */
export const stashIds = (most: 'one' | 'several'): Put<StashIds, 'stash_ids'> => ({
  answers: ['stash_ids'],
  input: (value, { timesStashIds }) => ({
    stash_ids: Object.entries(value).flatMap(([endpoint, ids]) =>
      ids.map(({ stashId, updatedAt }) => ({
        endpoint,
        stash_id: stashId,
        ...(timesStashIds && updatedAt !== undefined && { updated_at: updatedAt }),
      })),
    ),
  }),
  holds: (value) => most === 'several' || Object.values(value).every((ids) => ids.length <= 1),
});

/** Where none is taken away only those that differ are told, so that what came meanwhile stays. */
export const customFields = (): Put<{ [name: string]: Json }, 'custom_fields'> => ({
  answers: ['custom_fields'],
  input: (value, _words, before) => {
    if (!before || Object.keys(before).some((field) => !Object.hasOwn(value, field))) {
      return { custom_fields: { full: value } };
    }
    const changed = Object.entries(value).filter(([field, one]) => before[field] !== one);
    return { custom_fields: { partial: Object.fromEntries(changed) } };
  },
  holds: (value) =>
    Object.entries(value).every(
      ([field, one]) => field.trim() === field && field.length <= 64 && isHeld(one),
    ),
});

/** Stash keeps texts and numbers, whole ones of 64 bits. A boolean becomes a number. */
function isHeld(value: Json): boolean {
  if (typeof value === 'object') return false;
  const isWhole = typeof value === 'bigint' || Number.isInteger(value);
  return !isWhole || Math.abs(Number(value)) < 2 ** 63;
}

export const picture = <N extends string>(input: N): PutPicture<N> => ({
  picture: input,
  clears: true,
});
