import { DatabaseSync } from 'node:sqlite';
import type { Id, Instant } from '../../model/fields.ts';
import { IdSet } from '../../model/idSet.ts';
import { type Kind, kindNames, type Rec } from '../../model/kinds.ts';
import { withoutUnknown } from '../../model/literal.ts';
import type { Trouble } from '../../model/reading.ts';
import { Layout } from './layout.ts';
import { quoted } from './names.ts';
import { hasTable, ownTables } from './ownTables.ts';
import { planOf } from './plan.ts';
import { origins } from './roads.ts';
import { OwnedRows, rowsOf } from './rows.ts';
import type { Finding } from './sources.ts';
import { type Cell, instant, type Row } from './values.ts';

// Small: what is alive when the young generation is collected grows old, and old garbage stays long. Batches of 500
// took 60 MB more than these.
const batchSize = 20;

/** SQLite counts from 1. What JavaScript cannot hold exactly comes as a text. */
const isId = (cell: unknown): cell is Id => Number.isSafeInteger(cell) && (cell as number) > 0;

/**
 * Records of every kind from a SQLite file laid out like a Stash database: a snapshot of any version since
 * v0.25, or our mirror of one. Synchronous, for a worker thread: `node:sqlite` is, and 100,000 scenes with
 * everything take 2–4 s.
 */
export class TablesReader {
  /** What could not be read of the kinds read so far. */
  troubles: Trouble[] = [];
  readonly layout: Layout;
  readonly #db: DatabaseSync;
  readonly #ids = new Map<Kind, IdSet>();

  constructor(path: string) {
    this.#db = new DatabaseSync(path, { readOnly: true });
    this.layout = Layout.of(this.#db);
  }

  counts(): { [K in Kind]: number } {
    const count = (kind: Kind): number => {
      const table = this.layout.table(origins[kind].table);
      if (!table) return 0;
      return this.#db.prepare(`select count(*) n from ${quoted(table)}`).get()?.n as number;
    };
    return Object.fromEntries(kindNames.map((kind) => [kind, count(kind)])) as never;
  }

  /** Batches of records, ascending by id, each id once. A field that the file cannot tell is absent. */
  records<K extends Kind>(kind: K): Generator<Rec<K>[]> {
    this.troubles = this.troubles.filter((trouble) => trouble.kind !== kind);
    return this.#read(kind, planOf(kind, this.layout, 'all'), []);
  }

  /** Null where a row has a number that no Stash gives, or that of another: `records` tells of these. */
  ids(kind: Kind): Id[] | null {
    const ids: Id[] = [];
    for (const [id] of this.#numbers(kind)) {
      if (!isId(id) || id <= (ids.at(-1) ?? 0)) return null;
      ids.push(id);
    }
    return ids;
  }

  /** The same of just these records. Those that are not there are left out. */
  some<K extends Kind>(kind: K, ids: readonly Id[]): Generator<Rec<K>[]> {
    const asked = new Set(ids);
    this.troubles = this.troubles.filter((t) => t.kind !== kind || !asked.has(t.id));
    return this.#read(kind, planOf(kind, this.layout, 'some'), [JSON.stringify(ids)]);
  }

  /** The highest number ever given to each kind's records; 0 where there was none. */
  highest(): { [K in Kind]?: Id } {
    const given = new Map<unknown, number>();
    for (const table of ['sqlite_sequence', ownTables.sequences]) {
      const sql = `select name, seq from ${quoted(table)}`;
      const rows = hasTable(this.#db, table) ? rowsOf(this.#db, sql) : [];
      for (const [name, highest] of rows) given.set(name, Number(highest));
    }
    const highest = (kind: Kind): [Kind, Id][] => {
      const table = this.layout.table(origins[kind].table);
      if (!table) return [];
      const [row] = rowsOf(this.#db, `select max(id) from ${quoted(table)}`);
      return [[kind, Math.max(given.get(table) ?? 0, Number(row?.[0] ?? 0))]];
    };
    return Object.fromEntries(kindNames.flatMap(highest));
  }

  created(kind: Kind, ids: readonly Id[]): Map<Id, Instant> {
    const found = new Map<Id, Instant>();
    const table = this.layout.table(origins[kind].table);
    if (!table || !this.layout.tables.get(table)?.has('created_at')) return found;
    const sql = `select id, created_at from ${quoted(table)} where id in (select value from json_each(?))`;
    for (const [id, cell] of rowsOf(this.#db, sql, [JSON.stringify(ids)])) {
      const at = instant(cell as Cell);
      if (at !== undefined) found.set(id as Id, at);
    }
    return found;
  }

  *#read<K extends Kind>(
    kind: K,
    plan: ReturnType<typeof planOf>,
    args: readonly string[],
  ): Generator<Rec<K>[]> {
    if (!plan) return;
    const trouble = { kind, id: 0, field: '' };
    const finding: Finding = {
      has: (target, id) => this.#idsOf(target).has(id),
      trouble: (why) => this.troubles.push({ ...trouble, why }),
    };
    const children = plan.children.map(({ field, source, sql }) => ({
      field,
      source,
      rows: new OwnedRows(rowsOf(this.#db, sql, args)),
    }));
    try {
      let batch: Rec<K>[] = [];
      let last: Id = 0;
      const values: unknown[] = [];
      for (const row of rowsOf(this.#db, plan.sql, args)) {
        const id = row[0] as Id;
        if (!isId(id) || id <= last) {
          const why = `left out: its number is ${JSON.stringify(id)}, which ${isId(id) ? 'another has, too' : 'no Stash gives'}`;
          this.troubles.push({ kind, id: 0, field: null, why });
          continue;
        }
        last = id;
        trouble.id = id;
        let at = 0;
        values[at++] = id;
        for (const { field, source, places, cells } of plan.own) {
          trouble.field = field;
          // One array for all records: a new one for each field of each cost a second of four.
          for (let i = 0; i < places.length; i++) cells[i] = row[places[i] as number] as Cell;
          values[at++] = source.read(cells, finding);
        }
        for (const { field, source, rows } of children) {
          trouble.field = field;
          values[at++] = source.read(rows.of(id), finding);
        }
        const record = plan.record(values) as Rec<K>;
        batch.push(values.includes(undefined) ? withoutUnknown(record) : record);
        if (batch.length === batchSize) {
          yield batch;
          batch = [];
        }
      }
      if (batch.length > 0) yield batch;
    } finally {
      for (const { rows } of children) rows.close();
    }
  }

  close(): void {
    this.#db.close();
  }

  #idsOf(kind: Kind): IdSet {
    const known = this.#ids.get(kind);
    if (known) return known;
    const ids = new IdSet();
    for (const [id] of this.#numbers(kind)) if (isId(id)) ids.add(id);
    this.#ids.set(kind, ids);
    return ids;
  }

  #numbers(kind: Kind): Iterable<Row> {
    const table = this.layout.table(origins[kind].table);
    return table ? rowsOf(this.#db, `select id from ${quoted(table)} order by id`) : [];
  }
}
