import { kindNames } from '../../model/kinds.ts';
import type { Layout } from './layout.ts';
import { origins, tableRoads } from './roads.ts';
import { countSelect, filledSelect } from './selects.ts';
import type { Source } from './sources.ts';

/** What becomes of a column: a record's field carries it, or why none does. */
export type Fate = { carriedBy: string } | { ignored: string };

const scanned = 'what the server found on disk; a scan of the same folder finds it again';
const inPath = 'the folder’s path tells it';

/** Columns that no field of a record is read from. Names are the newest, as everywhere (see `Layout`). */
const beside: { readonly [table: string]: { readonly [column: string]: Fate } } = {
  blobs: {
    checksum: { carriedBy: 'pictures' },
    blob: { carriedBy: 'pictures' },
  },
  folders: {
    basename: { ignored: inPath },
    parent_folder_id: { ignored: inPath },
    zip_file_id: { ignored: inPath },
    mod_time: { ignored: scanned },
    created_at: { ignored: scanned },
    updated_at: { ignored: scanned },
  },
  schema_migrations: {
    version: { carriedBy: 'SourceProfile.schema' },
    dirty: { ignored: 'whether a migration broke off: the server does not start then' },
  },
};

/** Every table that we know, and each of its columns, by their newest names. */
export const coverage: ReadonlyMap<string, ReadonlyMap<string, Fate>> = tableCoverage();

function tableCoverage(): Map<string, Map<string, Fate>> {
  const tables = new Map<string, Map<string, Fate>>();
  const add = (table: string, column: string, fate: Fate): void => {
    const columns = tables.get(table) ?? new Map<string, Fate>();
    if (!columns.has(column)) columns.set(column, fate);
    tables.set(table, columns);
  };
  for (const kind of kindNames) {
    const { table, joins = {} } = origins[kind];
    const carriedBy = `${kind}.id`;
    add(table, 'id', { carriedBy });
    for (const [other, [key, column]] of Object.entries(joins)) {
      add(other, key, { carriedBy });
      add(table, column, { carriedBy });
    }
    for (const [field, sources] of Object.entries(tableRoads[kind])) {
      for (const source of [sources as Source<unknown> | Source<unknown>[] | 'unknown'].flat()) {
        if (source === 'unknown') continue;
        for (const name of columnsOf(source)) {
          const [column, of] = name.split('.').reverse() as [string, string?];
          const from = 'table' in source ? source.table : table;
          add(of ?? from, column, { carriedBy: `${kind}.${field}` });
        }
      }
    }
  }
  for (const [table, columns] of Object.entries(beside)) {
    for (const [column, fate] of Object.entries(columns)) add(table, column, fate);
  }
  return tables;
}

function columnsOf(source: Source<unknown>): string[] {
  const columns = source.columns.map(({ name }) => name);
  if (!('table' in source)) return columns;
  const order = (source.order ?? []).map((term) => term.split(' ')[0] as string);
  return [source.owner, ...columns, ...order, ...(source.where ? [source.where] : [])];
}

/** A table or column that we know nothing about, and a statement that counts the rows with something in it. */
export interface Unknown {
  what: string;
  /** Null for a column, whose table we read. */
  table: string | null;
  select: string;
}

/** What a file or server has beside the tables and columns that we know. */
export function unknownIn(layout: Layout): Unknown[] {
  const known = knownIn(layout);
  const unknown: Unknown[] = [];
  for (const [table, columns] of layout.tables) {
    const ours = known.get(table);
    if (!ours) unknown.push({ what: `table ${table}`, table, select: countSelect(table) });
    for (const column of ours ? columns.keys() : []) {
      if (ours?.has(column)) continue;
      const select = filledSelect(table, column);
      unknown.push({ what: `column ${table}.${column}`, table: null, select });
    }
  }
  return unknown;
}

/** The tables and columns that we know, by the names that they have here. */
export function knownIn(layout: Layout): Map<string, Set<string>> {
  const known = new Map<string, Set<string>>();
  for (const [name, columns] of coverage) {
    const table = layout.table(name);
    if (table === undefined) continue;
    const there = [...columns.keys()].flatMap((column) => layout.column(name, column) ?? []);
    known.set(table, new Set(there));
  }
  return known;
}
