import type { Id } from '../../model/fields.ts';
import type { Kind } from '../../model/kinds.ts';
import type { Trouble } from '../../model/reading.ts';
import type { FindFilterType, TypedDocumentString } from '../types.ts';

/** A query that lists something: `{ findTags: { tags: [ … ] } }`. */
export type ListQuery<A, V> = TypedDocumentString<{ [query: string]: { [list: string]: A[] } }, V>;

/** The same, of ids alone, with how many there are in all. */
export type IdsQuery = TypedDocumentString<
  { [query: string]: { count: number } },
  { filter: FindFilterType }
>;

export interface ListingOptions {
  kind: Kind;
  /** Where what the server refuses to tell is named. */
  troubles: Trouble[];
  signal?: AbortSignal | undefined;
  /** Records asked for at a time. */
  batchSize?: number | undefined;
}

// Measured on 100,000 scenes: faster than pages, and than smaller or larger batches (stash-facts.md).
export const defaultBatchSize = 500;

/** Below this, a server that cannot answer a batch will not answer a smaller one either. */
export const smallestBatch = 50;

/** So many refused one after the other are not bad records, but a server that does not work. */
export const mostRefused = 10;

/** What the server may manage if it is asked for less at a time. */
export const isOverwhelmed = (code: string): boolean =>
  ['source.too-large', 'source.timeout', 'source.failed'].includes(code);

export function listed<A>(answer: { [query: string]: { [list: string]: A[] } }): A[] {
  const [query = {}] = Object.values(answer);
  return Object.values(query)[0] ?? [];
}

export function idsListed(answer: { [query: string]: { count: number } }): {
  count: number;
  ids: Id[];
} {
  const [{ count, ...lists } = { count: 0 }] = Object.values(answer);
  const [list = []] = Object.values<{ id: string }[]>(lists);
  return { count, ids: list.map(({ id }) => Number(id)) };
}
