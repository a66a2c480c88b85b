import { StowageError } from '../../model/errors.ts';
import type { Id } from '../../model/fields.ts';
import type { Kind } from '../../model/kinds.ts';
import type { StashServer } from '../server.ts';
import { layoutOf } from '../tables/mirror.ts';
import { origins } from '../tables/roads.ts';
import { countSelect, idsSelect } from '../tables/selects.ts';
import { askOf } from '../tables/tablesRoad.ts';
import type { FindFilterType } from '../types.ts';
import { type IdsQuery, idsListed, isRefusal, type ListingOptions } from './lists.ts';

/**
 * What a list costs a server grows with the square of its length: 0.25 s for 10,000 ids, minutes for a million. A power of
 * two, as pages are halved.
 */
const idsAtATime = 2 ** 14;
/** So many places of which the server tells nothing at all, and no record before: it does not work. */
const mostUntold = 100;

/** So many pages with nothing on them are more than what goes meanwhile: the count is none. */
const mostEmpty = 100;

const miscounted = (kind: Kind, count: number): StowageError =>
  new StowageError(
    'source.incomplete',
    `The server counts ${count.toLocaleString('en')} of kind ${kind}, but does not have so many.`,
    { remedy: 'Look at what answers there, and at the proxy in between.' },
  );

type Options = Pick<ListingOptions, 'kind' | 'refusals' | 'signal'> & {
  /** What else the query is given, and the statement that tells the same of the kind's table. */
  among?: { variables: object; select: (table: string) => string };
};

/**
 * The ids of a kind's records. A list that has one record in it that the server cannot tell is refused whole: then they are
 * asked for through the tables, and where these are refused too, around that record.
 */
export class Ids {
  readonly #server: StashServer;
  readonly #query: IdsQuery;
  readonly #options: Options;

  constructor(server: StashServer, query: IdsQuery, options: Options) {
    this.#server = server;
    this.#query = query;
    this.#options = options;
  }

  /** Asked for no record, a server has none that it could fail at. */
  async count(): Promise<number> {
    try {
      return (await this.#listed({ per_page: 0 })).count;
    } catch (error) {
      const counted = isRefusal(error) ? await this.#fromTables(countSelect) : undefined;
      if (counted === undefined) throw error;
      return Number(counted);
    }
  }

  /** The highest of those that are there; 0 where there are none. */
  async highest(): Promise<Id> {
    try {
      const { ids } = await this.#listed({ per_page: 1, sort: 'id', direction: 'DESC' });
      return ids[0] ?? 0;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return (await this.all()).at(-1) ?? 0;
    }
  }

  /** All of them, ascending; none where the newest is known (ids never come back: they are SQLite's AUTOINCREMENT). */
  async newer(known: Id): Promise<Id[]> {
    if ((await this.highest()) <= known) return [];
    return (await this.all()).filter((id) => id > known);
  }

  async all(): Promise<Id[]> {
    const found = new Set<Id>();
    // From the last page to the first: a row that goes moves the later ones to the left, so that those are met twice,
    // never missed.
    const count = await this.count();
    let empty = 0;
    for (let page = Math.ceil(count / idsAtATime); page > 0; page--) {
      try {
        const ids = await this.#page(page, idsAtATime);
        if (ids.length === 0 && ++empty > mostEmpty) throw miscounted(this.#options.kind, count);
        for (const id of ids) found.add(id);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        const told = await this.#fromTables(this.#options.among?.select ?? idsSelect);
        if (told !== undefined) return (JSON.parse(String(told)) as Id[]).sort((a, b) => a - b);
        for (const id of await this.#around(page, idsAtATime, { untold: 0, told: 0 }))
          found.add(id);
      }
    }
    return [...found].sort((a, b) => a - b);
  }

  async #page(page: number, size: number): Promise<Id[]> {
    const { ids } = await this.#listed({ page, per_page: size, sort: 'id', direction: 'ASC' });
    return ids;
  }

  /** A page in halves, down to the record that the server cannot list; its refusal may name it. */
  async #around(page: number, size: number, met: { untold: number; told: number }): Promise<Id[]> {
    try {
      const ids = await this.#page(page, size);
      met.told += ids.length;
      return ids;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (size > 1) {
        return [
          ...(await this.#around(page * 2 - 1, size / 2, met)),
          ...(await this.#around(page * 2, size / 2, met)),
        ];
      }
      const [, named] = /\bid:? (\d+)/.exec(error.refused[0]?.why ?? '') ?? [];
      if (named !== undefined) return [Number(named)];
      if (++met.untold > mostUntold && met.told === 0) throw error;
      const why = error.refused[0]?.why ?? error.message;
      this.#options.refusals.some(this.#options.kind, why);
      return [];
    }
  }

  async #listed(filter: FindFilterType) {
    const { signal, among } = this.#options;
    const variables = { ...among?.variables, filter };
    return idsListed(await this.#server.request(this.#query, variables, { signal }));
  }

  #fromTables(select: (table: string) => string): Promise<unknown> {
    return fromTables(this.#server, this.#options.kind, select, this.#options.signal);
  }
}

/** What a statement says of a kind's table; undefined where the server does not let us ask. */
export async function fromTables(
  server: StashServer,
  kind: Kind,
  select: (table: string) => string,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  try {
    const ask = askOf(server, signal);
    const table = (await layoutOf(ask)).table(origins[kind].table);
    if (table === undefined) return undefined;
    const [row] = await ask(select(table));
    return row?.[0];
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof StowageError) return undefined;
    throw error;
  }
}
