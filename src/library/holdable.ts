import type { Instant, StashIds, SubGroup } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import { instantOf, microseconds } from '../model/instants.ts';
import type { Kind } from '../model/kinds.ts';
import { jsonText, parseJson } from '../model/records.ts';
import type { StoredField } from './layout.ts';
import { storableJson } from './storable.ts';

/** Whether the library has a record that may be referred to. */
export type Exists = (kind: Kind, id: unknown) => boolean;

/** A value as the library can hold it, in canonical form; `why` says what had to be left out of it. */
export interface Holdable {
  value: unknown;
  why?: string;
}

export function holdable(field: StoredField, given: unknown, exists: Exists): Holdable {
  const text = jsonText(given) ?? 'null';
  const kept = storableJson(text);
  const asGiven: Holdable =
    kept === text ? { value: given } : { value: parseJson(kept), why: unheldText };
  const { value, why } = canonical(field, asGiven.value ?? null, exists);
  return why === undefined ? { ...asGiven, value } : { value, why };
}

const unheldText = 'holds characters that PostgreSQL cannot store; they are left out';
const unheldNumber = 'is not a number that the library can hold; left empty';
const unheldInstant = 'is not an instant that the library can hold; left out';
const unheldReference = 'names a record that the library does not have; left out';

function canonical(field: StoredField, value: unknown, exists: Exists): Holdable {
  const there = (id: unknown) => exists(field.target as Kind, id);
  switch (field.shape) {
    case 'text':
      return { value: value ?? '' };
    case 'flag':
      return { value: value === true };
    case 'integer':
    case 'real': {
      const holds = field.shape === 'integer' ? Number.isSafeInteger : Number.isFinite;
      if (holds(value)) return { value };
      const none = field.counter ? 0 : null;
      return value === null ? { value: none } : { value: none, why: unheldNumber };
    }
    case 'instant': {
      if (value === null) return { value };
      const at = instant(value as Instant);
      return at === undefined ? { value: null, why: unheldInstant } : { value: at };
    }
    case 'instants': {
      const given = (value as Instant[]) ?? [];
      const held = given.map(instant).filter((at) => at !== undefined);
      // As numbers: of two texts, the one with a fraction would come first.
      held.sort((a, b) => microseconds(a) - microseconds(b));
      return held.length === given.length ? { value: held } : { value: held, why: unheldInstant };
    }
    case 'names':
      return { value: [...new Set((value as string[]) ?? [])].sort() };
    case 'urls':
      return { value: value ?? [] };
    case 'ref':
      return value === null || there(value) ? { value } : { value: null, why: unheldReference };
    case 'refs':
    case 'files': {
      const given = [...new Set((value as LibraryId[]) ?? [])];
      const held = given.filter(there);
      const first = field.shape === 'files' ? held.splice(0, 1) : [];
      const ids = [...first, ...held.sort()];
      return ids.length === given.length ? { value: ids } : { value: ids, why: unheldReference };
    }
    case 'groups': {
      const given = Object.entries((value as { [id: LibraryId]: number | null }) ?? {});
      const held = given.filter(([id]) => there(id));
      const numbered = held.map(([id, index]) => [id, Number.isSafeInteger(index) ? index : null]);
      const why =
        (held.length < given.length && unheldReference) ||
        (held.some(([, index], i) => index !== numbered[i]?.[1]) && unheldNumber) ||
        undefined;
      return { value: Object.fromEntries(numbered), ...(why && { why }) };
    }
    case 'subGroups': {
      const given = Object.entries((value as { [id: LibraryId]: SubGroup }) ?? {});
      const held = given.filter(([id]) => there(id));
      const entries = Object.fromEntries(held);
      return held.length === given.length
        ? { value: entries }
        : { value: entries, why: unheldReference };
    }
    case 'stashIds':
      return {
        value: Object.fromEntries(
          Object.entries((value as StashIds) ?? {})
            .filter(([, ids]) => ids.length > 0)
            .map(([endpoint, ids]) => [
              endpoint,
              ids.toSorted((a, b) => (a.stashId < b.stashId ? -1 : 1)),
            ]),
        ),
      };
    case 'customFields':
      return { value: value ?? {} };
    case 'document':
      return {
        value: value ?? (field.storage.in === 'column' && field.name !== 'captions' ? null : []),
      };
    default:
      return { value };
  }
}

/** In UTC, as far as PostgreSQL can tell them apart; undefined for what is none, or in no year of four digits. */
function instant(given: Instant): Instant | undefined {
  const at = microseconds(given);
  if (Number.isNaN(at) || at < firstInstant || at > lastInstant) return undefined;
  return instantOf(at);
}
const firstInstant = microseconds('0001-01-01T00:00:00Z');
const lastInstant = microseconds('9999-12-31T23:59:59Z');
