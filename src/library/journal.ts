import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { LibraryId, Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { parseJson } from '../model/records.ts';
import { kindNumber, kindOfNumber } from './layout.ts';
import type { Source } from './sources.ts';
import { recordset } from './storable.ts';

/** What a run did to a record, or to one field of it, on one side. Values are in library ids. */
export interface JournalLine {
  id: number;
  side: 'library' | 'source';
  kind: Kind;
  libraryId: LibraryId;
  remoteId: Id | null;
  action: Action;
  /** Null where the line concerns the whole record. */
  field: string | null;
  before: unknown;
  after: unknown;
  at: Date;
  state: 'done' | 'sent' | 'failed';
  why: string | null;
}

type Action = 'create' | 'update' | 'delete' | 'restore' | 'link' | 'unlink' | 'fold';

/** A line that is to be written. */
export interface NewLine {
  kind: Kind;
  libraryId: LibraryId;
  remoteId?: Id | null | undefined;
  action: Action;
  field?: string;
  before?: unknown;
  after?: unknown;
  why?: string | undefined;
}

/** Writes down what was done in the library. */
export const recordDone = (client: ClientBase, runId: number, lines: readonly NewLine[]) =>
  write(client, { id: runId, side: 'library', sourceId: null, state: 'done' }, lines);

/** A change that is sent to a source. */
export interface SentChange {
  kind: Kind;
  libraryId: LibraryId;
  remoteId: Id | null;
  action: 'create' | 'update' | 'delete';
  /** The fields concerned, in library ids. */
  before: Values;
  after: Values;
}

/** Writes down what is about to be sent to a source; commit it before sending, so that it is known whatever happens. */
export const recordSent = (
  client: ClientBase,
  run: { id: number; sourceId: number },
  changes: readonly SentChange[],
) =>
  write(
    client,
    { id: run.id, side: 'source', sourceId: run.sourceId, state: 'sent' },
    changes.flatMap(({ before, after, ...change }): NewLine[] =>
      change.action === 'update'
        ? Object.keys(after).map((field) => ({
            ...change,
            field,
            before: before[field],
            after: after[field],
          }))
        : [{ ...change, before, after }],
    ),
  );

/** What became of a change that was sent. */
export interface Settled {
  kind: Kind;
  libraryId: LibraryId;
  /** The number that the source gave to a record that was created. */
  remoteId?: Id;
  /** What it stored, in library ids; a field that is not told was stored as sent. */
  after?: Values;
  /** Why it refused. */
  why?: string;
  /** The fields that it wrote nevertheless; what it made or destroyed is done with any. */
  written?: readonly string[];
}

export async function settleSent(
  client: ClientBase,
  run: { id: number; sourceId: number },
  settled: readonly Settled[],
): Promise<void> {
  await client.query(
    `UPDATE stowage.run_changes c SET
       state = CASE WHEN s.why IS NULL OR s.written IS NOT NULL AND (c.field IS NULL OR s.written ? c.field)
         THEN 'done' ELSE 'failed' END, why = s.why,
       remote_id = coalesce(s.remote_id, c.remote_id),
       after = CASE WHEN c.field IS NULL THEN c.after || coalesce(s.after, '{}')
         WHEN s.after ? c.field THEN s.after -> c.field ELSE c.after END
     FROM json_to_recordset($3::json) AS s (kind smallint, library_id uuid, remote_id bigint, after jsonb, why text,
       written jsonb)
     WHERE c.run_id = $1 AND c.source_id = $2 AND c.state = 'sent'
       AND c.kind = s.kind AND c.library_id = s.library_id`,
    [
      run.id,
      run.sourceId,
      recordset(
        settled.map(({ kind, libraryId, remoteId, ...rest }) => ({
          kind: kindNumber[kind],
          library_id: libraryId,
          remote_id: remoteId,
          ...rest,
        })),
      ),
    ],
  );
}

/** The values that were on their way to some of a source's records when a run was cut off: they may have arrived. */
export async function sentChanges(
  client: ClientBase,
  { id: sourceId }: Source,
  kind: Kind,
  remoteIds: readonly Id[],
): Promise<Map<Id, Values>> {
  const lines = await select(
    client,
    `c.source_id = $1 AND c.state = 'sent' AND c.kind = $2 AND c.remote_id = ANY ($3::bigint[])`,
    [sourceId, kindNumber[kind], remoteIds],
  );
  const sent = new Map<Id, Values>();
  for (const { remoteId, field, after } of lines) {
    if (remoteId === null || field === null) continue;
    sent.set(remoteId, { ...sent.get(remoteId), [field]: after });
  }
  return sent;
}

/**
 * Records that a source refused to make, and that nobody changed since: it would refuse them again. With what it said.
 */
export async function refusedCreations(
  client: ClientBase,
  sourceId: number,
): Promise<Map<LibraryId, { kind: Kind; why: string | null }>> {
  const { rows } = await client.query<{ id: LibraryId; kind: number; why: string | null }>(
    `SELECT f.library_id AS id, f.kind, f.why FROM stowage.run_changes f
      WHERE f.source_id = $1 AND f.state = 'failed' AND f.action = 'create'
        AND NOT EXISTS (SELECT FROM stowage.run_changes c
          WHERE c.library_id = f.library_id AND c.side = 'library' AND c.id > f.id)
        AND NOT EXISTS (SELECT FROM stowage.links l
          WHERE l.library_id = f.library_id AND l.source_id = f.source_id)
      ORDER BY f.id`,
    [sourceId],
  );
  return new Map(
    rows.map(({ id, kind, why }) => [id, { kind: kindOfNumber.get(kind) as Kind, why }]),
  );
}

/**
 * Settles what earlier runs had sent when they were cut off, by what the source has now: `there` in library ids. To
 * be called once that was looked at: nothing later is to be taken for something that arrived.
 */
export async function settleCutOff(
  client: ClientBase,
  run: { id: number; sourceId: number },
  found: readonly { kind: Kind; libraryId: LibraryId; there: Values }[],
): Promise<void> {
  if (found.length === 0) return;
  await client.query(
    `UPDATE stowage.run_changes c SET
       state = CASE WHEN c.field IS NULL OR coalesce(c.after, 'null') = f.there -> c.field THEN 'done' ELSE 'failed' END,
       why = coalesce(c.why, 'the run was cut off; a later one looked whether it arrived')
     FROM json_to_recordset($3::json) AS f (kind smallint, library_id uuid, there jsonb)
     WHERE c.run_id < $1 AND c.source_id = $2 AND c.state = 'sent'
       AND c.kind = f.kind AND c.library_id = f.library_id`,
    [
      run.id,
      run.sourceId,
      recordset(
        found.map(({ kind, libraryId, there }) => ({
          kind: kindNumber[kind],
          library_id: libraryId,
          there,
        })),
      ),
    ],
  );
}

/** What a run did, to one record or to all, a page at a time: the lines after one, in their order. */
export const runChanges = (
  client: ClientBase,
  runId: number,
  {
    after = 0,
    limit = 1000,
    libraryId,
  }: { after?: number; limit?: number; libraryId?: LibraryId } = {},
): Promise<JournalLine[]> =>
  select(
    client,
    'c.run_id = $1 AND c.id > $2 AND ($3::uuid IS NULL OR c.library_id = $3)',
    [runId, after, libraryId ?? null],
    Number(limit),
  );

async function write(
  client: ClientBase,
  run: {
    id: number;
    side: JournalLine['side'];
    sourceId: number | null;
    state: JournalLine['state'];
  },
  lines: readonly NewLine[],
): Promise<void> {
  if (lines.length === 0) return;
  await client.query(
    `INSERT INTO stowage.run_changes
       (run_id, side, source_id, state, kind, library_id, remote_id, action, field, before, after, why)
     SELECT $1, $2, $3, $4, n.*
       FROM json_to_recordset($5::json) AS n (kind smallint, library_id uuid, remote_id bigint, action text,
         field text, before jsonb, after jsonb, why text)`,
    [
      run.id,
      run.side,
      run.sourceId,
      run.state,
      recordset(
        lines.map(({ kind, libraryId, remoteId, ...line }) => ({
          kind: kindNumber[kind],
          library_id: libraryId,
          remote_id: remoteId,
          ...line,
        })),
      ),
    ],
  );
}

async function select(
  client: ClientBase,
  where: string,
  values: unknown[],
  limit?: number,
): Promise<JournalLine[]> {
  const { rows } = await client.query(
    `SELECT c.id::float8 AS id, c.side, c.kind, c.library_id AS "libraryId",
       c.remote_id::float8 AS "remoteId", c.action, c.field, c.before::text AS before, c.after::text AS after, c.at,
       c.state, c.why
     FROM stowage.run_changes c WHERE ${where} ORDER BY c.id ${limit === undefined ? '' : `LIMIT ${limit}`}`,
    values,
  );
  return rows.map(({ kind, before, after, ...line }) => ({
    ...line,
    kind: kindOfNumber.get(kind),
    before: before === null ? null : parseJson(before),
    after: after === null ? null : parseJson(after),
  }));
}
