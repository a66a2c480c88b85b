import type { Id, Instant, Json, PartialDate, SubGroup } from '../../model/fields.ts';
import type { FieldName, Fields, Kind, ValueOf } from '../../model/kinds.ts';
import type { Cell, Row } from './values.ts';
import * as values from './values.ts';

/** What reading a field may ask and say while it looks at one record. */
export interface Finding {
  /** Whether the file has a record of this kind and id. */
  has(kind: Kind, id: Id): boolean;
  /** Says that something of this field cannot be brought, and why. */
  trouble(why: string): void;
}

/** A column: its newest name (`folders.path` for one of a joined table), and how to ask for its value. */
interface Column {
  readonly name: string;
  /** SQL around the column, for values that JavaScript cannot hold as they are. */
  readonly as?: (column: string) => string;
  /** Without an optional column a field can still be told; its cell is then null or undefined. */
  readonly optional?: true;
}

/** A field told by columns of the record's own row. */
export interface OwnColumns<T> {
  readonly columns: readonly Column[];
  /** Their values, in their order. Undefined: not known after all. */
  read(cells: Row, finding: Finding): T | undefined;
}

/** A field told by the rows of another table that name the record. */
export interface ChildRows<T> {
  readonly table: string;
  /** The column that names the record. */
  readonly owner: string;
  /** Their order within one record is that of the columns, or as given here. */
  readonly columns: readonly Column[];
  readonly order?: readonly string[];
  /** A flag column that must be set. */
  readonly where?: string;
  /** The first cell of each row is the owner. */
  read(rows: Row[], finding: Finding): T | undefined;
}

export type Source<T> = OwnColumns<T> | ChildRows<T>;

/** Says of every field of a kind where it comes from; of several sources, the first that the file has. */
export type TablesRoad<K extends Kind> = {
  [F in FieldName<K>]:
    | Source<ValueOf<Fields<K>[F]>>
    | readonly Source<ValueOf<Fields<K>[F]>>[]
    | 'unknown';
};

function own<T>(name: string, read: (cell: Cell, finding: Finding) => T | undefined) {
  const source: OwnColumns<T> = {
    columns: [{ name }],
    read: (cells, finding) => read(cells[0] as Cell, finding),
  };
  return source;
}

export const text = (column: string): OwnColumns<string> => own(column, values.text);
export const choice = (column: string): OwnColumns<string | null> => own(column, values.choice);
export const flag = (column: string): OwnColumns<boolean> => own(column, values.flag);

/** A number. SQLite holds anything in a column of numbers, and an integer beyond 2^53 comes as text. */
export function numberOf(cell: Cell, finding: Finding): number | null | undefined {
  if (cell === null || Number.isFinite(cell)) return cell as number | null;
  finding.trouble(`${cell} is not a number that can be kept exactly`);
  return undefined;
}

export const number = (column: string): OwnColumns<number | null> => own(column, numberOf);

/** A number that is 0 where nothing was counted. */
export const counter = (column: string): OwnColumns<number> =>
  own(column, (cell, finding) => numberOf(cell, finding) ?? 0);

export const instant = (column: string): OwnColumns<Instant> =>
  own(column, (cell, finding) => {
    const found = values.instant(cell);
    if (found === undefined) finding.trouble(`${JSON.stringify(cell)} is not a time`);
    return found;
  });

/** A date; its precision is stored beside it since schema 75. */
export const date = (column: string): OwnColumns<PartialDate | null> => ({
  columns: [{ name: column }, { name: `${column}_precision`, optional: true }],
  read([cell, precision], finding) {
    const found = values.date(cell as Cell, precision as Cell);
    if (found !== undefined) return found;
    finding.trouble(`${JSON.stringify(cell)} is not a date; Stash shows ${values.zeroDate}`);
    return values.zeroDate;
  },
});

/** The id of another record. One that is not there is left out. */
export const ref = (kind: Kind, column: string): OwnColumns<Id | null> =>
  own(column, (cell, finding) => (cell === null ? null : existing(kind, cell, finding)));

function existing(kind: Kind, cell: Cell, finding: Finding): Id | null {
  if (finding.has(kind, cell as Id)) return cell as Id;
  finding.trouble(`names ${kind} ${cell}, which is not there`);
  return null;
}

export const refs = (
  kind: Kind,
  table: string,
  owner: string,
  column: string,
): ChildRows<Id[]> => ({
  table,
  owner,
  columns: [{ name: column }],
  read(rows, finding) {
    const ids: Id[] = [];
    for (const row of rows) {
      const id = row[1] as Id;
      if (id !== ids.at(-1) && existing(kind, id, finding) !== null) ids.push(id);
    }
    return ids;
  },
});

/** Files: the primary one first, the others by id. */
export const files = (table: string, owner: string): ChildRows<Id[]> => ({
  table,
  owner,
  columns: [{ name: 'file_id' }, { name: 'primary' }],
  order: ['primary desc', 'file_id'],
  read: (rows, finding) =>
    rows.map((row) => row[1] as Id).filter((id) => existing('file', id, finding) !== null),
});

/** The one image of a gallery that is marked as its cover (schema 66). */
export const cover: ChildRows<Id | null> = {
  table: 'galleries_images',
  owner: 'gallery_id',
  columns: [{ name: 'image_id' }],
  where: 'cover',
  read: (rows, finding) => (rows[0] ? existing('image', rows[0][1] as Cell, finding) : null),
};

export const aliases = (table: string, owner: string): ChildRows<string[]> => ({
  table,
  owner,
  columns: [{ name: 'alias' }],
  read: (rows) => [...new Set(rows.map((row) => values.text(row[1] as Cell)))].sort(),
});

export const urls = (table: string, owner: string): ChildRows<string[]> => ({
  table,
  owner,
  columns: [{ name: 'url' }, { name: 'position' }],
  order: ['position'],
  read: (rows) => rows.map((row) => values.text(row[1] as Cell)),
});

/** Before there were lists of them, a record had one url. */
export const onlyUrl: OwnColumns<string[]> = own('url', (cell) => {
  const url = values.text(cell);
  return url === '' ? [] : [url];
});

/** Plays or Os. */
export const history = (table: string, column: string): ChildRows<Instant[]> => ({
  table,
  owner: 'scene_id',
  columns: [{ name: column }],
  read(rows, finding) {
    const instants: Instant[] = [];
    for (const row of rows) {
      const found = values.instant(row[1] as Cell);
      if (found === undefined) finding.trouble(`${JSON.stringify(row[1])} is not a time`);
      else instants.push(found);
    }
    return values.history(instants);
  },
});

/** Before v0.25 there was only their number: dated as Stash's own upgrade dates them. */
export const countedPlays: OwnColumns<Instant[]> = {
  columns: [{ name: 'play_count' }, { name: 'last_played_at' }, { name: 'created_at' }],
  read: ([count = null, last = null, created = null], finding) =>
    undated(finding, { count, created }, values.lastPlayed(last)),
};

export const countedOs: OwnColumns<Instant[]> = {
  columns: [{ name: 'o_counter' }, { name: 'created_at' }],
  read: ([count = null, created = null], finding) => undated(finding, { count, created }),
};

function undated(
  finding: Finding,
  { count, created }: { count: Cell; created: Cell },
  last?: Instant,
): Instant[] | undefined {
  const number = numberOf(count, finding);
  const at = values.instant(created);
  if (number && at === undefined) finding.trouble(`${JSON.stringify(created)} is not a time`);
  return number == null || at === undefined ? [] : values.datedAlike(number, at, last);
}

export const stashIds = (table: string, owner: string) =>
  ({
    table,
    owner,
    columns: [{ name: 'endpoint' }, { name: 'stash_id' }, { name: 'updated_at', optional: true }],
    read: values.stashIds,
  }) satisfies ChildRows<ReturnType<typeof values.stashIds>>;

export const customFields = (
  table: string,
  owner: string,
): ChildRows<{ [name: string]: Json }> => ({
  table,
  owner,
  columns: [
    { name: 'field' },
    { name: 'value', as: (c) => `typeof(${c})` },
    {
      name: 'value',
      as: (c) =>
        `case typeof(${c}) when 'integer' then cast(${c} as text) when 'blob' then hex(${c}) else ${c} end`,
    },
  ],
  order: ['field'],
  read: (rows, finding) =>
    values.customFields(rows, (name, value) =>
      finding.trouble(`${JSON.stringify(name)} is ${value}, which cannot be kept`),
    ),
});

/** A scene's groups, each with the scene's number in it. */
export const groups: ChildRows<{ [group: string]: number | null }> = {
  table: 'groups_scenes',
  owner: 'scene_id',
  columns: [{ name: 'group_id' }, { name: 'scene_index' }],
  order: ['group_id'],
  read(rows, finding) {
    const found: { [group: string]: number | null } = {};
    for (const row of rows) {
      const group = existing('group', row[1] as Cell, finding);
      if (group !== null) found[group] = numberOf(row[2] as Cell, finding) ?? null;
    }
    return found;
  },
};

/** Sub-groups. Their stored places start at 1 and may have gaps; only the order is served. */
export const subGroups: ChildRows<{ [group: string]: SubGroup }> = {
  table: 'groups_relations',
  owner: 'containing_id',
  columns: [{ name: 'sub_id' }, { name: 'description' }],
  order: ['order_index', 'sub_id'],
  read(rows, finding) {
    const found: { [group: string]: SubGroup } = {};
    let position = 0;
    for (const row of rows) {
      const group = existing('group', row[1] as Cell, finding);
      if (group !== null)
        found[group] = { position: position++, description: values.text(row[2] as Cell) };
    }
    return found;
  },
};
