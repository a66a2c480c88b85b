import { StowageError } from '../../model/errors.ts';
import type { Id } from '../../model/fields.ts';
import { inOrder } from '../../model/inOrder.ts';
import type { Kind } from '../../model/kinds.ts';
import type { StashFailure } from '../http/failure.ts';
import type { StashServer } from '../server.ts';
import type { FindFilterType } from '../types.ts';
import { Ids } from './ids.ts';
import {
  defaultBatchSize,
  type IdsQuery,
  isOverwhelmed,
  isRefusal,
  type ListingOptions,
  type ListQuery,
  listed,
  noteTold,
  onlyAsked,
  smallestBatch,
} from './lists.ts';
import { type Fields, keyOf, narrowed, noFields, type Reasons, type Span } from './narrow.ts';

// One is slower, four are slower again (stash-facts.md).
const atATime = 2;

export interface ById<A> {
  ids: IdsQuery;
  batch: ListQuery<A, { ids?: string[]; filter?: FindFilterType; files: boolean }>;
  /** Where a single one is found otherwise, which a server may answer though it refuses the other. */
  alone?: ListQuery<A, { id: number; files: boolean }>;
}

/**
 * All records of a kind, ascending by id, each once. The ids are asked for first, because pages drift where rows come
 * and go meanwhile; a row that is gone by the time we ask for it is left out, one that came is read in the end.
 */
export class Listing<A extends { id: string }> {
  readonly #server: StashServer;
  readonly #queries: ById<A>;
  readonly #options: ListingOptions & { files: boolean };
  readonly #ids: Ids;
  #batchSize: number;

  /** `files`: whether files are to be told whole, or only named. */
  constructor(server: StashServer, queries: ById<A>, options: ListingOptions & { files: boolean }) {
    this.#server = server;
    this.#queries = queries;
    this.#options = options;
    this.#ids = new Ids(server, queries.ids, options);
    this.#batchSize = options.batchSize ?? defaultBatchSize;
  }

  async *batches(): AsyncGenerator<A[]> {
    for (let last = 0; ; ) {
      const newer = await this.#ids.newer(last);
      if (newer.length === 0) return;
      yield* this.some(newer);
      last = newer.at(-1) ?? last;
    }
  }

  /** Of these, which ascend, those that are there. */
  async *some(ids: Id[]): AsyncGenerator<A[]> {
    const fetched = inOrder(
      this.#slices(ids),
      atATime,
      (slice, signal) => this.#fetch(slice, signal),
      this.#options.signal,
    );
    for await (const answers of fetched) yield answers.sort((a, b) => Number(a.id) - Number(b.id));
  }

  *#slices(ids: Id[]): Generator<Id[]> {
    for (let start = 0; start < ids.length; ) {
      const slice = ids.slice(start, start + this.#batchSize);
      yield slice;
      start += slice.length;
    }
  }

  /** Without some fields, where these were refused for the reasons given. */
  async #fetch(
    ids: Id[],
    signal: AbortSignal,
    without: Fields = noFields,
    reasons: Reasons = new Map(),
  ): Promise<A[]> {
    // Stash takes an empty list for all.
    if (ids.length === 0) return [];
    const again = (some: Id[]) => this.#fetch(some, signal, without, reasons);
    try {
      const answers = await this.#ask(ids, signal, without);
      // v0.25 says nothing of an image that is gone, and lists none of the others either.
      if (answers.length === 0 && ids.length > 1) return await inHalves(ids, again);
      noteTold(this.#options, answers, without, reasons);
      return answers;
    } catch (error) {
      if (!(error instanceof StowageError)) throw error;
      if (isRefusal(error)) {
        const gone = goneIn(this.#options.kind, error);
        if (gone !== undefined && ids.includes(gone)) return again(ids.filter((id) => id !== gone));
        return narrowed(this.#span(ids, signal, reasons), error, without, reasons);
      }
      if (!isOverwhelmed(error.code) || ids.length <= smallestBatch) throw error;
      this.#batchSize = Math.min(this.#batchSize, Math.ceil(ids.length / 2));
      return inHalves(ids, again);
    }
  }

  async #ask(ids: Id[], signal: AbortSignal, without: Fields): Promise<A[]> {
    const { files } = this.#options;
    const { alone, batch } = this.#queries;
    if (alone && ids.length === 1) {
      const variables = { id: ids[0] as Id, files };
      return listed(await this.#server.request(alone, variables, { signal, without }));
    }
    const variables = { ids: ids.map(String), files };
    const told = await this.#server.request(batch, variables, { signal, without });
    return onlyAsked(listed(told), variables.ids);
  }

  #span(ids: Id[], signal: AbortSignal, reasons: Reasons): Span<A> {
    const { kind, refusals } = this.#options;
    const part = (some: Id[], without = noFields) => ({
      span: this.#span(some, signal, reasons),
      without,
    });
    return {
      size: ids.length,
      fields: this.#server.fieldsAsked(this.#queries.batch),
      ask: (without) => this.#fetch(ids, signal, without, reasons),
      isTold: (without) => isTold(this.#ask(ids, signal, without)),
      // Records are answered in the order in which they are asked for.
      parts: (said) =>
        said.length > 0
          ? [...Map.groupBy(ids.keys(), (at) => keyOf(said[at] ?? noFields)).values()].map(
              (places) =>
                part(
                  places.map((at) => ids[at] as Id),
                  said[places[0] as number],
                ),
            )
          : halves(ids).map((half) => part(half)),
      leave: async (why) => {
        refusals.whole(kind, ids[0] as Id, why);
        return [];
      },
    };
  }
}

/**
 * Stash refuses a whole batch for one id that is gone, and names it. What it says of a field of a record, or of another
 * kind (a scene's file, perhaps of the same number), is another matter.
 */
function goneIn(kind: Kind, { refused }: StashFailure): Id | undefined {
  const named =
    kind === 'file'
      ? /\bfile by id (\d+)/
      : kind === 'group'
        ? /\b(?:group|movie) with id (\d+) not found/
        : new RegExp(`\\b${kind} with id (\\d+) not found`);
  for (const { path, why } of refused) {
    if (path.some((step) => typeof step === 'number')) continue;
    const [, id] = named.exec(why) ?? [];
    if (id !== undefined) return Number(id);
  }
  return undefined;
}

/** Whether the server answers, or refuses. */
export async function isTold(answer: Promise<unknown>): Promise<boolean> {
  try {
    await answer;
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

const halves = (ids: Id[]): Id[][] => {
  const half = Math.ceil(ids.length / 2);
  return [ids.slice(0, half), ids.slice(half)];
};

async function inHalves<A>(ids: Id[], fetch: (some: Id[]) => Promise<A[]>): Promise<A[]> {
  const [first = [], second = []] = halves(ids);
  return [...(await fetch(first)), ...(await fetch(second))];
}
