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
import { inOrder } from './pipeline.ts';

// One is slower, four are slower again (stash-facts.md).
const atATime = 2;
/** What a list costs a server grows with the square of its length: 0.25 s for 10,000 ids, minutes for a million. */
const idsAtATime = 20_000;

export interface ById<A> {
  ids: IdsQuery;
  batch: ListQuery<A, { ids: string[]; files: boolean }>;
}

/**
 * All records of a kind, ascending by id, each once. The ids are asked for first, because pages drift where rows come
 * and go meanwhile; a row that is gone by the time we ask for it is left out, one that came is read in the end.
 */
export class Listing<A extends { id: string }> {
  readonly #server: StashServer;
  readonly #queries: ById<A>;
  readonly #options: ListingOptions & { files: boolean };
  #batchSize: number;
  #refusedInARow = 0;

  /** `files`: whether files are to be told whole, or only named. */
  constructor(server: StashServer, queries: ById<A>, options: ListingOptions & { files: boolean }) {
    this.#server = server;
    this.#queries = queries;
    this.#options = options;
    this.#batchSize = options.batchSize ?? defaultBatchSize;
  }

  async *batches(): AsyncGenerator<A[]> {
    for (let last = 0; ; ) {
      const newer = (await this.#allIds(last)).filter((id) => id > last);
      if (newer.length === 0) return;
      yield* this.some(newer);
      last = newer.at(-1) ?? last;
    }
  }

  /** Of these, which ascend, those that are there. */
  some(ids: Id[]): AsyncGenerator<A[]> {
    return inOrder(
      this.#slices(ids),
      atATime,
      (slice, signal) => this.#fetch(slice, signal),
      this.#options.signal,
    );
  }

  /** Ascending; none where the newest is known (ids never come back: they are SQLite's AUTOINCREMENT). */
  async #allIds(known: Id): Promise<Id[]> {
    const newest = await this.#ids({ per_page: 1, sort: 'id', direction: 'DESC' });
    if ((newest.ids[0] ?? 0) <= known) return [];
    const found = new Set<Id>();
    // From the last page to the first: a row that goes moves the later ones to the left, so that those are met twice,
    // never missed.
    for (let page = Math.ceil(newest.count / idsAtATime); page > 0; page--) {
      const { ids } = await this.#ids({ page, per_page: idsAtATime, sort: 'id', direction: 'ASC' });
      for (const id of ids) found.add(id);
    }
    return [...found].sort((a, b) => a - b);
  }

  async #ids(filter: FindFilterType) {
    const { signal } = this.#options;
    return idsListed(await this.#server.request(this.#queries.ids, { filter }, { signal }));
  }

  *#slices(ids: Id[]): Generator<Id[]> {
    for (let start = 0; start < ids.length; ) {
      const slice = ids.slice(start, start + this.#batchSize);
      yield slice;
      start += slice.length;
    }
  }

  async #fetch(ids: Id[], signal: AbortSignal): Promise<A[]> {
    // Stash takes an empty list for all.
    if (ids.length === 0) return [];
    try {
      const variables = { ids: ids.map(String), files: this.#options.files };
      const answers = listed(
        await this.#server.request(this.#queries.batch, variables, { signal }),
      );
      this.#refusedInARow = 0;
      // v0.25 says nothing of an image that is gone, and lists none of the others either.
      if (answers.length === 0 && ids.length > 1) return await this.#inHalves(ids, signal);
      return answers.sort((a, b) => Number(a.id) - Number(b.id));
    } catch (error) {
      if (!(error instanceof StowageError)) throw error;
      return this.#recover(error, ids, signal);
    }
  }

  async #recover(error: StowageError, ids: Id[], signal: AbortSignal): Promise<A[]> {
    // Stash refuses the whole batch for one id that is gone, and names it.
    const gone = Number(/(?: with id (?=\d+ not found)|file by id )(\d+)/.exec(error.message)?.[1]);
    if (ids.includes(gone)) {
      return this.#fetch(
        ids.filter((id) => id !== gone),
        signal,
      );
    }
    const { kind, troubles } = this.#options;
    if (error.code === 'source.refused') {
      if (ids.length === 1) {
        if (++this.#refusedInARow > mostRefused) throw error;
        troubles.push({ kind, id: ids[0] as Id, field: null, why: error.message });
        return [];
      }
    } else {
      if (!isOverwhelmed(error.code) || ids.length <= smallestBatch) throw error;
      this.#batchSize = Math.min(this.#batchSize, Math.ceil(ids.length / 2));
    }
    return this.#inHalves(ids, signal);
  }

  async #inHalves(ids: Id[], signal: AbortSignal): Promise<A[]> {
    const half = Math.ceil(ids.length / 2);
    return [
      ...(await this.#fetch(ids.slice(0, half), signal)),
      ...(await this.#fetch(ids.slice(half), signal)),
    ];
  }
}
