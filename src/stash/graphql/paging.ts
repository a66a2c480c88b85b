import { StowageError } from '../../model/errors.ts';
import type { Id } from '../../model/fields.ts';
import type { StashServer } from '../server.ts';
import type { FindFilterType } from '../types.ts';
import { Ids } from './ids.ts';
import { isTold } from './listing.ts';
import {
  defaultBatchSize,
  type IdsQuery,
  idsListed,
  isOverwhelmed,
  isRefusal,
  type ListingOptions,
  type ListQuery,
  listed,
  noteTold,
  smallestBatch,
} from './lists.ts';
import { type Fields, narrowed, noFields, type Reasons, type Span } from './narrow.ts';

export interface ByPage<A> {
  ids: IdsQuery;
  page: ListQuery<A, { filter: FindFilterType; files: boolean }>;
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
  readonly #options: ListingOptions & { files: boolean };
  #size: number;
  /** The last id that we have, and how many rows there were up to it. */
  #last: Id = 0;
  #index = 0;
  /** Records that the server does not tell: they have their place, and nothing else. */
  readonly #untold = new Set<Id>();

  constructor(
    server: StashServer,
    queries: ByPage<A>,
    options: ListingOptions & { files: boolean },
  ) {
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
      const answers = await this.#fetch({ page, size });
      if (page === rightmost) end = (page - 1) * size + answers.length;
      for (const answer of answers) {
        if (Number(answer.id) > this.#last) newer.set(Number(answer.id), answer);
      }
      const first = answers[0];
      if (first && Number(first.id) <= this.#last) break;
      if (page > 1 && (await this.#idAt((page - 1) * size)) === this.#last) break;
    }
    if (newer.size === 0 && end <= this.#index) return null;
    const sorted = [...newer].sort(([a], [b]) => a - b);
    this.#last = sorted.at(-1)?.[0] ?? this.#last;
    this.#index = end;
    return sorted.flatMap(([id, answer]) => (this.#untold.has(id) ? [] : [answer]));
  }

  /** A page, without some fields where these were refused; of a record that is refused whole only the id. */
  async #fetch(page: Page, without: Fields = noFields, reasons: Reasons = new Map()): Promise<A[]> {
    try {
      const answers = await this.#ask(page, without);
      noteTold(this.#options, answers, without, reasons);
      return answers;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return narrowed(this.#span(page, reasons), error, without, reasons);
    }
  }

  async #ask({ page, size }: Page, without: Fields): Promise<A[]> {
    const filter: FindFilterType = { page, per_page: size, sort: 'id', direction: 'ASC' };
    const { signal, files } = this.#options;
    const variables = { filter, files };
    return listed(await this.#server.request(this.#queries.page, variables, { signal, without }));
  }

  #span(page: Page, reasons: Reasons): Span<A> {
    return {
      size: page.size,
      fields: this.#server.fieldsAsked(this.#queries.page),
      ask: (without) => this.#fetch(page, without, reasons),
      isTold: (without) => isTold(this.#ask(page, without)),
      parts: () =>
        partsOf(page).map((part) => ({ span: this.#span(part, reasons), without: noFields })),
      leave: async (why) => {
        const id = await this.#idOf(page.page, why);
        const { kind, refusals } = this.#options;
        if (id === undefined) refusals.some(kind, why);
        else refusals.whole(kind, id, why);
        this.#untold.add(id ?? nobody);
        return [{ id: String(id ?? nobody) } as A];
      },
    };
  }

  /** The id at a place that the server does not tell: its refusal may name it, or the tables do. */
  async #idOf(place: number, why: string): Promise<Id | undefined> {
    const [, named] = /\bid:? (\d+)/.exec(why) ?? [];
    if (named !== undefined) return Number(named);
    try {
      return await this.#idAt(place);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const ids = await new Ids(this.#server, this.#queries.ids, this.#options).all();
      return ids[place - 1];
    }
  }

  /** The id at a place, counted from 1. */
  async #idAt(place: number): Promise<Id | undefined> {
    const filter: FindFilterType = { page: place, per_page: 1, sort: 'id', direction: 'ASC' };
    const { signal } = this.#options;
    const answer = await this.#server.request(this.#queries.ids, { filter }, { signal });
    return idsListed(answer).ids[0];
  }
}

/** Counted from 1. */
interface Page {
  page: number;
  size: number;
}

/** Pages of half the size, or of one record each. */
function partsOf({ page, size }: Page): Page[] {
  const parts = size % 2 === 0 ? 2 : size;
  return Array.from({ length: parts }, (_, i) => ({
    page: (page - 1) * parts + 1 + i,
    size: size / parts,
  }));
}

const nobody = 0;
