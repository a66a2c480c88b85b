import type { Field, Id } from '../model/fields.ts';
import { fieldsOf, type Kind, type Rec } from '../model/kinds.ts';
import { sameValue } from '../model/records.ts';

/** One field that differs, or (`field: null`) a record that one side lacks. */
export interface Difference {
  kind: Kind;
  id: Id;
  field: string | null;
  /** What the source has; undefined where the record is not there. */
  source: unknown;
  /** What the library has; undefined where the record is not there, or the field was never brought. */
  library: unknown;
}

export interface Compared {
  records: number;
  fields: number;
  differences: number;
}

type Batches<K extends Kind> = AsyncIterable<Rec<K>[]> | Iterable<Rec<K>[]>;

/**
 * Merge-joins two streams of a kind's records, each ascending by id, and tells every field that differs. A field
 * that the source's road cannot tell is passed over; one that the source has and the library never got is a
 * difference, unless it is empty. A record of the library's that the source refuses to tell is passed over. Holds one
 * batch of each side.
 */
export async function compareKind<K extends Kind>(
  kind: K,
  source: Batches<K>,
  library: Batches<K>,
  report: (difference: Difference) => void,
  {
    isUntold = () => false,
    asHeld = (told) => told,
  }: {
    isUntold?: (id: Id) => boolean;
    /** What the source tells, in the form in which the library has it. */
    asHeld?: (told: Rec<K>, held: Rec<K>) => Rec<K>;
  } = {},
): Promise<Compared> {
  const compared: Compared = { records: 0, fields: 0, differences: 0 };
  const tell = (id: Id, field: string | null, here: unknown, there: unknown) => {
    compared.differences++;
    report({ kind, id, field, source: here, library: there });
  };
  const ours = new Ahead(library);
  for await (const batch of source) {
    for (const theirs of batch) {
      compared.records++;
      let own = ours.peek() ?? (await ours.fetch());
      while (own && own.id < theirs.id) {
        if (!isUntold(own.id)) tell(own.id, null, undefined, own);
        ours.skip();
        own = ours.peek() ?? (await ours.fetch());
      }
      if (own?.id !== theirs.id) {
        tell(theirs.id, null, theirs, undefined);
        continue;
      }
      ours.skip();
      const told = asHeld(theirs, own);
      for (const [name, field] of fieldsOf[kind]) {
        const here = told[name];
        if (here === undefined) continue;
        compared.fields++;
        const there = own[name];
        if (there === undefined ? !isEmpty(here) : !sameField(field, here, there)) {
          tell(theirs.id, name, here, there);
        }
      }
    }
  }
  for (;;) {
    const own = ours.peek() ?? (await ours.fetch());
    if (!own) return compared;
    if (!isUntold(own.id)) tell(own.id, null, undefined, own);
    ours.skip();
  }
}

/** A stream with a look at its next record. */
class Ahead<K extends Kind> {
  readonly #batches: AsyncIterator<Rec<K>[]> | Iterator<Rec<K>[]>;
  #batch: Rec<K>[] = [];
  #at = 0;

  constructor(batches: Batches<K>) {
    this.#batches =
      Symbol.asyncIterator in batches
        ? batches[Symbol.asyncIterator]()
        : batches[Symbol.iterator]();
  }

  /** The next record, if it is at hand. */
  peek(): Rec<K> | undefined {
    return this.#batch[this.#at];
  }

  /** The next record, from the next batch; undefined at the end. */
  async fetch(): Promise<Rec<K> | undefined> {
    for (;;) {
      const { done, value } = await this.#batches.next();
      if (done) return undefined;
      this.#batch = value;
      this.#at = 0;
      if (this.#batch.length > 0) return this.#batch[0];
    }
  }

  skip(): void {
    this.#at++;
  }
}

/** Are two values of a field the same? What only one of two roads can tell inside a value is passed over. */
export function sameField({ merge, shape }: Field, a: unknown, b: unknown): boolean {
  if (sameValue(a, b)) return true;
  return (shape === 'stashIds' || (merge === 'fact' && shape === 'document')) && sameKnown(a, b);
}

/** As `sameValue`, but for what one of two objects does not tell. */
function sameKnown(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((value, i) => sameKnown(value, b[i]));
  }
  if (isObject(a) && isObject(b)) {
    return Object.keys({ ...a, ...b }).every(
      (key) =>
        sameKnown(a[key], b[key]) ||
        (mayBeUntold.has(key) && (a[key] === undefined || b[key] === undefined)),
    );
  }
  return sameValue(a, b);
}

/** A caption's file name, through GraphQL; when a stash id was updated, before v0.28. */
const mayBeUntold: ReadonlySet<string> = new Set(['filename', 'updatedAt']);

const isObject = (value: unknown): value is { [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === null || value === '' || value === false || value === 0;
}
