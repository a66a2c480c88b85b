import type { Field, SubGroup } from '../model/fields.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { fieldsOf, type Kind } from '../model/kinds.ts';
import { sameValue } from '../model/records.ts';
import type { Boxes } from '../model/stashBoxes.ts';
import { mergeField } from './merge.ts';
import { foldedName } from './merging/sets.ts';
import { byText } from './merging/sides.ts';

/** A record of the library with what it holds. */
export interface Foldable {
  id: LibraryId;
  values: Values;
}

/**
 * What a record gains when another becomes part of it (a person merged them, or Stash did): values where it has none,
 * the elements, entries and instants that only the other has, what the other counted; and the other's name as an alias,
 * as Stash does. Only the fields that change; facts stay their sources' own, but for the files, which move here.
 *
 * `closesLoop` tells of an edge that would close a loop once the two are one (hierarchy.ts): it is left out.
 */
export function foldRecord(
  kind: Kind,
  destination: Foldable,
  origin: Foldable,
  closesLoop: (field: string, id: LibraryId) => boolean = () => false,
  boxes?: Boxes,
): Values {
  const changes: Values = {};
  for (const [name, field] of fieldsOf[kind]) {
    const [own, other] = [destination.values[name], origin.values[name]];
    if (other === undefined) continue;
    const isEdge = field.target === kind;
    const isStray = (id: LibraryId) =>
      id === destination.id || id === origin.id || closesLoop(name, id);
    const value = folded(field, own, isEdge ? without(field, other, isStray) : other, boxes);
    const kept = isEdge ? without(field, value, (id) => id === origin.id) : value;
    const result =
      name === 'aliases'
        ? withName(kept, { ...destination.values, ...changes }, origin.values)
        : kept;
    if (result !== undefined && !sameValue(result, own)) changes[name] = result;
  }
  return changes;
}

function folded(field: Field, own: unknown, other: unknown, boxes?: Boxes): unknown {
  if (field.shape === 'files') return [...new Set([...(own as []), ...(other as [])])];
  if (field.merge === 'fact') return own;
  if (field.merge === 'counter') return Number(own) + Number(other);
  const sides = { base: undefined, library: own, source: other };
  return mergeField(field, sides, { settle: () => 'library', ...(boxes && { boxes }) }).library;
}

/** The other's name is one of the aliases from now on; its own is none. (A group's aliases are a text.) */
function withName(aliases: unknown, own: Values, other: Values): unknown {
  if (!Array.isArray(aliases)) return aliases;
  const taken = new Set(own.aliases as string[]);
  const isOwn = (alias: string) =>
    foldedName(alias) === foldedName(String(own.name)) && !taken.has(alias);
  const name = String(other.name);
  // A record without a name is nobody's alias.
  const isKnown = name === '' || aliases.some((alias) => foldedName(alias) === foldedName(name));
  return (isKnown ? aliases : [...aliases, name]).filter((alias) => !isOwn(alias)).sort(byText);
}

/** The value of a field that names one record, naming another instead; `owner`, whose field it is, never itself. */
export function retarget(
  field: Field,
  value: unknown,
  from: LibraryId,
  to: LibraryId,
  owner: LibraryId,
): unknown {
  const isOwner = (id: LibraryId) => id === owner;
  switch (field.shape) {
    case 'ref':
      return without(field, value === from ? to : value, isOwner);
    case 'refs': {
      const ids = (value as LibraryId[]).map((id) => (id === from ? to : id));
      return without(field, [...new Set(ids)].sort(byText), isOwner);
    }
    case 'groups':
    case 'subGroups': {
      const entries = Object.entries(value as object);
      const isThere = entries.some(([id]) => id === to);
      const moved = entries
        .filter(([id]) => !(isThere && id === from))
        .map(([id, entry]) => [id === from ? to : id, entry]);
      return without(field, Object.fromEntries(moved), isOwner);
    }
    default:
      return value;
  }
}

/** Without the records that are not to be in it; sub-groups stay numbered from 0. */
function without(field: Field, value: unknown, isOut: (id: LibraryId) => boolean): unknown {
  switch (field.shape) {
    case 'ref':
      return value !== null && isOut(value as LibraryId) ? null : value;
    case 'refs':
      return (value as LibraryId[]).filter((id) => !isOut(id));
    case 'groups':
      return Object.fromEntries(Object.entries(value as object).filter(([id]) => !isOut(id)));
    case 'subGroups':
      return Object.fromEntries(
        Object.entries(value as { [id: string]: SubGroup })
          .filter(([id]) => !isOut(id))
          .sort(([, a], [, b]) => a.position - b.position)
          .map(([id, entry], position) => [id, { ...entry, position }]),
      );
    default:
      return value;
  }
}

/** What a record has beyond what was agreed of it: values that are others, elements that came since. Its name stays. */
export function beyond(kind: Kind, values: Values, agreed: Values): Values {
  const own: Values = { name: values.name };
  for (const [name, { merge }] of fieldsOf[kind]) {
    const [value, base] = [values[name], agreed[name]];
    if (merge === 'fact' || sameValue(value, base)) continue;
    if (merge === 'counter') own[name] = Math.max(0, Number(value) - Number(base));
    else own[name] = Array.isArray(value) && Array.isArray(base) ? surplus(value, base) : value;
  }
  return own;
}

/** What a list has more than another, each as often as it has it more. */
function surplus(list: readonly unknown[], other: readonly unknown[]): unknown[] {
  const left = [...other];
  return list.filter((element) => {
    const at = left.findIndex((known) => sameValue(known, element));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
