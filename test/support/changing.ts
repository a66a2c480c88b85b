/** A library that is made and changed by the path that every change goes. */
import type pg from 'pg';
import { applyChanges, type LibraryChange } from '../../src/library/change.ts';
import { heldRecords } from '../../src/library/heldRecords.ts';
import { type JournalLine, runChanges } from '../../src/library/journal.ts';
import { beginRun } from '../../src/library/runs.ts';
import type { LibraryId, Values } from '../../src/model/held.ts';
import type { Kind } from '../../src/model/kinds.ts';
import type { Scope } from './database.ts';
import { connected } from './filled.ts';

/** The nth of the ids that tests use; they ascend. */
export const libraryId = (n: number): LibraryId =>
  `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;

interface Changed {
  run: number;
  /** What was left alone. */
  stale: LibraryChange[];
  lines: JournalLine[];
}

export interface ChangingLibrary {
  client: pg.Client;
  /** In a run and a transaction of its own. */
  apply(changes: readonly LibraryChange[], sourceId?: number): Promise<Changed>;
  /** Some fields of a record, or all. */
  held(kind: Kind, id: LibraryId, ...fields: string[]): Promise<Values | undefined>;
}

export async function changingLibrary(
  t: Scope,
  records: readonly LibraryChange[],
): Promise<ChangingLibrary> {
  const { client } = await connected(t);
  const apply: ChangingLibrary['apply'] = async (changes, sourceId) => {
    const run = await beginRun(client, { command: 'test' });
    await client.query('BEGIN');
    try {
      const stale = await applyChanges(client, { id: run, ...(sourceId && { sourceId }) }, changes);
      await client.query('COMMIT');
      return { run, stale, lines: await runChanges(client, run) };
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    }
  };
  if (records.length > 0) await apply(records);
  return {
    client,
    apply,
    async held(kind, id, ...fields) {
      const record = (await heldRecords(client, kind, [id])).get(id);
      if (!record || fields.length === 0) return record?.values;
      return Object.fromEntries(fields.map((field) => [field, record.values[field]]));
    },
  };
}
