import type { ClientBase } from 'pg';
import type { Kind } from '../model/kinds.ts';
import type { Trouble } from '../model/reading.ts';
import { kindNumber, kindOfNumber } from './layout.ts';
import type { Source } from './sources.ts';

/** Writes down what a run could not bring. */
export async function keepTroubles(
  client: ClientBase,
  runId: number,
  troubles: readonly Trouble[],
): Promise<void> {
  await client.query(
    `INSERT INTO stowage.troubles (run_id, kind, remote_id, field, why)
     SELECT $1, t.kind, t.id, t.field, t.why
       FROM unnest($2::smallint[], $3::bigint[], $4::text[], $5::text[]) AS t (kind, id, field, why)`,
    [
      runId,
      troubles.map(({ kind }) => kindNumber[kind]),
      troubles.map(({ id }) => id),
      troubles.map(({ field }) => field),
      troubles.map(({ why }) => why.replaceAll('\0', '')),
    ],
  );
}

/** What of a source could not be brought, and still is not there. */
export async function keptTroubles(client: ClientBase, source: Source): Promise<Trouble[]> {
  const { rows } = await client.query<{ kind: number; id: number; field: string; why: string }>(
    `SELECT t.kind, t.remote_id::float8 AS id, t.field, t.why
       FROM stowage.troubles t JOIN stowage.runs r ON r.id = t.run_id
      WHERE r.source_id = $1 ORDER BY t.kind, t.remote_id, t.field`,
    [source.id],
  );
  return rows.map(({ kind, ...trouble }) => ({ kind: kindOfNumber.get(kind) as Kind, ...trouble }));
}
