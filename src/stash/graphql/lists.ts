import type { Id } from '../../model/fields.ts';
import type { Kind } from '../../model/kinds.ts';
import { StashFailure } from '../http/failure.ts';
import type { FindFilterType, TypedDocumentString } from '../types.ts';
import type { Fields, Reasons } from './narrow.ts';
import type { Refusals } from './refusals.ts';

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
  refusals: Refusals;
  signal?: AbortSignal | undefined;
  /** Records asked for at a time. */
  batchSize?: number | undefined;
}

// Measured on 100,000 scenes: faster than pages, and than smaller or larger batches (stash-facts.md). A power of two, so
// that pages of half the size begin where these do.
export const defaultBatchSize = 512;

/** Below this, a server that cannot answer a batch will not answer a smaller one either. */
export const smallestBatch = 50;

/** What the server may manage if it is asked for less at a time. */
export const isOverwhelmed = (code: string): boolean =>
  ['source.too-large', 'source.timeout', 'source.failed'].includes(code);

export const isRefusal = (error: unknown): error is StashFailure =>
  error instanceof StashFailure && error.code === 'source.refused';

/** Notes what of these records was left out, and why. */
export function noteTold(
  { kind, refusals }: ListingOptions,
  answers: readonly { id: string }[],
  without: Fields,
  reasons: Reasons,
): void {
  const fields = [...without].map((field) => [field, reasons.get(field) ?? ''] as const);
  for (const { id } of answers) refusals.told(kind, Number(id), fields);
}

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

/** Of what was answered what was asked for, each once, whatever else a server says. */
export function onlyAsked<A extends { id: string }>(answers: A[], ids: readonly string[]): A[] {
  const open = new Set(ids);
  return answers.filter(({ id }) => open.delete(id));
}
