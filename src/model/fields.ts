/**
 * What a field is: how it merges, what its values look like, and which records it points to.
 * `kinds.ts` declares every kind as a table of these; everything else is derived from that table.
 */

/** A partial date as Stash writes it: `2018`, `2018-05` or `2018-05-06`. Sorts as text by its first day. */
export type PartialDate = string;
/** An instant: RFC 3339, exactly as the source serves it (its offset and fraction kept). */
export type Instant = string;
/** An MD5 of a picture's bytes, 32 lower-case hexadecimal digits: Stash's name for the picture, and its ETag. */
export type PictureId = string;
export type Json = string | number | bigint | boolean | null | Json[] | { [key: string]: Json };

/** How two sides' changes to a field are brought together (design.md §1). */
export type Merge = 'value' | 'set' | 'list' | 'keyed' | 'history' | 'counter' | 'picture' | 'fact';

/** What a value looks like, so that one piece of code can store, send, compare or draw it. */
export type Shape =
  | 'text' // string, '' where there is none
  | 'integer' // number | null
  | 'real' // number | null
  | 'flag' // boolean
  | 'date' // PartialDate | null
  | 'choice' // string | null: one of a fixed few words
  | 'instant' // Instant
  | 'ref' // id | null
  | 'refs' // id[], ascending
  | 'files' // id[] of files, the primary one first, the others ascending
  | 'names' // string[], sorted by code unit, no duplicates
  | 'urls' // string[], in order, duplicates kept
  | 'instants' // Instant[] in UTC, ascending, equal ones kept
  | 'stashIds' // StashIds
  | 'groups' // { [id]: scene index | null }
  | 'subGroups' // { [id]: SubGroup }
  | 'customFields' // { [name]: Json }
  | 'picture' // PictureId | null
  | 'document'; // Json

/** A record's identities on stash-box servers: by endpoint; Stash does not stop a second one for an endpoint. */
export type StashIds = { [endpoint: string]: StashId[] };
export interface StashId {
  stashId: string;
  /** Absent where the server does not keep it (before v0.28). RFC 3339 with up to nanoseconds, as served. */
  updatedAt?: Instant;
}
export interface SubGroup {
  /** Place among its siblings, counted from 0. */
  position: number;
  description: string;
}

export interface Field<
  T = unknown,
  M extends Merge = Merge,
  S extends Shape = Shape,
  K extends string | undefined = string | undefined,
> {
  readonly merge: M;
  readonly shape: S;
  /** The kind of the records that the value names by id. */
  readonly target: K;
  /** Only for the type checker: what a value of this field is. */
  readonly type?: T;
}

function field<T, M extends Merge, S extends Shape>(merge: M, shape: S): Field<T, M, S, undefined> {
  return { merge, shape, target: undefined };
}

function link<T, M extends Merge, S extends Shape, K extends string>(
  merge: M,
  shape: S,
  target: K,
): Field<T, M, S, K> {
  return { merge, shape, target };
}

export const text = () => field<string, 'value', 'text'>('value', 'text');
export const integer = () => field<number | null, 'value', 'integer'>('value', 'integer');
export const real = () => field<number | null, 'value', 'real'>('value', 'real');
export const flag = () => field<boolean, 'value', 'flag'>('value', 'flag');
export const date = () => field<PartialDate | null, 'value', 'date'>('value', 'date');
export const choice = () => field<string | null, 'value', 'choice'>('value', 'choice');
export const document = () => field<Json, 'value', 'document'>('value', 'document');
export const ref = <K extends string>(kind: K) =>
  link<Id | null, 'value', 'ref', K>('value', 'ref', kind);
export const refs = <K extends string>(kind: K) =>
  link<Id[], 'set', 'refs', K>('set', 'refs', kind);
export const names = () => field<string[], 'set', 'names'>('set', 'names');
export const urls = () => field<string[], 'list', 'urls'>('list', 'urls');
export const stashIds = () => field<StashIds, 'keyed', 'stashIds'>('keyed', 'stashIds');
export const customFields = () =>
  field<{ [name: string]: Json }, 'keyed', 'customFields'>('keyed', 'customFields');
export const groups = () =>
  link<{ [group: string]: number | null }, 'keyed', 'groups', 'group'>('keyed', 'groups', 'group');
export const subGroups = () =>
  link<{ [group: string]: SubGroup }, 'keyed', 'subGroups', 'group'>('keyed', 'subGroups', 'group');
export const history = () => field<Instant[], 'history', 'instants'>('history', 'instants');
export const counter = () => field<number, 'counter', 'real'>('counter', 'real');
export const count = () => field<number, 'counter', 'integer'>('counter', 'integer');
export const picture = () => field<PictureId | null, 'picture', 'picture'>('picture', 'picture');

/** The source's own facts: never merged, kept per source (design.md §1). */
export const fact = {
  text: () => field<string, 'fact', 'text'>('fact', 'text'),
  integer: () => field<number | null, 'fact', 'integer'>('fact', 'integer'),
  real: () => field<number | null, 'fact', 'real'>('fact', 'real'),
  flag: () => field<boolean, 'fact', 'flag'>('fact', 'flag'),
  instant: () => field<Instant, 'fact', 'instant'>('fact', 'instant'),
  document: <T>() => field<T, 'fact', 'document'>('fact', 'document'),
  files: () => link<Id[], 'fact', 'files', 'file'>('fact', 'files', 'file'),
  file: () => link<Id | null, 'fact', 'ref', 'file'>('fact', 'ref', 'file'),
};

/** A record's number at its source. Numbers, not text: `"10" < "2"` would break every merge-join. */
export type Id = number;
