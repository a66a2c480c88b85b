import { type Kind, kindNames } from '../../model/kinds.ts';
import type { Layout } from './layout.ts';
import type { Mirrored } from './mirrored.ts';
import { sourcesOf } from './plan.ts';
import { origins } from './roads.ts';

/** What is noted as touched: a record, or a folder, which concerns whatever lies in it. */
export type Touchable = Kind | 'folder';

/** A row concerns a record (or folder): the one whose id is in this column. */
export interface Concern {
  what: Touchable;
  /** The column's place in the row. */
  at: number;
  /** Whether the row is that record itself, so that it comes and goes with it. */
  isItself: boolean;
}

/** For each table of the mirror, which records its rows concern: those that are read from them (`roads.ts`). */
export function concernsOf(layout: Layout, tables: readonly Mirrored[]): Map<string, Concern[]> {
  const found = new Map<string, Concern[]>(tables.map(({ name }) => [name, []]));
  const byName = new Map(tables.map((table) => [table.name, table]));
  const add = (table: string, column: string, what: Touchable, isItself = false): void => {
    const name = layout.table(table);
    const real = layout.column(table, column);
    const at = byName.get(name ?? '')?.columns.findIndex((c) => c.name === real) ?? -1;
    const concerns = found.get(name ?? '');
    if (at < 0 || !concerns || concerns.some((c) => c.what === what && c.at === at)) return;
    concerns.push({ what, at, isItself });
  };
  add('folders', 'id', 'folder');
  for (const kind of kindNames) {
    const { table, joins = {} } = origins[kind];
    add(table, 'id', kind, true);
    for (const [other, [key, column]] of Object.entries(joins)) {
      if (column === 'id') add(other, key, kind);
    }
    for (const [, source] of sourcesOf(kind, layout)) {
      if ('table' in source) add(source.table, source.owner, kind);
    }
  }
  return found;
}
