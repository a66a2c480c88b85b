import type { Id } from '../model/fields.ts';
import type { Kind, Rec } from '../model/kinds.ts';
import type { Reading } from '../model/reading.ts';

/** Opens the same source's tables; undefined where it does not let us. */
export type Tables = () => Promise<Reading | undefined>;

/** So many records are looked up together. */
const atOnce = 500;

/**
 * A road's records, ascending, with what the server refuses to tell by it taken from its tables, where these are to be
 * had: fields of records, and records that are not told at all.
 */
export async function* completed<K extends Kind>(
  kind: K,
  batches: AsyncIterable<Rec<K>[]>,
  reading: Reading,
  tables: Tables,
): AsyncGenerator<Rec<K>[]> {
  // Of some it is not known which they are: then only the tables tell which there are.
  if (reading.untold(kind).isOpen) {
    const whole = await tables();
    if (whole) return yield* whole.records(kind);
  }
  let last: Id = 0;
  for await (const batch of batches) {
    const end = batch.at(-1)?.id ?? last;
    const { ids, fields } = reading.untold(kind);
    const whole = [...ids].filter((id) => id > last && id < end);
    const partly = batch.flatMap(({ id }) => (fields.has(id) ? [id] : []));
    last = end;
    if (whole.length + partly.length === 0) {
      yield batch;
      continue;
    }
    const found = await recordsOf(kind, [...whole, ...partly], tables);
    const told = batch.map((record) => {
      const stored = found.get(record.id);
      const lost = stored ? (fields.get(record.id) ?? []) : [];
      const values = lost.filter((field) => field in (stored ?? {}));
      return Object.assign(
        record,
        Object.fromEntries(values.map((f) => [f, stored?.[f as never]])),
      );
    });
    const missing = whole.flatMap((id) => found.get(id) ?? []);
    yield [...told, ...missing].sort((a, b) => a.id - b.id);
  }
  const rest = [...reading.untold(kind).ids].filter((id) => id > last);
  const found = await recordsOf(kind, rest, tables);
  if (found.size > 0) yield [...found.values()].sort((a, b) => a.id - b.id);
}

async function recordsOf<K extends Kind>(
  kind: K,
  ids: readonly Id[],
  tables: Tables,
): Promise<Map<Id, Rec<K>>> {
  const found = new Map<Id, Rec<K>>();
  const reading = ids.length > 0 ? await tables() : undefined;
  for (let from = 0; reading && from < ids.length; from += atOnce) {
    for await (const batch of reading.some(kind, ids.slice(from, from + atOnce))) {
      for (const record of batch) found.set(record.id, record);
    }
  }
  return found;
}
