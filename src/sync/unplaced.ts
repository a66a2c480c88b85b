import type { LibraryRecords } from '../library/read.ts';
import { fieldsOf, type Kind, kindNames } from '../model/kinds.ts';
import { isEmpty } from './compare.ts';
import type { Planning } from './planning.ts';

/** A field in which so many records hold something that a source has no place for. */
export interface Unplaced {
  kind: Kind;
  field: string;
  count: number;
}

/** What of these records a source cannot be made to hold, whatever it is sent: fields that its version lacks, mostly. */
export async function unplaced(
  records: LibraryRecords,
  canHold: Planning['canHold'],
): Promise<Unplaced[]> {
  const found: Unplaced[] = [];
  for (const kind of kindNames) {
    const fields = fieldsOf[kind].flatMap(([field, { merge }]) =>
      merge === 'fact' ? [] : [{ kind, field, count: 0 }],
    );
    if (fields.length === 0) continue;
    for await (const batch of records.records(kind)) {
      for (const record of batch as { [field: string]: unknown }[]) {
        for (const one of fields) {
          const value = record[one.field];
          if (value === undefined || isEmpty(value)) continue;
          if (!canHold(kind, one.field, value)) one.count++;
        }
      }
    }
    found.push(...fields.filter(({ count }) => count > 0));
  }
  return found;
}
