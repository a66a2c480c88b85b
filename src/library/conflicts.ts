import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { jsonText, parseJson } from '../model/records.ts';
import { kindNumber, kindOfNumber } from './layout.ts';
import type { Source } from './sources.ts';
import { recordset, storableJson, storableText } from './storable.ts';

/** A field that both sides changed differently: a question for a person. Values in library ids. */
export interface Conflict {
  id: number;
  sourceId: number;
  kind: Kind;
  libraryId: LibraryId;
  remoteId: Id;
  /** '' where one side deleted the record and the other changed it. */
  field: string;
  /** An entry of a keyed field; '' for the whole field. */
  key: string;
  base: unknown;
  library: unknown;
  source: unknown;
  /** Whether the source has anything there: an entry that is not there is null here too. */
  isThere: boolean;
  /** The run that found it, or found it changed. */
  runId: number | null;
  foundAt: Date;
  settledAt: Date | null;
  settled: Settlement | null;
}

/** Who was right; 'agreed' where the sides came to have the same by themselves. */
export type Settlement = 'library' | 'stash' | 'value' | 'agreed';

/** Which question it is. */
type Question = Pick<Conflict, 'kind' | 'remoteId' | 'field' | 'key'>;

/** Asks a question, or brings up to date one that is open. */
export async function openConflict(
  client: ClientBase,
  { id: sourceId }: Source,
  conflict: Question &
    Pick<Conflict, 'libraryId' | 'base' | 'library' | 'source'> & { runId: number },
): Promise<void> {
  const value = (of: unknown) => (of === undefined ? null : storableJson(jsonText(of)));
  await client.query(
    `INSERT INTO stowage.conflicts
       (source_id, kind, library_id, remote_id, field, key, base, library, source, run_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (source_id, kind, remote_id, field, key) WHERE settled_at IS NULL DO UPDATE SET
       library_id = excluded.library_id, base = excluded.base, library = excluded.library,
       source = excluded.source, run_id = excluded.run_id`,
    [
      ...[sourceId, kindNumber[conflict.kind], conflict.libraryId, conflict.remoteId],
      ...[conflict.field, storableText(conflict.key)],
      ...[value(conflict.base), value(conflict.library), value(conflict.source), conflict.runId],
    ],
  );
}

/** Closes questions on which both sides have come to agree by themselves. */
export async function closeConflicts(
  client: ClientBase,
  { id: sourceId }: Source,
  agreed: readonly Question[],
): Promise<void> {
  if (agreed.length === 0) return;
  await client.query(
    `UPDATE stowage.conflicts c SET settled_at = now(), settled = 'agreed'
       FROM json_to_recordset($2::json) AS a (kind smallint, remote_id bigint, field text, key text)
      WHERE c.source_id = $1 AND c.settled_at IS NULL
        AND (c.kind, c.remote_id, c.field, c.key) = (a.kind, a.remote_id, a.field, a.key)`,
    [
      sourceId,
      recordset(
        agreed.map(({ kind, remoteId, field, key }) => ({
          kind: kindNumber[kind],
          remote_id: remoteId,
          field,
          key,
        })),
      ),
    ],
  );
}

/** The open questions about records of a source: fields, and of each its keys. */
export async function openConflicts(
  client: ClientBase,
  { id: sourceId }: Source,
  kind: Kind,
  remoteIds: readonly Id[],
): Promise<Map<Id, Map<string, Set<string>>>> {
  const { rows } = await client.query<{ id: string; field: string; keys: string[] }>(
    `SELECT remote_id AS id, field, array_agg(key) AS keys FROM stowage.conflicts
      WHERE source_id = $1 AND kind = $2 AND remote_id = ANY ($3::bigint[]) AND settled_at IS NULL
      GROUP BY remote_id, field`,
    [sourceId, kindNumber[kind], remoteIds],
  );
  const open = new Map<Id, Map<string, Set<string>>>();
  for (const { id, field, keys } of rows) {
    const fields = open.get(Number(id)) ?? new Map<string, Set<string>>();
    open.set(Number(id), fields.set(field, new Set(keys)));
  }
  return open;
}

/** Which questions are meant: all that is given must hold. */
export interface ConflictFilter {
  ids?: readonly number[];
  sourceId?: number;
  kind?: Kind;
  field?: string;
  libraryId?: LibraryId;
  /** Open ones unless this is true. */
  settled?: boolean;
}

/** Questions in the order in which they were found; those after one, for the next page. */
export async function listConflicts(
  client: ClientBase,
  filter: ConflictFilter,
  { after = 0, limit = 1000 }: { after?: number; limit?: number } = {},
): Promise<Conflict[]> {
  const values: unknown[] = [after, limit];
  const conditions = [`settled_at IS ${filter.settled ? 'NOT ' : ''}NULL`, 'id > $1'];
  const only = (column: string, type: string, value: unknown) => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(`${column} = ANY ($${values.length}::${type}[])`);
  };
  const one = (value: unknown) => (value === undefined ? undefined : [value]);
  only('id', 'bigint', filter.ids);
  only('source_id', 'smallint', one(filter.sourceId));
  only('kind', 'smallint', one(filter.kind && kindNumber[filter.kind]));
  only('field', 'text', one(filter.field));
  only('library_id', 'uuid', one(filter.libraryId));
  const { rows } = await client.query(
    `SELECT id::float8 AS id, source_id AS "sourceId", kind, library_id AS "libraryId",
       remote_id::float8 AS "remoteId", field, key, base::text AS base, library::text AS library,
       source::text AS source, source IS NOT NULL AS "isThere", run_id::float8 AS "runId", found_at AS "foundAt", settled_at AS "settledAt", settled
     FROM stowage.conflicts WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT $2`,
    values,
  );
  const value = (text: string | null) => (text === null ? null : parseJson(text));
  return rows.map((row) => ({
    ...row,
    kind: kindOfNumber.get(row.kind) as Kind,
    base: value(row.base),
    library: value(row.library),
    source: value(row.source),
  }));
}

/** Notes who was right. What follows from it is the business of whoever asked. */
export async function settleConflicts(
  client: ClientBase,
  ids: readonly number[],
  settled: Settlement,
): Promise<void> {
  await client.query(
    `UPDATE stowage.conflicts SET settled_at = now(), settled = $2
      WHERE id = ANY ($1::bigint[]) AND settled_at IS NULL`,
    [ids, settled],
  );
}
