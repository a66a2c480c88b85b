import { DatabaseSync } from 'node:sqlite';
import type { Id } from '../../model/fields.ts';
import { IdSet } from '../../model/idSet.ts';
import { type FieldName, type Kind, kindNames, type Rec } from '../../model/kinds.ts';
import type { Trouble } from '../../model/reading.ts';
import { Layout } from './layout.ts';
import { quoted } from './names.ts';
import { origins, tableRoads } from './roads.ts';
import { OwnedRows, rowsOf } from './rows.ts';
import type { ChildRows, Finding, OwnColumns, Source } from './sources.ts';
import type { Cell, Row } from './values.ts';

const batchSize = 500;

/**
 * Records of every kind from a SQLite file laid out like a Stash database: a snapshot of any version since
 * v0.25, or our mirror of one. Synchronous, for a worker thread: `node:sqlite` is, and 100,000 scenes with
 * everything take 2–4 s.
 */
export class TablesReader {
  readonly troubles: Trouble[] = [];
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
  *records<K extends Kind>(kind: K): Generator<Rec<K>[]> {
    const plan = planOf(kind, this.layout);
    if (!plan) return;
    const trouble = { kind, id: 0, field: '' };
    const finding: Finding = {
      has: (target, id) => this.#idsOf(target).has(id),
      trouble: (why) => this.troubles.push({ ...trouble, why }),
    };
    const children = plan.children.map(({ field, source, sql }) => ({
      field,
      source,
      rows: new OwnedRows(rowsOf(this.#db, sql)),
    }));
    try {
      let batch: Rec<K>[] = [];
      for (const row of rowsOf(this.#db, plan.sql)) {
        const id = row[0] as Id;
        const record: { id: Id; [field: string]: unknown } = { id };
        trouble.id = id;
        for (const { field, source, places } of plan.own) {
          trouble.field = field;
          const value = source.read(cellsAt(row, places), finding);
          if (value !== undefined) record[field] = value;
        }
        for (const { field, source, rows } of children) {
          trouble.field = field;
          const value = source.read(rows.of(id), finding);
          if (value !== undefined) record[field] = value;
        }
        batch.push(record as Rec<K>);
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
    let ids = this.#ids.get(kind);
    if (!ids) {
      ids = new IdSet();
      const table = this.layout.table(origins[kind].table);
      if (table)
        for (const [id] of rowsOf(this.#db, `select id from ${quoted(table)}`)) ids.add(id as Id);
      this.#ids.set(kind, ids);
    }
    return ids;
  }
}

function cellsAt(row: Row, places: number[]): Row {
  return places.length === 1
    ? [row[places[0] as number] as Cell]
    : places.map((at) => row[at] as Cell);
}

/** How to read a kind from this file: a statement for its own rows, and one for each table that names them. */
interface Plan {
  sql: string;
  own: { field: string; source: OwnColumns<unknown>; places: number[] }[];
  children: { field: string; source: ChildRows<unknown>; sql: string }[];
}

function planOf(kind: Kind, layout: Layout): Plan | undefined {
  const origin = origins[kind];
  const table = layout.table(origin.table);
  if (!table) return undefined;
  const plan: Plan = { sql: '', own: [], children: [] };
  const selected = ['self.id'];
  for (const [field, source] of sourcesOf(kind, layout)) {
    if ('table' in source) {
      plan.children.push({ field, source, sql: childSql(source, layout) });
    } else {
      const places = source.columns.map((column) => {
        const [name, of] = column.name.split('.').reverse() as [string, string?];
        const real = layout.column(of ?? origin.table, name);
        const plain = real ? `${of ?? 'self'}.${quoted(real)}` : 'null';
        const sql = column.as?.(plain) ?? plain;
        const at = selected.indexOf(sql);
        return at < 0 ? selected.push(sql) - 1 : at;
      });
      plan.own.push({ field, source, places });
    }
  }
  const joins = Object.entries(origin.joins ?? {}).map(
    ([other, [key, column]]) => `left join ${quoted(other)} on ${other}.${key} = self.${column}`,
  );
  plan.sql = `select ${selected.join(', ')} from ${quoted(table)} self ${joins.join(' ')} order by self.id`;
  return plan;
}

function childSql(source: ChildRows<unknown>, layout: Layout): string {
  const real = (name: string) => quoted(layout.column(source.table, name) ?? name);
  const owner = real(source.owner);
  const selected = source.columns
    .filter(({ name }) => layout.column(source.table, name))
    .map(({ name, as }) => as?.(real(name)) ?? real(name));
  const order = (source.order ?? source.columns.map(({ name }) => name)).map((term) => {
    const [name, direction = ''] = term.split(' ') as [string, string?];
    return layout.column(source.table, name) ? `${real(name)} ${direction}` : '1';
  });
  const where = source.where ? `where ${real(source.where)}` : '';
  return `select ${[owner, ...selected].join(', ')} from ${quoted(layout.table(source.table) ?? '')} ${where} order by ${[owner, ...order].join(', ')}`;
}

/** Each field that the file can tell, with the first of its sources that is there. */
function sourcesOf<K extends Kind>(kind: K, layout: Layout): [FieldName<K>, Source<unknown>][] {
  const road = Object.entries(tableRoads[kind]) as [
    FieldName<K>,
    Source<unknown> | readonly Source<unknown>[] | 'unknown',
  ][];
  return road.flatMap(([field, sources]) => {
    if (sources === 'unknown') return [];
    const found = [sources].flat().find((source) => isThere(source, origins[kind].table, layout));
    return found ? [[field, found] as [FieldName<K>, Source<unknown>]] : [];
  });
}

function isThere(source: Source<unknown>, ownTable: string, layout: Layout): boolean {
  const table = 'table' in source ? source.table : ownTable;
  const needed = source.columns.filter(({ optional }) => !optional).map(({ name }) => name);
  if ('table' in source) needed.push(source.owner, ...(source.where ? [source.where] : []));
  return needed.every((name) => {
    const [column, of] = name.split('.').reverse() as [string, string?];
    return layout.column(of ?? table, column) !== undefined;
  });
}
