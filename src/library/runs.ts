import type { ClientBase } from 'pg';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import type { RoadName } from '../model/reading.ts';
import { kindOfNumber } from './layout.ts';

/** One going of a command that changes something: a sync, an edit by hand, an undo. */
export interface Run {
  id: number;
  /** Name of the source; null for what concerned the library alone. */
  source: string | null;
  command: string;
  road: RoadName | null;
  startedAt: Date;
  /** Null while it goes on, and for ever where it was cut off. */
  finishedAt: Date | null;
  outcome: string | null;
  counts: { [what: string]: number };
  /** The run that this one takes back. */
  undoes: number | null;
}

export async function beginRun(
  client: ClientBase,
  run: { sourceId?: number; command: string; road?: RoadName; undoes?: number },
): Promise<number> {
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO stowage.runs (source_id, command, road, undoes, started_at)
     VALUES ($1, $2, $3, $4, clock_timestamp()) RETURNING id`,
    [run.sourceId, run.command, run.road, run.undoes],
  );
  return Number(rows[0]?.id);
}

export async function finishRun(
  client: ClientBase,
  id: number,
  outcome: string,
  counts: Run['counts'],
): Promise<void> {
  await client.query(
    'UPDATE stowage.runs SET finished_at = clock_timestamp(), outcome = $2, counts = $3 WHERE id = $1',
    [id, outcome, counts],
  );
}

/** The newest first; those before one run, for the next page. */
export function listRuns(
  client: ClientBase,
  { before, limit = 50 }: { before?: number; limit?: number } = {},
): Promise<Run[]> {
  return select(client, 'WHERE $1::bigint IS NULL OR r.id < $1 ORDER BY r.id DESC LIMIT $2', [
    before ?? null,
    limit,
  ]);
}

export async function findRun(client: ClientBase, id: number): Promise<Run | undefined> {
  return (await select(client, 'WHERE r.id = $1', [id]))[0];
}

/** The newest run of a source. */
export async function lastRun(client: ClientBase, sourceId: number): Promise<Run | undefined> {
  return (await select(client, 'WHERE r.source_id = $1 ORDER BY r.id DESC LIMIT 1', [sourceId]))[0];
}

/** The record that each run of a person's is about: the one edited, or that others became part of. */
export async function recordsOf(
  client: ClientBase,
  runIds: readonly number[],
): Promise<Map<number, { kind: Kind; id: LibraryId }>> {
  const { rows } = await client.query<{ run: number; kind: number; id: LibraryId }>(
    `SELECT r.id::float8 AS run, c.kind, c.about AS id FROM unnest($1::bigint[]) AS r (id), LATERAL (
       SELECT kind, coalesce((after ->> 'destination')::uuid, library_id) AS about FROM (
         SELECT kind, library_id, id, CASE WHEN action = 'fold' THEN after END AS after
           FROM stowage.run_changes WHERE run_id = r.id) AS line
        ORDER BY (after IS NULL), id LIMIT 1) AS c`,
    [runIds],
  );
  return new Map(
    rows.map(({ run, kind, id }) => [run, { kind: kindOfNumber.get(kind) as Kind, id }]),
  );
}

async function select(client: ClientBase, which: string, values: unknown[]): Promise<Run[]> {
  const { rows } = await client.query<Run>(
    `SELECT r.id::float8 AS id, s.name AS source, r.command, r.road, r.started_at AS "startedAt",
       r.finished_at AS "finishedAt", r.outcome, r.counts, r.undoes::float8 AS undoes
     FROM stowage.runs r LEFT JOIN stowage.sources s ON s.id = r.source_id ${which}`,
    values,
  );
  return rows;
}
