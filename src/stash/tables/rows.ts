import type { DatabaseSync } from 'node:sqlite';
import type { Id } from '../../model/fields.ts';
import type { Row } from './values.ts';

const none: Row[] = [];

/**
 * The rows of a child table, ordered by the record that owns them, taken in step with those records: the merge
 * of ordered cursors that reads 100,000 scenes with everything in 2–4 s, where a sub-query per scene took 17
 * (stack-facts.md).
 */
export class OwnedRows {
  readonly #rows: Iterator<Row>;
  #next: Row | undefined;

  constructor(rows: Iterator<Row>) {
    this.#rows = rows;
    this.#advance();
  }

  /** The rows of this owner; each owner asked for must be greater than the last. Rows of no one are passed over. */
  of(owner: Id): Row[] {
    while (this.#next && !((this.#next[0] as Id) >= owner)) this.#advance();
    if (this.#next?.[0] !== owner) return none;
    const found: Row[] = [];
    while (this.#next && this.#next[0] === owner) {
      found.push(this.#next);
      this.#advance();
    }
    return found;
  }

  close(): void {
    this.#rows.return?.();
  }

  #advance(): void {
    const { value, done } = this.#rows.next();
    this.#next = done ? undefined : value;
  }
}

/** Rows as arrays: several times faster than as objects. */
export function rowsOf(db: DatabaseSync, sql: string): IterableIterator<Row> & Iterator<Row> {
  const statement = db.prepare(sql);
  statement.setReturnArrays(true);
  return statement.iterate() as unknown as IterableIterator<Row>;
}
