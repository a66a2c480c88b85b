import { StowageError } from '../../model/errors.ts';
import type { Id } from '../../model/fields.ts';
import type { StashServer } from '../server.ts';
import type { FindFilterType } from '../types.ts';
import {
  defaultBatchSize,
  type IdsQuery,
  idsListed,
  isOverwhelmed,
  type ListingOptions,
  type ListQuery,
  listed,
  mostRefused,
  smallestBatch,
} from './lists.ts';

export interface ByPage<A> {
  ids: IdsQuery;
  page: ListQuery<A, { filter: FindFilterType }>;
}

/**
 * All records of a kind, ascending by id, each once, by their place in the order of ids: for markers where they cannot
 * be asked for by ids (v0.25), and for files, where a list of ids costs a server as much as the files themselves.
 *
 * Rows that go meanwhile move the later ones to the left, so a page may begin too far to the right. It does not if,
 * after it was read, the row before it is still the last one that we have. Otherwise what comes before is read too,
 * from right to left: what moves is then met twice, never missed.
 */
export class Paging<A extends { id: string }> {
  readonly #server: StashServer;
  readonly #queries: ByPage<A>;
  readonly #options: ListingOptions;
  #size: number;
  /** The last id that we have, and how many rows there were up to it. */
  #last: Id = 0;
  #index = 0;
  #refusedInARow = 0;

  constructor(server: StashServer, queries: ByPage<A>, options: ListingOptions) {
    this.#server = server;
    this.#queries = queries;
    this.#options = options;
    this.#size = options.batchSize ?? defaultBatchSize;
  }

  async *batches(): AsyncGenerator<A[]> {
    for (let ahead = this.#next(); ; ) {
      const answers = await ahead;
      if (!answers) return;
      ahead = this.#next(); // on its way while this one is used
      ahead.catch(() => {});
      if (answers.length > 0) yield answers;
    }
  }

  /** The records after the last one, or null where there are no more. */
  async #next(): Promise<A[] | null> {
    try {
      return await this.#read(this.#size);
    } catch (error) {
      if (!(error instanceof StowageError)) throw error;
      if (error.code === 'source.refused') return this.#readAround(error);
      if (!isOverwhelmed(error.code) || this.#size <= smallestBatch) throw error;
      this.#size = Math.ceil(this.#size / 2);
      return [];
    }
  }

  async #read(size: number): Promise<A[] | null> {
    const rightmost = Math.floor(this.#index / size) + 1;
    const newer = new Map<Id, A>();
    let end = 0;
    for (let page = rightmost; page > 0; page--) {
      const answers = await this.#page(page, size);
      if (page === rightmost) end = (page - 1) * size + answers.length;
      for (const answer of answers) {
        if (Number(answer.id) > this.#last) newer.set(Number(answer.id), answer);
      }
      const first = answers[0];
      if (first && Number(first.id) <= this.#last) break;
      if (page > 1 && (await this.#idAt((page - 1) * size)) === this.#last) break;
    }
    if (newer.size === 0) return null;
    const sorted = [...newer].sort(([a], [b]) => a - b);
    this.#last = sorted.at(-1)?.[0] ?? this.#last;
    this.#index = end;
    this.#refusedInARow = 0;
    return sorted.map(([, answer]) => answer);
  }

  /** Reads one by one to the end of the page, past what the server refuses to tell. */
  async #readAround(error: StowageError): Promise<A[] | null> {
    const { kind, troubles } = this.#options;
    const answers: A[] = [];
    do {
      try {
        const next = await this.#read(1);
        if (!next) return answers.length > 0 ? answers : null;
        answers.push(...next);
      } catch (refusal) {
        if (!(refusal instanceof StowageError) || refusal.code !== 'source.refused') throw refusal;
        if (++this.#refusedInARow > mostRefused) throw refusal;
        const id = await this.#idAt(this.#index + 1);
        if (!id) throw error;
        troubles.push({ kind, id, field: null, why: refusal.message });
        this.#last = id;
        this.#index++;
      }
    } while (this.#index % this.#size !== 0);
    return answers;
  }

  async #page(page: number, size: number): Promise<A[]> {
    const filter: FindFilterType = { page, per_page: size, sort: 'id', direction: 'ASC' };
    const { signal } = this.#options;
    return listed(await this.#server.request(this.#queries.page, { filter }, { signal }));
  }

  /** The id at a place, counted from 1. */
  async #idAt(place: number): Promise<Id | undefined> {
    const filter: FindFilterType = { page: place, per_page: 1, sort: 'id', direction: 'ASC' };
    const { signal } = this.#options;
    const answer = await this.#server.request(this.#queries.ids, { filter }, { signal });
    return idsListed(answer).ids[0];
  }
}
