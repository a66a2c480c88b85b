import type { SQLInputValue } from 'node:sqlite';
import type { Library } from '../library.ts';
import { keepPicture } from '../pictures.ts';

/** A record being created or changed: its columns first, then what lies in other tables. */
export interface Write {
  library: Library;
  /** 0 until it is created. */
  id: number;
  columns: { [column: string]: SQLInputValue };
  later: (() => void)[];
}

/** What one field of an input does. */
export type Field = (write: Write, value: never) => void;

type Ids = readonly string[] | null;

export const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

/** v0.30 began to take spaces off both ends. */
export const trims = ({ version }: Library): boolean => version !== 'v0.25' && version !== 'v0.28';

export const cut = (library: Library, value: string): string =>
  trims(library) ? value.trim() : value;

/** An empty text is stored as NULL, which is served as an empty text. */
export const text =
  (column: string): Field =>
  ({ library, columns }, value: string | null) => {
    columns[column] = cut(library, value ?? '') || null;
  };

/** A text that is never NULL, nor trimmed. */
export const plain =
  (column: string): Field =>
  ({ columns }, value: string | null) => {
    columns[column] = value ?? '';
  };

export const required =
  (column: string, message: string): Field =>
  ({ library, columns }, value: string | null) => {
    const kept = cut(library, value ?? '');
    if (kept === '') throw new Error(message);
    columns[column] = kept;
  };

export const value =
  (column: string): Field =>
  ({ columns }, given: SQLInputValue) => {
    columns[column] = given;
  };

export const flag =
  (column: string): Field =>
  ({ columns }, given: boolean | null) => {
    columns[column] = Number(given === true);
  };

export const reference =
  (column: string): Field =>
  ({ columns }, id: string | null) => {
    columns[column] = id === null ? null : idOf(id);
  };

/** `2020-05-06`; from v0.30 on `2020-05` and `2020`, too. */
export const day =
  (column: string): Field =>
  ({ library, columns }, given: string | null) => {
    const precise = trims(library);
    const precision = given ? [10, 7, 4].indexOf(given.length) : null;
    const first = given ? `${given}-01-01`.slice(0, 10) : null;
    if (given && (!isDay(first as string) || precision === -1 || (precision && !precise))) {
      const why = precise
        ? `failed to parse date ${JSON.stringify(given)}`
        : `ParseDateStringAsTime failed: dateString <${given}>`;
      throw new Error(`converting ${column}: ${why}`);
    }
    columns[column] = first;
    if (precise) columns[`${column}_precision`] = precision;
  };

function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

const replace = (
  { library, id }: Write,
  table: string,
  owner: string,
  columns: readonly string[],
  rows: readonly SQLInputValue[][],
): void => {
  library.run(`delete from ${table} where ${owner} = ?`, id);
  for (const row of rows) {
    library.run(
      `insert into ${table} (${[owner, ...columns]}) values (?${', ?'.repeat(columns.length)})`,
      id,
      ...row,
    );
  }
};

export const urls =
  (table: string, owner: string): Field =>
  (write, list: string[] | null) => {
    write.later.push(() =>
      replace(
        write,
        table,
        owner,
        ['position', 'url'],
        (list ?? []).map((url, position) => [position, cut(write.library, url)]),
      ),
    );
  };

export const aliases =
  (table: string, owner: string): Field =>
  (write, list: string[] | null) => {
    const kept = (list ?? []).map((alias) => cut(write.library, alias));
    write.later.push(() =>
      replace(
        write,
        table,
        owner,
        ['alias'],
        kept.map((alias) => [alias]),
      ),
    );
  };

export const links =
  (table: string, owner: string, target: string): Field =>
  (write, ids: Ids) => {
    write.later.push(() => setLinks(write, table, owner, target, (ids ?? []).map(idOf)));
  };

function idOf(id: string): number {
  if (/^-?\d+$/.test(id)) return Number(id);
  throw new Error(`converting ids: strconv.Atoi: parsing ${JSON.stringify(id)}: invalid syntax`);
}

export const setLinks = (
  write: Write,
  table: string,
  owner: string,
  target: string,
  ids: readonly number[],
): void =>
  replace(
    write,
    table,
    owner,
    [target],
    [...new Set(ids)].map((id) => [id]),
  );

export const linked = (
  { library, id }: Write,
  table: string,
  owner: string,
  target: string,
): number[] =>
  library.rows(`select ${target} from ${table} where ${owner} = ?`, id).map(([one]) => Number(one));

interface StashIdInput {
  endpoint: string;
  stash_id: string;
  updated_at?: string | null;
}

export const stashIds =
  (table: string, owner: string): Field =>
  (write, list: StashIdInput[] | null) => {
    const timed = write.library.has(table, 'updated_at');
    write.later.push(() =>
      replace(
        write,
        table,
        owner,
        timed ? ['endpoint', 'stash_id', 'updated_at'] : ['endpoint', 'stash_id'],
        asTaken(write.library, list ?? []).map(({ endpoint, stash_id, updated_at }) => {
          const row = [endpoint, stash_id];
          return timed ? [...row, utcOf(updated_at) ?? new Date().toISOString()] : row;
        }),
      ),
    );
  };

/** Since v0.30 the same one twice is taken for one. */
const asTaken = (library: Library, list: readonly StashIdInput[]): readonly StashIdInput[] =>
  trims(library)
    ? [...new Map(list.map((one) => [`${one.endpoint} ${one.stash_id}`, one])).values()]
    : list;

/** With all the digits of its fraction. */
function utcOf(time: string | null | undefined): string | null | undefined {
  const fraction = /[.]\d+/.exec(time ?? '')?.[0] ?? '';
  return time && `${new Date(time).toISOString().slice(0, 19)}${fraction}Z`;
}

interface CustomFieldsInput {
  full?: { [name: string]: unknown } | null;
  partial?: { [name: string]: unknown } | null;
  remove?: string[] | null;
}

const largest = 2n ** 63n - 1n;

function storable(name: string, given: unknown): SQLInputValue {
  if (typeof given === 'boolean') return Number(given);
  if (typeof given === 'bigint') return given > largest ? largest : given;
  if (typeof given !== 'object') return given as SQLInputValue;
  const type = Array.isArray(given) ? '[]interface {}' : 'map[string]interface {}';
  throw new Error(
    `getting SQL value for field "${name}": unsupported custom field value type: ${type}`,
  );
}

function checkCustomName(name: string): void {
  const why =
    name.trim() === ''
      ? 'cannot be empty'
      : name.trim() !== name
        ? 'cannot have leading or trailing whitespace'
        : Buffer.byteLength(name) > 64
          ? 'must be less than 65 characters'
          : null;
  if (why) throw new Error(`custom field name ${JSON.stringify(name)}: custom field name ${why}`);
}

export const customFields =
  (table: string, owner: string, creating: boolean): Field =>
  (write, given: never) => {
    const { full, partial, remove } = (creating ? { full: given } : given) as CustomFieldsInput;
    write.later.push(() => {
      const { library, id } = write;
      if (full) library.run(`delete from ${table} where ${owner} = ?`, id);
      for (const name of remove ?? []) {
        library.run(`delete from ${table} where ${owner} = ? and field = ?`, id, name);
      }
      for (const [name, one] of Object.entries(full ?? partial ?? {})) {
        checkCustomName(name);
        if (one === null) continue;
        library.run(
          `insert or replace into ${table} (${owner}, field, value) values (?, ?, ?)`,
          id,
          name,
          storable(name, one),
        );
      }
    });
  };

/** A `data:` URL; an empty text clears, but not a scene's cover. */
export const picture =
  (column: string): Field =>
  (write, given: string | null) => {
    const { library, columns } = write;
    if (!given && column === 'cover_blob') return;
    if (!given) {
      columns[column] = null;
      return;
    }
    const found = /^data:[^,]*;base64,(.*)$/s.exec(given);
    if (!found) throw new Error('processing image: the simulator fetches no pictures');
    columns[column] = keepPicture(library, Buffer.from(found[1] as string, 'base64'));
  };
