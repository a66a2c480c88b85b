import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { parseJson } from '../model/records.ts';
import { asText, type Cell } from './cursor.ts';
import type { JournalLine } from './journal.ts';
import { kindOfNumber } from './layout.ts';

/** What a run did to one record on one side: all its lines, in their order. */
export interface RecordLines {
  kind: Kind;
  libraryId: LibraryId;
  remoteId: Id | null;
  lines: Pick<JournalLine, 'id' | 'action' | 'field' | 'before' | 'after'>[];
}

/** What a run did on a side, record by record, in batches. In the caller's transaction. */
export async function* runRecords(
  client: ClientBase,
  runId: number,
  side: JournalLine['side'],
): AsyncGenerator<RecordLines[]> {
  const cursor = `run_records_${++opened}`;
  await client.query(
    `DECLARE ${cursor} NO SCROLL CURSOR FOR SELECT kind, library_id, max(remote_id),
       json_agg(json_build_array(id, action, field, before, after) ORDER BY id)::text
     FROM stowage.run_changes
     WHERE run_id = ${Number(runId)} AND side = '${side}' AND state = 'done'
     GROUP BY kind, library_id ORDER BY kind, library_id`,
  );
  while (true) {
    const { rows } = await client.query<Cell[]>({
      text: `FETCH FORWARD ${batchSize} FROM ${cursor}`,
      rowMode: 'array',
      types: asText,
    });
    if (rows.length === 0) break;
    yield rows.map(recordOf);
  }
  await client.query(`CLOSE ${cursor}`);
}

const batchSize = 300;
let opened = 0;

function recordOf([kind, libraryId, remoteId, lines]: Cell[]): RecordLines {
  return {
    kind: kindOfNumber.get(Number(kind)) as Kind,
    libraryId: libraryId as LibraryId,
    remoteId: remoteId === null ? null : Number(remoteId),
    lines: (parseJson(lines as string) as [number, never, string | null, unknown, unknown][]).map(
      ([id, action, field, before, after]) => ({ id, action, field, before, after }),
    ),
  };
}

/** Those of some records that other runs changed after this one. */
export async function changedSince(
  client: ClientBase,
  runId: number,
  ids: readonly LibraryId[],
): Promise<Set<LibraryId>> {
  const { rows } = await client.query<{ id: LibraryId }>(
    `SELECT DISTINCT library_id AS id FROM stowage.run_changes
      WHERE library_id = ANY ($1::uuid[]) AND run_id > $2 AND side = 'library' AND state = 'done'`,
    [ids, runId],
  );
  return new Set(rows.map(({ id }) => id));
}

/** How many records a run changed: by side, action and kind, as in `library update scene`. */
export async function countChanged(
  client: ClientBase,
  runId: number,
): Promise<{ [what: string]: number }> {
  const { rows } = await client.query<{ what: string; kind: number; count: number }>(
    `SELECT side || ' ' || action AS what, kind, count(DISTINCT library_id)::int AS count FROM stowage.run_changes
      WHERE run_id = $1 AND state = 'done' GROUP BY 1, 2 ORDER BY 1, 2`,
    [runId],
  );
  return Object.fromEntries(
    rows.map(({ what, kind, count }) => [`${what} ${kindOfNumber.get(kind)}`, count]),
  );
}
