import { isUpTo25, type Library, type Row } from './library.ts';

/** The types that are served from a table of their own. */
export type TypeName =
  | 'Scene'
  | 'SceneMarker'
  | 'Performer'
  | 'Studio'
  | 'Tag'
  | 'Group'
  | 'Gallery'
  | 'GalleryChapter'
  | 'Image'
  | 'File'
  | 'Folder'
  | 'SavedFilter';

export function tableOf(library: Library, type: TypeName): string {
  return type === 'Group' ? library.groups.table : tables[type];
}

const tables: { [T in Exclude<TypeName, 'Group'>]: string } = {
  Scene: 'scenes',
  SceneMarker: 'scene_markers',
  Performer: 'performers',
  Studio: 'studios',
  Tag: 'tags',
  Gallery: 'galleries',
  GalleryChapter: 'galleries_chapters',
  Image: 'images',
  File: 'files',
  Folder: 'folders',
  SavedFilter: 'saved_filters',
};

/**
 * The records of one type that one place of an answer shows. Whatever is asked of one of them is read for all by a
 * single statement, at once: no promises, so that a page of 500 scenes costs a few dozen statements and no waiting.
 */
export class Batch {
  readonly library: Library;
  readonly type: TypeName;
  readonly ids: readonly number[];
  /** `ids` as a parameter for `in (select value from json_each(?))`. */
  readonly parameter: string;
  readonly #nodes = new Map<number, Node>();
  readonly #loaded = new Map<symbol, Map<number, unknown>>();

  constructor(library: Library, type: TypeName, ids: Iterable<number>) {
    this.library = library;
    this.type = type;
    this.ids = [...new Set(ids)];
    this.parameter = JSON.stringify(this.ids);
  }

  node(id: number): Node {
    let node = this.#nodes.get(id);
    if (!node) {
      node = new Node(id, this);
      this.#nodes.set(id, node);
    }
    return node;
  }

  /** What `load` gives for the whole batch, by id; loaded the first time it is asked for. */
  loaded<T>(what: symbol, load: (batch: Batch) => Map<number, T>): Map<number, T> {
    let map = this.#loaded.get(what) as Map<number, T> | undefined;
    if (!map) {
      map = load(this);
      this.#loaded.set(what, map);
    }
    return map;
  }
}

/** A record in an answer. Its row is read, for all its batch, when a column is first asked for. */
export class Node {
  readonly id: number;
  readonly batch: Batch;
  #row: Row | undefined;

  constructor(id: number, batch: Batch) {
    this.id = id;
    this.batch = batch;
  }

  get row(): Row {
    this.#row ??= this.batch.loaded(rowsOfTable, readRows).get(this.id) ?? {};
    return this.#row;
  }
}

const rowsOfTable = Symbol('rows');
const absent = Symbol('absent');

/** The first record that a batch names and the table does not have: looked up together, all of them fail for it. */
const absentIn = (batch: Batch): number | undefined =>
  batch
    .loaded(absent, ({ library, type, ids, parameter }) => {
      const table = tableOf(library, type);
      // A file is looked up with its folder.
      const within = `id in (select value from json_each(?))${
        type === 'File' ? ' and parent_folder_id in (select id from folders)' : ''
      }`;
      const count = library.scalar(`select count(*) from ${table} where ${within}`, parameter);
      if (count === ids.length) return new Map<number, number>();
      const rows = library.rows(`select id from ${table} where ${within}`, parameter);
      const there = new Set(rows.map(([id]) => id as number));
      return new Map(ids.filter((id) => !there.has(id)).map((id) => [0, id]));
    })
    .get(0);

function readRows({ library, type, parameter }: Batch): Map<number, Row> {
  const rows = library.objects(
    `select * from ${tableOf(library, type)} where id in (select value from json_each(?))`,
    parameter,
  );
  return new Map(rows.map((row) => [row.id as number, row]));
}

/** A single record; null where there is none. */
export function nodeOf(library: Library, type: TypeName, id: number): Node | null {
  const found = library.scalar(`select 1 from ${tableOf(library, type)} where id = ?`, id);
  return found ? new Batch(library, type, [id]).node(id) : null;
}

/**
 * The records of another type that each of a batch names. The statement gives owner and target, in the order to be
 * served; `?` is the owners' ids.
 */
export function related(type: TypeName, sql: (library: Library) => string | null) {
  const what = Symbol(type);
  return ({ id, batch }: Node): Node[] =>
    batch
      .loaded(what, ({ library, parameter }) => {
        const statement = sql(library);
        const pairs = statement
          ? (library.rows(statement, parameter) as unknown as [number, number][])
          : [];
        const targets = new Batch(
          library,
          type,
          pairs.map(([, target]) => target),
        );
        return grouped(pairs, ([, target]) => targets.node(target));
      })
      .get(id) ?? [];
}
/** The rows that a statement gives for each of a batch, made into what is served. */
export function rowsOf<R extends readonly unknown[], T>(
  sql: (library: Library) => string | null,
  make: (row: R) => T,
): (node: Node) => T[] {
  const what = Symbol('rows');
  return ({ id, batch }) =>
    batch
      .loaded(what, ({ library, parameter }) => {
        const statement = sql(library);
        return grouped(statement ? library.rows(statement, parameter) : [], (row) =>
          make(row.slice(1) as unknown as R),
        );
      })
      .get(id) ?? [];
}

/** What a real server answers where records that it looks up together are not all there. */
export function present(nodes: Node[]): Node[] {
  const [first] = nodes;
  const missing = first && first.batch.type !== 'Folder' ? absentIn(first.batch) : undefined;
  if (first && missing !== undefined) throw new Error(notThere(first.batch, missing));
  return nodes;
}

function notThere({ library, type }: Batch, id: number): string {
  if (type === 'File') return `getting file by id ${id}: sql: no rows in result set`;
  const word = type === 'Group' && isUpTo25(library.version) ? 'movie' : type.toLowerCase();
  return `${word} with id ${id} not found`;
}

/** The one record that a column of each names; looked up alone, one that is not there is null. */
export function parent(type: TypeName, column: string, isAlone = false) {
  const what = Symbol(column);
  return ({ id, row, batch }: Node): Node | null => {
    const target = row[column] as number | null;
    if (target === null || target === undefined) return null;
    const found =
      batch
        .loaded(what, ({ library, type: owner, parameter }) => {
          const pairs = library.rows(
            `select id, ${column} from ${tableOf(library, owner)}
             where ${column} is not null and id in (select value from json_each(?))`,
            parameter,
          ) as unknown as [number, number][];
          const targets = new Batch(
            library,
            type,
            pairs.map(([, one]) => one),
          );
          return new Map(pairs.map(([owner, one]) => [owner, targets.node(one)]));
        })
        .get(id) ?? null;
    if (!found || !isAlone) return found && (present([found])[0] ?? null);
    return nodeOf(batch.library, type, found.id) && found;
  };
}

function grouped<R extends readonly unknown[], T>(
  rows: readonly R[],
  make: (row: R) => T,
): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const row of rows) {
    const owner = row[0] as number;
    const list = groups.get(owner);
    if (list) list.push(make(row));
    else groups.set(owner, [make(row)]);
  }
  return groups;
}
