import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { parseJson } from '../model/records.ts';
import { kindNumber } from './layout.ts';

/** The run that something came with. */
export interface Origin {
  runId: number;
  command: string;
  /** Name of the source whose value it was; null where it came from no source. */
  source: string | null;
  at: Date;
}

/** Where a field's value came from: its newest change. */
interface FieldOrigin extends Origin {
  before: unknown;
}

export interface Provenance {
  /** Of the fields that were changed since the record came into being. */
  fields: Map<string, FieldOrigin>;
  /** What the record came into being with; null where nothing tells, as of one that was made with SQL. */
  made: Origin | null;
}

/** Where the values of a record came from. */
export async function provenanceOf(
  client: ClientBase,
  kind: Kind,
  id: LibraryId,
): Promise<Provenance> {
  const { rows: changed } = await client.query(
    `SELECT p.field, p.before::text AS before, p.run_id::float8 AS "runId", p.command, s.name AS source, p.at
       FROM stowage.provenance p LEFT JOIN stowage.sources s ON s.id = p.source_id
      WHERE p.kind = $1 AND p.library_id = $2`,
    [kindNumber[kind], id],
  );
  const fields = changed.map(({ field, before, ...origin }): [string, FieldOrigin] => [
    field,
    { ...origin, before: before === null ? null : parseJson(before) },
  ]);
  return { fields: new Map(fields), made: await madeBy(client, kind, id) };
}

/** By a run that says so, else by the first import, which says it of all that it brought at once. */
async function madeBy(client: ClientBase, kind: Kind, id: LibraryId): Promise<Origin | null> {
  const { rows } = await client.query<Origin>(
    `SELECT r.id::float8 AS "runId", r.command, s.name AS source, o.at FROM (
       (SELECT 0 AS rank, c.run_id, c.at FROM stowage.run_changes c
         WHERE c.library_id = $2 AND c.kind = $1 AND c.side = 'library' AND c.action = 'create' AND c.field IS NULL
         ORDER BY c.id DESC LIMIT 1)
       UNION ALL
       (SELECT 1, m.id, m.started_at FROM stowage.runs m
         WHERE m.command = 'migrate' AND m.id = (SELECT min(id) FROM stowage.runs WHERE source_id IS NOT NULL)
           AND EXISTS (SELECT FROM stowage.links l WHERE l.source_id = m.source_id AND l.library_id = $2))
     ) o JOIN stowage.runs r ON r.id = o.run_id LEFT JOIN stowage.sources s ON s.id = r.source_id
     ORDER BY o.rank LIMIT 1`,
    [kindNumber[kind], id],
  );
  return rows[0] ?? null;
}

/** What a record is to a source, in short: `linksTo` tells the rest. */
export interface SourceRecord {
  source: string;
  remoteId: Id;
  edited: boolean;
  absentSince: Date | null;
  /** The source's record became part of this one here, by a merge. */
  isPart: boolean;
}

export async function sourcesOf(
  client: ClientBase,
  kind: Kind,
  id: LibraryId,
): Promise<SourceRecord[]> {
  const { rows } = await client.query<SourceRecord>(
    `SELECT s.name AS source, l.remote_id::float8 AS "remoteId", l.edited, l.absent_since AS "absentSince",
            l.library_id <> $2 AS "isPart"
       FROM stowage.links l JOIN stowage.sources s ON s.id = l.source_id
      WHERE l.kind = $1 AND l.library_id IN (SELECT $2 UNION SELECT origin FROM stowage.folded WHERE destination = $2)
      ORDER BY s.id, "isPart", l.remote_id`,
    [kindNumber[kind], id],
  );
  return rows;
}
