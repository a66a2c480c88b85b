import type { ClientBase } from 'pg';
import { inTurn } from './turns.ts';

/** A value as PostgreSQL sends it: text, or NULL. */
export type Cell = string | null;

/**
 * One server-side cursor of the transaction, fetched in batches; several live side by side and are merged. The next
 * batch is on its way while one is being used: else PostgreSQL and we would only ever wait for each other.
 */
export class Cursor {
  readonly #client: ClientBase;
  readonly #name: string;
  #ahead: Promise<Cell[][]> | undefined;
  #rows: Cell[][] = [];
  #at = 0;
  #ended = false;

  private constructor(client: ClientBase, name: string) {
    this.#client = client;
    this.#name = name;
  }

  static async open(client: ClientBase, query: string): Promise<Cursor> {
    const name = `cursor_${++opened}`;
    await inTurn(client, () => client.query(`DECLARE ${name} NO SCROLL CURSOR FOR ${query}`));
    const cursor = new Cursor(client, name);
    cursor.#ahead = cursor.#fetch();
    return cursor;
  }

  /** The next batch of rows; none at the end. */
  async next(): Promise<Cell[][]> {
    const rows = (await this.#ahead) ?? [];
    this.#ahead = rows.length < batchSize ? undefined : this.#fetch();
    return rows;
  }

  #fetch(): Promise<Cell[][]> {
    const fetched = inTurn(this.#client, async () => {
      const { rows } = await this.#client.query<Cell[]>({
        text: `FETCH FORWARD ${batchSize} FROM ${this.#name}`,
        rowMode: 'array',
        types: asText,
      });
      return rows;
    });
    fetched.catch(() => {}); // told to whoever asks for the batch
    return fetched;
  }

  /**
   * For a cursor of (owner, value), ordered by owner: the value of `owner`, if it is among the rows at hand.
   * Undefined means: not at hand (`seek` looks further), or there is none.
   */
  take(owner: number): string | undefined {
    while (this.#at < this.#rows.length) {
      const row = this.#rows[this.#at] as Cell[];
      const found = Number(row[0]);
      if (found > owner) return undefined;
      this.#at++;
      if (found === owner) return row[1] as string;
    }
    return undefined;
  }

  /** The rows at hand are used up, and there may be more. */
  get isSpent(): boolean {
    return !this.#ended && this.#at >= this.#rows.length;
  }

  /** As `take`, fetching more rows where they are needed. Owners must be asked for in ascending order. */
  async seek(owner: number): Promise<string | undefined> {
    while (this.isSpent) {
      this.#rows = await this.next();
      this.#at = 0;
      this.#ended = this.#rows.length === 0;
      const value = this.take(owner);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  async close(): Promise<void> {
    await inTurn(this.#client, () => this.#client.query(`CLOSE ${this.#name}`));
  }
}

/** Several cursors are open at a time, each with a batch in memory. */
const batchSize = 250;
let opened = 0;
/** For a query whose values are to come as PostgreSQL sends them. */
export const asText = { getTypeParser: () => (value: string) => value } as never;

/** `{1,2}` → [1, 2] */
export const nested = (array: string): number[] => JSON.parse(`[${array.slice(1, -1)}]`);

/** PostgreSQL's text form of a text[]: `{a,"b \"c\"",""}`. No NULL inside: the columns have none. */
export function parseTextArray(text: string): string[] {
  if (text === '{}') return [];
  const values: string[] = [];
  let at = 1;
  while (at < text.length) {
    if (text[at] === '"') {
      let value = '';
      for (at++; text[at] !== '"'; at++) {
        if (text[at] === '\\') at++;
        value += text[at];
      }
      values.push(value);
      at++;
    } else {
      const end = text.slice(at).search(/[,}]/) + at;
      values.push(text.slice(at, end));
      at = end;
    }
    at++;
  }
  return values;
}
