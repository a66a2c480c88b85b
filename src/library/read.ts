import type { ClientBase } from 'pg';
import type { StashIds } from '../model/fields.ts';
import { type Kind, kindNames, type Rec } from '../model/kinds.ts';
import { literalOf, withoutUnknown } from '../model/literal.ts';
import { parseJson } from '../model/records.ts';
import { mapFilterIds } from '../model/savedFilterIds.ts';
import type { Boxes } from '../model/stashBoxes.ts';
import { decodeColumn, decodeRelation, emptyRelation } from './cells.ts';
import { type Cell, Cursor, nested } from './cursor.ts';
import {
  type Column,
  kindNumber,
  ownerColumn,
  type StoredField,
  storedFields,
  tableOf,
} from './layout.ts';
import { listSources, type Source } from './sources.ts';
import { boxesOf } from './stashBoxes.ts';

/**
 * The library's records as one source knows them: values from `qar`, translated into that source's ids; the
 * source's own facts from its links. Of a base only that is read how the source writes the addresses of stash-boxes. Fields
 * that the source never told are absent; a picture that was to be brought and is not in the store is none.
 */
export class LibraryRecords {
  readonly #clients: readonly [ClientBase, ...ClientBase[]];
  readonly #source: Source;
  /** Where other sources may write the addresses of stash-boxes in another way. */
  readonly #boxes: Boxes | undefined;
  readonly #opened = new Map<Kind, Promise<Rows>>();

  /** In transactions that have begun. */
  constructor(
    clients: readonly [ClientBase, ...ClientBase[]],
    source: Source,
    boxes?: Boxes | undefined,
  ) {
    this.#clients = clients;
    this.#source = source;
    this.#boxes = boxes;
  }

  /**
   * Each client gets a transaction of its own (REPEATABLE READ): the cursors live in it. All of them see one moment.
   * PostgreSQL sorts all of a kind before it gives its first row; each client after the first lets it begin with one
   * kind more ahead of its turn.
   */
  static async begin(
    clients: readonly [ClientBase, ...ClientBase[]],
    source: Source,
  ): Promise<LibraryRecords> {
    const [first, ...others] = clients;
    await begin(first);
    if (others.length > 0) {
      const { rows } = await first.query('SELECT pg_export_snapshot() AS moment');
      for (const client of others) await begin(client, rows[0].moment);
    }
    const isOnly = (await listSources(first)).length === 1;
    return new LibraryRecords(clients, source, isOnly ? undefined : await boxesOf(first, source));
  }

  async end(): Promise<void> {
    for (const client of this.#clients) await client.query('COMMIT');
  }

  async counts(): Promise<{ [K in Kind]: number }> {
    const counts = Object.fromEntries(kindNames.map((kind) => [kind, 0])) as {
      [K in Kind]: number;
    };
    for (const kind of kindNames) {
      const { rows } = await this.#clients[0].query(
        `SELECT count(*)::int AS count FROM stowage.links l JOIN qar.${tableOf(kind)} r ON r.id = l.library_id
          WHERE l.source_id = $1 AND l.kind = $2 AND r.deleted_at IS NULL`,
        [this.#source.id, kindNumber[kind]],
      );
      counts[kind] = rows[0].count;
    }
    return counts;
  }

  /** The kind's rows, and, on the other connections, those of the kinds after it. */
  async #rows(kind: Kind): Promise<Rows> {
    const place = kindNames.indexOf(kind);
    for (const next of kindNames.slice(place, place + this.#clients.length)) {
      if (this.#opened.has(next)) continue;
      const client = this.#clients[kindNames.indexOf(next) % this.#clients.length] as ClientBase;
      const rows = this.#open(next, client);
      rows.catch(() => {}); // told to whoever asks for the records
      this.#opened.set(next, rows);
    }
    const rows = this.#opened.get(kind) as Promise<Rows>;
    this.#opened.delete(kind);
    return rows;
  }

  async #open(kind: Kind, client: ClientBase): Promise<Rows> {
    const known = new Set<string>(this.#source.known[kind] ?? []);
    const fields = storedFields[kind].filter(({ name, fact }) => known.has(name) && !fact);
    const columns = fields.filter(({ storage }) => storage.in === 'column');
    const main = await Cursor.open(client, this.#mainQuery(kind, columns));
    const children: Rows['children'] = [];
    for (const field of fields.filter(({ storage }) => storage.in !== 'column')) {
      children.push({ field, cursor: await Cursor.open(client, this.#childQuery(kind, field)) });
    }
    return { columns, main, children };
  }

  /** Batches in the order of the source's ids. */
  async *records<K extends Kind>(kind: K): AsyncGenerator<Rec<K>[]> {
    const { columns, main, children } = await this.#rows(kind);
    const facts = storedFields[kind].filter(({ fact }) => fact).map(({ name }) => name);
    const names = [...columns, ...children.map(({ field }) => field)].map(({ name }) => name);
    const recordOf = literalOf(['id', ...names, ...facts]);
    const values: unknown[] = [];
    for (;;) {
      const rows = await main.next();
      if (rows.length === 0) break;
      const records: Rec<K>[] = [];
      for (const row of rows) {
        const id = Number(row[0]);
        let at = 0;
        values[at++] = id;
        for (const { shape } of columns) {
          values[at] = decode[shape as keyof typeof decode](row[at] as Cell);
          at++;
        }
        for (const { field, cursor } of children) {
          const child = cursor.take(id) ?? (cursor.isSpent ? await cursor.seek(id) : undefined);
          values[at++] =
            child === undefined ? emptyRelation(field) : decodeChild(field, child, this.#boxes);
        }
        const told = parseJson(row[columns.length + 1] as string) as { [fact: string]: unknown };
        for (const fact of facts) values[at++] = told[fact];
        const record = recordOf(values) as Rec<K>;
        records.push(values.includes(undefined) ? withoutUnknown(record) : record);
      }
      if (kind === 'savedFilter') await this.#filtersToSource(records as Rec<'savedFilter'>[]);
      yield records;
    }
    await main.close();
    for (const { cursor } of children) await cursor.close();
  }

  #mainQuery(kind: Kind, fields: readonly StoredField[]): string {
    const source = this.#source.id;
    const joins: string[] = [];
    const selected = fields.map((field, i) => {
      const column = `r.${(field.storage as Column).column}`;
      if (field.shape === 'picture' && this.#source.pictures === 'all') {
        return `(SELECT held.md5 FROM qar.pictures held WHERE held.md5 = ${column})`;
      }
      if (field.shape !== 'ref') return column;
      const alias = `ref${i}`;
      joins.push(
        `LEFT JOIN stowage.links ${alias} ON ${alias}.library_id = ${column}
           AND ${alias}.source_id = ${source} AND ${alias}.kind = ${kindNumber[field.target as Kind]}`,
      );
      return `${alias}.remote_id`;
    });
    return `SELECT ${['l.remote_id', ...selected, 'l.facts::text'].join(', ')}
      FROM stowage.links l JOIN qar.${tableOf(kind)} r ON r.id = l.library_id ${joins.join(' ')}
      WHERE l.source_id = ${source} AND l.kind = ${kindNumber[kind]} AND r.deleted_at IS NULL
      ORDER BY l.remote_id`;
  }

  /** One row for each owner that has any: its id, and what it has as an array. */
  #childQuery(kind: Kind, field: StoredField): string {
    const source = this.#source.id;
    const { storage } = field;
    if (storage.in === 'column') throw new Error(`${kind}.${field.name} is a column`);
    const from = `FROM stowage.links l JOIN qar.${storage.table} c ON c.${ownerColumn[kind]} = l.library_id`;
    const where = `WHERE l.source_id = ${source} AND l.kind = ${kindNumber[kind]}`;
    const by = 'GROUP BY l.remote_id ORDER BY l.remote_id';
    switch (storage.in) {
      case 'join': {
        const target = `JOIN stowage.links t ON t.library_id = c.${storage.target}
          AND t.source_id = ${source} AND t.kind = ${kindNumber[field.target as Kind]}`;
        const value =
          storage.extra.length === 0
            ? 'array_agg(t.remote_id ORDER BY t.remote_id)::text'
            : `json_agg(json_build_array(t.remote_id, ${storage.extra.map((name) => `c.${name}`).join(', ')})
                 ORDER BY t.remote_id)::text`;
        return `SELECT l.remote_id, ${value} ${from} ${target} ${where} ${by}`;
      }
      case 'stashIds': {
        const ids = `json_agg(json_build_array(c.endpoint, c.stash_id, c.updated_at)
          ORDER BY c.endpoint COLLATE "C", c.stash_id COLLATE "C")`;
        if (!this.#boxes) return `SELECT l.remote_id, ${ids}::text ${from} ${where} ${by}`;
        return `SELECT l.remote_id, json_build_array(${ids}, l.base -> 'stashIds')::text ${from} ${where}
          GROUP BY l.source_id, l.kind, l.remote_id ORDER BY l.remote_id`;
      }
      case 'voyages':
        return `SELECT l.remote_id, array_agg((extract(epoch FROM c.at) * 1000000)::bigint ORDER BY c.at)::text
          ${from} ${where} AND c.what = '${storage.what}' ${by}`;
      case 'fingerprints':
        throw new Error('fingerprints are facts, and read from the links');
    }
  }

  /** Ids inside saved filters back into the source's. */
  async #filtersToSource(filters: Rec<'savedFilter'>[]): Promise<void> {
    const named: string[] = [];
    for (const { mode, objectFilter } of filters) {
      mapFilterIds(mode ?? '', objectFilter ?? null, (_, id) => {
        if (uuid.test(id)) named.push(id);
        return id;
      });
    }
    const { rows } = await this.#clients[0].query<{ library: string; remote: string }>(
      `SELECT library_id AS library, remote_id AS remote FROM stowage.links
        WHERE source_id = $1 AND library_id = ANY ($2::uuid[])`,
      [this.#source.id, named],
    );
    const remote = new Map(rows.map((row) => [row.library, row.remote]));
    for (const filter of filters) {
      if (filter.objectFilter === undefined) continue;
      filter.objectFilter = mapFilterIds(
        filter.mode ?? '',
        filter.objectFilter,
        (_, id) => remote.get(id) ?? id,
      );
    }
  }
}

/** The cursors of a kind: its own table's, and one for each relation. */
interface Rows {
  columns: readonly StoredField[];
  main: Cursor;
  children: { field: StoredField; cursor: Cursor }[];
}

async function begin(client: ClientBase, moment?: string): Promise<void> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  if (moment !== undefined) await client.query(`SET TRANSACTION SNAPSHOT '${moment}'`);
  // Whole tables are read: plan for the last row, not the first, and sort relations in memory. A merge with links
  // would read those of every kind, base and facts with them.
  await client.query(
    `SET LOCAL cursor_tuple_fraction = 1; SET LOCAL enable_mergejoin = off;
     SET LOCAL work_mem = '64MB'; SET LOCAL jit = off`,
  );
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A column's text, as PostgreSQL sends it, as the field's value. */
const decode = { ...decodeColumn, ref: decodeColumn.integer };

function decodeChild(field: StoredField, text: string, boxes: Boxes | undefined): unknown {
  if (field.shape === 'refs') return nested(text);
  if (field.shape !== 'stashIds' || !boxes) return decodeRelation(field, text);
  const [rows, written] = JSON.parse(text) as [unknown, StashIds | null];
  const ids = decodeRelation(field, JSON.stringify(rows)) as StashIds;
  return boxes.respelled(ids, written ?? {}, (endpoint) => boxes.spell(endpoint));
}
