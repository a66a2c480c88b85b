import type { ClientBase } from 'pg';
import type { HeldRecord, LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { type Conflict, listConflicts } from './conflicts.ts';
import { heldRecords } from './heldRecords.ts';
import { storedFields } from './layout.ts';
import { lockedFields } from './locks.ts';
import { type Origin, provenanceOf, type SourceRecord, sourcesOf } from './provenance.ts';

/** All that the library knows of a record. */
export interface Described {
  kind: Kind;
  record: HeldRecord;
  sources: SourceRecord[];
  fields: DescribedField[];
  /** Questions about the record as a whole. */
  conflicts: Conflict[];
}

export interface DescribedField {
  name: string;
  fact: boolean;
  value: unknown;
  /** What its value came with; null where nothing tells. */
  origin: Origin | null;
  /** Whether it was changed since the record came into being, and what it was before the last change. */
  changed: boolean;
  before: unknown;
  locked: boolean;
  /** Open questions about it. */
  conflicts: Conflict[];
}

/** Undefined where there is no such record. */
export async function describeRecord(
  client: ClientBase,
  kind: Kind,
  id: LibraryId,
): Promise<Described | undefined> {
  const record = (await heldRecords(client, kind, [id])).get(id);
  if (!record) return undefined;
  const { fields: changes, made } = await provenanceOf(client, kind, id);
  const locked = (await lockedFields(client, [id])).get(id);
  const conflicts = await listConflicts(client, { kind, libraryId: id });
  const of = (field: string) => conflicts.filter((conflict) => conflict.field === field);
  return {
    kind,
    record,
    sources: await sourcesOf(client, kind, id),
    conflicts: of(''),
    fields: storedFields[kind].map(({ name, fact }) => {
      const change = changes.get(name);
      return {
        name,
        fact,
        value: record.values[name],
        origin: change ?? made,
        changed: change !== undefined,
        before: change?.before ?? null,
        locked: locked?.has(name) ?? false,
        conflicts: of(name),
      };
    }),
  };
}
