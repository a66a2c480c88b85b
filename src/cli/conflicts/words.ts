import type { ClientBase } from 'pg';
import type { Conflict } from '../../library/conflicts.ts';
import { labelsOf } from '../../library/labels.ts';
import { listSources } from '../../library/sources.ts';
import type { LibraryId, Values } from '../../model/held.ts';
import type { Kind } from '../../model/kinds.ts';
import { askedField } from '../../sync/answer.ts';
import { type Names, namesIn } from '../records/names.ts';
import { inShort } from '../records/words.ts';

/** A question, with what it takes to put it into words. */
export interface Asked {
  conflict: Conflict;
  /** What a person knows the record by. */
  label: string;
  /** The source's name. */
  source: string;
  names: Names;
}

/** As much of a question as its words take; a planned one has no more. */
interface Placed {
  conflict: Pick<Conflict, 'kind' | 'field' | 'key'>;
  names: Names;
}

/** Some questions with the names that are in them. */
export async function asked(client: ClientBase, conflicts: readonly Conflict[]): Promise<Asked[]> {
  const sources = new Map((await listSources(client)).map(({ id, name }) => [id, name]));
  const labels = new Map<LibraryId, string>();
  const names = new Map<Kind, Names>();
  for (const [kind, some] of Map.groupBy(conflicts, (conflict) => conflict.kind)) {
    const ids = some.map(({ libraryId }) => libraryId);
    for (const [id, label] of await labelsOf(client, kind, ids)) labels.set(id, label);
    names.set(kind, await namesIn(client, kind, some.flatMap(valuesOf)));
  }
  return conflicts.map((conflict) => ({
    conflict,
    label: labels.get(conflict.libraryId) || conflict.libraryId,
    source: sources.get(conflict.sourceId) ?? '',
    names: names.get(conflict.kind) ?? new Map(),
  }));
}

/** What it is about, as values of its record. */
export const valuesOf = (
  conflict: Pick<Conflict, 'field' | 'key' | 'base' | 'library' | 'source'>,
): Values[] => {
  const { field, base, library, source } = conflict;
  if (field === '') return [];
  return [base, library, source].flatMap((value) =>
    value == null ? [] : [{ [field]: whole(conflict, value) }],
  );
};

/** What is known of an entry alone, as its field would have it. */
const whole = ({ key }: Pick<Conflict, 'key'>, value: unknown): unknown =>
  key === '' ? value : { [key]: value };

/** `title`, `customFields mood`, or the record as a whole. */
export const placeOf = ({ conflict: { field, key }, names }: Placed): string =>
  field === '' ? 'the record' : [field, names.get(key) ?? key].filter(Boolean).join(' ');

export function valueWords({ conflict, names }: Placed, value: unknown, length = 40): string {
  const field = askedField(conflict);
  if (field === undefined) return value === null ? 'there' : String(value);
  if (conflict.key === '') return inShort(field, value, names, length);
  return value === null ? 'nothing' : inShort(field, whole(conflict, value), names, length);
}
