import type { Id } from '../../model/fields.ts';
import type { Kind } from '../../model/kinds.ts';
import { nothingUntold, type Trouble, type Untold } from '../../model/reading.ts';
import { fieldToldBy } from '../mapper.ts';

/** What a server refused to tell, of which records, and its own reason. */
export class Refusals {
  /** By kind and record; the whole record under the empty field. */
  readonly #of = new Map<Kind, Map<Id, Map<string, string>>>();
  /** Kinds of which there may be more, as what they are told with was refused. */
  readonly #open = new Set<Kind>();

  /** A record is told, without these fields, as the server calls them. */
  told(kind: Kind, id: Id, fields: Iterable<readonly [field: string, why: string]>): void {
    const records = this.#of.get(kind) ?? new Map<Id, Map<string, string>>();
    this.#of.set(kind, records);
    const found = new Map(fields);
    if (found.size > 0) records.set(id, found);
    else records.delete(id);
  }

  /** Nor this field of a record that is told. */
  also(kind: Kind, id: Id, field: readonly [field: string, why: string]): void {
    this.told(kind, id, [...(this.#of.get(kind)?.get(id) ?? []), field]);
  }

  /** A record is not told at all. */
  whole(kind: Kind, id: Id, why: string): void {
    this.told(kind, id, [['', why]]);
  }

  /** Further records of a kind may be there, of which the server tells nothing, not even their numbers. */
  open(kind: Kind): void {
    this.#open.add(kind);
  }

  /** The same, with the reason, where no other record's refusal says it. */
  some(kind: Kind, why: string): void {
    this.open(kind);
    this.whole(kind, nobody, why);
  }

  /** Whether the server refused a field, or all, of any record of a kind. */
  hides(kind: Kind, field: string): boolean {
    const records = this.#of.get(kind)?.values() ?? [];
    return records.some((fields) => fields.has('') || fields.has(field));
  }

  untold(kind: Kind): Untold {
    const records = this.#of.get(kind);
    const isOpen = this.#open.has(kind);
    if (!records && !isOpen) return nothingUntold;
    const ids = new Set<Id>();
    const fields = new Map<Id, string[]>();
    for (const [id, refused] of records ?? []) {
      if (id === nobody) continue;
      if (refused.has('')) ids.add(id);
      else
        fields.set(
          id,
          [...refused.keys()].map((path) => fieldOf(kind, path)),
        );
    }
    return { ids, fields, isOpen };
  }

  get troubles(): Trouble[] {
    const troubles: Trouble[] = [];
    for (const [kind, records] of this.#of) {
      for (const [id, fields] of [...records].sort(byNumber)) {
        for (const [path, reason] of [...fields].sort(byName)) {
          const [, ...inside] = path.split('.');
          const field = path === '' ? null : fieldOf(kind, path);
          const of = inside.length > 0 ? ` its ${inside.join('.')}` : '';
          const why = `the server refuses to tell${of || (field ? ' it' : ' the record')}: ${reason}`;
          troubles.push({ kind, id, field, why });
        }
      }
    }
    return troubles;
  }
}

/** The record's own field, or what the server calls it where it tells of other records. */
function fieldOf(kind: Kind, path: string): string {
  const [top = ''] = path.split('.');
  const key = `${kind}.${top}`;
  const field = known.get(key) ?? fieldToldBy(kind, top) ?? top;
  known.set(key, field);
  return field;
}

const known = new Map<string, string>();

const byNumber = ([a]: [Id, unknown], [b]: [Id, unknown]) => a - b;
const byName = ([a]: [string, string], [b]: [string, string]) => (a < b ? -1 : 1);

/** No record has this number. */
const nobody = 0;
