import type { ClientBase } from 'pg';
import { importTables, linksTable } from './layout.ts';

/**
 * Tells PostgreSQL anew what it holds, to plan by: what a run has written since counts for nothing until then, and
 * autovacuum, where it is on at all, may come when the run is over.
 */
export async function analyze(client: ClientBase, tables: readonly string[]): Promise<void> {
  // A fifth of the usual sample: rows of one source are alike, and the whole sample costs as much as half the indexes.
  await client.query('SET LOCAL default_statistics_target = 20');
  await client.query(`ANALYZE ${tables.join(', ')}`);
}

/** Keeps count of what a run writes, and has PostgreSQL look each time that it is twice as much as before. */
export class Statistics {
  readonly #client: ClientBase;
  #written = 0;
  #next = 5000;
  #tables: readonly string[] = [linksTable];

  constructor(client: ClientBase) {
    this.#client = client;
  }

  /** So many more records were linked, or made: between two transactions. */
  async note(records: number, areNew: boolean): Promise<void> {
    this.#written += records;
    if (areNew) this.#tables = [...importTables, linksTable];
    if (this.#written < this.#next) return;
    this.#next = this.#written * 2;
    await this.#client.query('BEGIN');
    try {
      await analyze(this.#client, this.#tables);
      await this.#client.query('COMMIT');
    } catch (error) {
      await this.#client.query('ROLLBACK').catch(() => {});
      throw error;
    }
    this.#tables = [linksTable];
  }
}
