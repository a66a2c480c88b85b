import type { FieldName, Kind } from '../../model/kinds.ts';
import { literalOf } from '../../model/literal.ts';
import type { Layout } from './layout.ts';
import { quoted } from './names.ts';
import { origins, tableRoads } from './roads.ts';
import type { ChildRows, OwnColumns, Source } from './sources.ts';
import type { Row } from './values.ts';

/** How to read a kind from this file: a statement for its own rows, and one for each table that names them. */
interface Plan {
  sql: string;
  /** `places` says where in a row of that statement the source's columns are; `cells` is filled from there. */
  own: { field: string; source: OwnColumns<unknown>; places: number[]; cells: Row }[];
  children: { field: string; source: ChildRows<unknown>; sql: string }[];
  /** A record of its id, the values of `own` and those of `children`, in this order. */
  record: (values: readonly unknown[]) => object;
}

/** Of all records, or (`some`) of those whose ids are in the JSON array that each statement is given. */
export function planOf(kind: Kind, layout: Layout, range: 'all' | 'some'): Plan | undefined {
  const origin = origins[kind];
  const table = layout.table(origin.table);
  if (!table) return undefined;
  const plan: Plan = { sql: '', own: [], children: [], record: Object };
  const selected = ['self.id'];
  for (const [field, source] of sourcesOf(kind, layout)) {
    if ('table' in source) {
      plan.children.push({ field, source, sql: childSql(source, layout, range) });
    } else {
      const places = source.columns.map((column) => {
        const [name, of] = column.name.split('.').reverse() as [string, string?];
        const real = layout.column(of ?? origin.table, name);
        const plain = real ? `${of ?? 'self'}.${quoted(real)}` : 'null';
        const sql = column.as?.(plain) ?? plain;
        const at = selected.indexOf(sql);
        return at < 0 ? selected.push(sql) - 1 : at;
      });
      plan.own.push({ field, source, places, cells: [] });
    }
  }
  const joins = Object.entries(origin.joins ?? {}).map(
    ([other, [key, column]]) => `left join ${quoted(other)} on ${other}.${key} = self.${column}`,
  );
  const where = range === 'some' ? `where self.id ${given}` : '';
  plan.sql = `select ${selected.join(', ')} from ${quoted(table)} self ${joins.join(' ')} ${where} order by self.id`;
  const fields = [...plan.own, ...plan.children].map(({ field }) => field);
  plan.record = literalOf(['id', ...fields]);
  return plan;
}

const given = 'in (select value from json_each(?))';

function childSql(source: ChildRows<unknown>, layout: Layout, range: 'all' | 'some'): string {
  const real = (name: string) => quoted(layout.column(source.table, name) ?? name);
  const owner = real(source.owner);
  const selected = source.columns
    .filter(({ name }) => layout.column(source.table, name))
    .map(({ name, as }) => as?.(real(name)) ?? real(name));
  const order = (source.order ?? source.columns.map(({ name }) => name)).map((term) => {
    const [name, direction = ''] = term.split(' ') as [string, string?];
    return layout.column(source.table, name) ? `${real(name)} ${direction}` : '1';
  });
  const conditions = [
    ...(range === 'some' ? [`${owner} ${given}`] : []),
    ...(source.where ? [real(source.where)] : []),
  ];
  const where = conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
  return `select ${[owner, ...selected].join(', ')} from ${quoted(layout.table(source.table) ?? '')} ${where} order by ${[owner, ...order].join(', ')}`;
}

/** Each field that the file can tell, with the first of its sources that is there. */
export function sourcesOf<K extends Kind>(
  kind: K,
  layout: Layout,
): [FieldName<K>, Source<unknown>][] {
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
