import type { ClientBase } from 'pg';
import type { Field, Id, Json } from '../model/fields.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { fieldsOf, type Kind, kindNames } from '../model/kinds.ts';
import { mapFilterIds } from '../model/savedFilterIds.ts';
import { kindNumber, kindOfNumber } from './layout.ts';
import type { Source } from './sources.ts';

/** Ids by kind: those that some values name. */
export type NamedIds = Map<Kind, Set<Id | LibraryId>>;

/** What an id is on the other side; undefined where there is no link. */
interface LookUp<From, To> {
  get(kind: Kind, id: From): To | undefined;
}
export type LibraryIds = LookUp<Id, LibraryId>;
export type SourceIds = LookUp<LibraryId, Id>;

/** Adds the ids that the values of a record name, in whichever ids they are. */
export function idsIn(kind: Kind, values: Values, named: NamedIds = new Map()): NamedIds {
  for (const [name, { shape, target }] of naming[kind]) {
    const value = values[name];
    if (value === undefined || value === null) continue;
    const add = (of: Kind, id: Id | LibraryId) => {
      const ids = named.get(of);
      if (ids) ids.add(id);
      else named.set(of, new Set([id]));
      return id;
    };
    if (shape === 'document') withIds(kind, { mode: values.mode, [name]: value }, add);
    else if (shape === 'ref') add(target as Kind, value as Either);
    else if (Array.isArray(value)) for (const id of value) add(target as Kind, id);
    else for (const key of Object.keys(value)) add(target as Kind, keyId(key));
  }
  return named;
}

/**
 * Values in a source's ids, in the library's. What has no link keeps its number. Of a saved filter the mode should be
 * among the values: whose number stands in some conditions depends on it.
 */
export const toLibrary = (kind: Kind, values: Values, ids: LibraryIds): Values =>
  withIds(kind, values, (target, id) =>
    typeof id === 'number' ? (ids.get(target, id) ?? id) : id,
  );

/** The way back. What has no link keeps its library id. */
export const toSource = (kind: Kind, values: Values, ids: SourceIds): Values =>
  withIds(kind, values, (target, id) =>
    typeof id === 'string' ? (ids.get(target, id) ?? id) : id,
  );

export async function libraryIds(
  client: ClientBase,
  source: Source,
  named: NamedIds,
): Promise<LibraryIds> {
  const found = new Found<Id, LibraryId>();
  const asked = [...named].flatMap(([kind, ids]) =>
    [...ids].flatMap((id) => (typeof id === 'number' ? [{ kind: kindNumber[kind], id }] : [])),
  );
  if (asked.length === 0) return found;
  const { rows } = await client.query<{ kind: number; remote: string; library: LibraryId }>(
    // What became part of another record here is named by that one.
    `SELECT l.kind, l.remote_id AS remote, coalesce(f.destination, l.library_id) AS library
       FROM unnest($2::smallint[], $3::bigint[]) AS n (kind, remote_id)
       JOIN stowage.links l ON l.source_id = $1 AND l.kind = n.kind AND l.remote_id = n.remote_id
       LEFT JOIN stowage.folded f ON f.origin = l.library_id`,
    [source.id, asked.map(({ kind }) => kind), asked.map(({ id }) => id)],
  );
  for (const { kind, remote, library } of rows) {
    found.add(kindOfNumber.get(kind) as Kind, Number(remote), library);
  }
  return found;
}

export async function sourceIds(
  client: ClientBase,
  source: Source,
  named: NamedIds,
): Promise<SourceIds> {
  const found = new Found<LibraryId, Id>();
  const ids = [...named.values()].flatMap((some) => [...some].filter(isLibraryId));
  if (ids.length === 0) return found;
  const { rows } = await client.query<{ kind: number; remote: string; library: LibraryId }>(
    `SELECT kind, remote_id AS remote, library_id AS library FROM stowage.links
      WHERE source_id = $1 AND library_id = ANY ($2::uuid[])`,
    [source.id, ids],
  );
  for (const { kind, remote, library } of rows) {
    found.add(kindOfNumber.get(kind) as Kind, library, Number(remote));
  }
  return found;
}

class Found<From, To> implements LookUp<From, To> {
  readonly #ids = new Map<Kind, Map<From, To>>();

  add(kind: Kind, from: From, to: To): void {
    const ids = this.#ids.get(kind) ?? new Map();
    this.#ids.set(kind, ids.set(from, to));
  }

  get(kind: Kind, id: From): To | undefined {
    return this.#ids.get(kind)?.get(id);
  }
}

export const isLibraryId = (id: unknown): id is LibraryId =>
  typeof id === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);

type Either = Id | LibraryId;
type MapId = (kind: Kind, id: Either) => Either;

/** The fields of each kind that name records. */
export const naming: { [K in Kind]: readonly (readonly [string, Field])[] } = Object.fromEntries(
  kindNames.map((kind) => [
    kind,
    fieldsOf[kind].filter(
      ([name, { target }]) =>
        target !== undefined || (kind === 'savedFilter' && name === 'objectFilter'),
    ),
  ]),
) as never;

/** The values with every id replaced, in canonical order again. */
export function withIds(kind: Kind, values: Values, map: MapId): Values {
  const result: Values = { ...values };
  for (const [name, { shape, target }] of naming[kind]) {
    const value = values[name];
    if (value === undefined || value === null) continue;
    const to = (id: Either) => map(target as Kind, id);
    switch (shape) {
      case 'ref':
        result[name] = to(value as Either);
        break;
      case 'refs':
        result[name] = ascending((value as Either[]).map(to));
        break;
      case 'files': {
        const [first, ...others] = (value as Either[]).map(to);
        result[name] = first === undefined ? [] : [first, ...ascending(others)];
        break;
      }
      case 'groups':
      case 'subGroups':
        result[name] = Object.fromEntries(
          Object.entries(value).map(([key, entry]) => [to(keyId(key)), entry]),
        );
        break;
      case 'document':
        result[name] = mapFilterIds(values.mode as string | undefined, value as Json, (named, id) =>
          String(map(named, keyId(id))),
        );
    }
  }
  return result;
}

/** Keys of objects are texts, and so are the ids inside a filter: numbers again, where they are numbers. */
const keyId = (key: string): Either => (/^\d+$/.test(key) ? Number(key) : key);

/** Numbers ascending, then library ids as text; each once, since two of a source's may be one here. */
const ascending = (ids: readonly Either[]): Either[] =>
  [...new Set(ids)].sort((a, b) => {
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    return typeof a === typeof b ? (a < b ? -1 : 1) : typeof a === 'number' ? -1 : 1;
  });
