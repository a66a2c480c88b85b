import { StowageError } from '../model/errors.ts';
import type { Id } from '../model/fields.ts';
import type { Kind } from '../model/kinds.ts';
import type { Trouble } from '../model/reading.ts';
import { inOrder } from './pipeline.ts';
import type { StashServer } from './server.ts';
import type { FindFilterType, TypedDocumentString } from './types.ts';

/** What a query answers that lists something: `{ findTags: { tags: [ … ] } }`. */
type List<A> = { [query: string]: { [list: string]: A[] } };

/** How the records of a kind are asked for. */
export interface Operations<A extends { id: string }> {
  ids: TypedDocumentString<List<{ id: string }>, { filter: FindFilterType }>;
  batch: TypedDocumentString<List<A>, { ids: string[]; files: boolean }>;
  /** Where `batch` cannot be asked by ids. */
  page?: TypedDocumentString<List<A>, { filter: FindFilterType }>;
}

export interface ListingOptions {
  /** Whether files are to be told whole, or only named. */
  files: boolean;
  troubles: Trouble[];
  signal?: AbortSignal | undefined;
  /** Records asked for at a time. */
  batchSize?: number;
}

// Measured on 100,000 scenes: faster than pages, smaller or larger batches, and one or four at a time (stash-facts.md).
const defaultBatchSize = 500;
const atATime = 2;
/** Below this, a server that cannot answer a batch will not answer a smaller one either. */
const smallestBatch = 50;
/** A list of all ids may take long before its first byte: 17,600 rows a second were measured. */
const listTimeout = 600_000;
/** So many refused one after the other are not bad records, but a server that does not work. */
const mostRefused = 10;

/**
 * All records of a kind, ascending by id, each once. The ids are asked for first, because pages drift where rows come
 * and go meanwhile; a row that is gone by the time we ask for it is left out, one that came is read in the end.
 */
export class Listing<A extends { id: string }> {
  readonly #server: StashServer;
  readonly #kind: Kind;
  readonly #operations: Operations<A>;
  readonly #options: ListingOptions;
  #batchSize: number;
  #refusedInARow = 0;

  constructor(server: StashServer, kind: Kind, operations: Operations<A>, options: ListingOptions) {
    this.#server = server;
    this.#kind = kind;
    this.#operations = operations;
    this.#options = options;
    this.#batchSize = options.batchSize ?? defaultBatchSize;
  }

  async *batches(): AsyncGenerator<A[]> {
    let last = 0;
    while ((await this.#newest()) > last) {
      const all = await this.#ids({ per_page: -1, sort: 'id' });
      const start = all.findIndex((id) => id > last);
      if (start < 0) return;
      yield* inOrder(
        this.#slices(all, start),
        atATime,
        ({ ids, offset }, signal) => this.#fetch(ids, offset, signal),
        this.#options.signal,
      );
      last = all.at(-1) ?? last;
    }
  }

  /** Ids never come back lower (they are SQLite's AUTOINCREMENT), so this tells whether rows came. */
  async #newest(): Promise<Id> {
    const [newest] = await this.#ids({ per_page: 1, sort: 'id', direction: 'DESC' });
    return newest ?? 0;
  }

  async #ids(filter: FindFilterType): Promise<Id[]> {
    const { signal } = this.#options;
    const answer = await this.#server.request(
      this.#operations.ids,
      { filter },
      { signal, timeout: listTimeout },
    );
    return listed(answer)
      .map(({ id }) => Number(id))
      .sort((a, b) => a - b);
  }

  *#slices(ids: Id[], start: number): Generator<{ ids: Id[]; offset: number }> {
    for (let offset = start; offset < ids.length; ) {
      const slice = ids.slice(offset, offset + this.#batchSize);
      yield { ids: slice, offset };
      offset += slice.length;
    }
  }

  async #fetch(ids: Id[], offset: number, signal: AbortSignal): Promise<A[]> {
    try {
      const { page } = this.#operations;
      const answers = page
        ? await this.#byPages(page, ids, offset, signal)
        : await this.#byIds(ids, signal);
      this.#refusedInARow = 0;
      return answers.sort((a, b) => Number(a.id) - Number(b.id));
    } catch (error) {
      if (!(error instanceof StowageError)) throw error;
      return this.#recover(error, ids, offset, signal);
    }
  }

  async #recover(
    error: StowageError,
    ids: Id[],
    offset: number,
    signal: AbortSignal,
  ): Promise<A[]> {
    // Stash refuses the whole batch for one id that is gone, and names it.
    const gone = Number(/ with id (\d+) not found/.exec(error.message)?.[1]);
    const rest = ids.filter((id) => id !== gone);
    if (rest.length < ids.length) {
      return rest.length > 0 ? this.#fetch(rest, offset, signal) : [];
    }
    const refused = error.code === 'source.refused';
    if (refused && ids.length === 1) {
      if (++this.#refusedInARow > mostRefused) throw error;
      const [id = 0] = ids;
      this.#options.troubles.push({ kind: this.#kind, id, field: null, why: error.message });
      return [];
    }
    if (!refused) {
      const overwhelmed = ['source.too-large', 'source.timeout', 'source.failed'];
      if (!overwhelmed.includes(error.code) || ids.length <= smallestBatch) throw error;
      this.#batchSize = Math.min(this.#batchSize, Math.ceil(ids.length / 2));
    }
    const half = Math.ceil(ids.length / 2);
    return [
      ...(await this.#fetch(ids.slice(0, half), offset, signal)),
      ...(await this.#fetch(ids.slice(half), offset + half, signal)),
    ];
  }

  async #byIds(ids: Id[], signal: AbortSignal): Promise<A[]> {
    const variables = { ids: ids.map(String), files: this.#options.files };
    return listed(await this.#server.request(this.#operations.batch, variables, { signal }));
  }

  /**
   * By place in the order of ids. Rows that go meanwhile move the later ones to the left, so it reads pages from right
   * to left until it meets what comes before: what moves is then met twice, never missed.
   */
  async #byPages(
    operation: NonNullable<Operations<A>['page']>,
    ids: Id[],
    offset: number,
    signal: AbortSignal,
  ): Promise<A[]> {
    const wanted = new Set(ids);
    const found = new Map<Id, A>();
    const per_page = ids.length;
    for (let page = Math.ceil((offset + per_page) / per_page); page >= 1; page--) {
      const filter: FindFilterType = { page, per_page, sort: 'id', direction: 'ASC' };
      const answers = listed(await this.#server.request(operation, { filter }, { signal }));
      for (const answer of answers) {
        const id = Number(answer.id);
        if (wanted.has(id)) found.set(id, answer);
      }
      const first = answers[0];
      if (first && Number(first.id) <= (ids[0] ?? 0)) break;
    }
    return [...found.values()];
  }
}

function listed<A>(answer: List<A>): A[] {
  const [query = {}] = Object.values(answer);
  return Object.values(query)[0] ?? [];
}
