import type { DatabaseSync } from 'node:sqlite';
import { kindNames } from '../../model/kinds.ts';
import type { Layout } from './layout.ts';
import { bucketOf, type Mirrored } from './mirrored.ts';
import { quoted } from './names.ts';
import { ownTables } from './ownTables.ts';
import { origins } from './roads.ts';

const table = quoted(ownTables.fresh);

/**
 * Records whose `updated_at` lies in the last second before they were read: changed again in that second, they have the
 * same one, and a digest might not tell. Their buckets, in their own table and in those of what they own, are read
 * again the next time.
 */
export class Fresh {
  readonly #db: DatabaseSync;
  readonly #layout: Layout;
  readonly #owned: ReadonlyMap<string, readonly Mirrored[]>;

  /** `owned` tells which tables belong to a record of another (`ownedTables`). */
  constructor(db: DatabaseSync, layout: Layout, owned: ReadonlyMap<string, readonly Mirrored[]>) {
    this.#db = db;
    this.#layout = layout;
    this.#owned = owned;
  }

  /** By the names of the tables. */
  buckets(): Map<string, number[]> {
    const found = new Map<string, number[]>();
    for (const { name, bucket } of this.#db.prepare(`select * from ${table}`).all()) {
      const buckets = found.get(String(name)) ?? [];
      buckets.push(Number(bucket));
      found.set(String(name), buckets);
    }
    return found;
  }

  /** Notes them anew, of a reading that began at this second of the server's clock. */
  note(now: number): void {
    this.#db.exec(`delete from ${table}`);
    const insert = this.#db.prepare(`insert or ignore into ${table} values (?, ?)`);
    for (const kind of kindNames) {
      const own = this.#layout.table(origins[kind].table);
      if (own === undefined) continue;
      const buckets = this.#bucketsOf(own, now);
      const names = [own, ...(this.#owned.get(own) ?? []).map(({ name }) => name)];
      for (const name of names) for (const bucket of buckets) insert.run(name, bucket);
    }
  }

  #bucketsOf(own: string, now: number): Set<number> {
    if (!this.#layout.tables.get(own)?.has('updated_at')) return new Set();
    const rows = this.#db
      .prepare(`select id from ${quoted(own)} where unixepoch(updated_at) >= ?`)
      .all(now - 1);
    return new Set(rows.map(({ id }) => bucketOf(Number(id))));
  }
}
