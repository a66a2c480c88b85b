import type { ClientBase } from 'pg';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import type { LeftOut } from '../model/writing.ts';
import { kindNumber, kindOfNumber } from './layout.ts';
import type { Source } from './sources.ts';
import { recordset } from './storable.ts';

type SourceId = Pick<Source, 'id'>;

/** A part of a record that a source did not take. */
export interface Refusal extends LeftOut {
  kind: Kind;
  libraryId: LibraryId;
}

/** What of some fields of a record was not taken, now that they were sent. */
export interface Told {
  kind: Kind;
  libraryId: LibraryId;
  /** `''` for the record itself. */
  fields: readonly string[];
  left: readonly LeftOut[];
}

/** Writes down what of some records was not taken, in place of what was so before. */
export async function noteRefusals(
  client: ClientBase,
  { id: sourceId }: SourceId,
  told: readonly Told[],
): Promise<void> {
  const fields = told.flatMap(({ kind, libraryId, fields }) =>
    fields.map((field) => ({ kind: kindNumber[kind], library_id: libraryId, field })),
  );
  if (fields.length === 0) return;
  await client.query(
    `DELETE FROM stowage.refusals r
      USING json_to_recordset($2::json) AS t (kind smallint, library_id uuid, field text)
      WHERE r.source_id = $1 AND r.kind = t.kind AND r.library_id = t.library_id AND r.field = t.field`,
    [sourceId, recordset(fields)],
  );
  const left = told.flatMap(({ kind, libraryId, left }) =>
    left.map((one) => ({ kind: kindNumber[kind], library_id: libraryId, ...one })),
  );
  if (left.length === 0) return;
  await client.query(
    `INSERT INTO stowage.refusals (source_id, kind, library_id, field, key, why)
     SELECT $1, t.* FROM json_to_recordset($2::json)
       AS t (kind smallint, library_id uuid, field text, key text, why text)`,
    [sourceId, recordset(left)],
  );
}

/** Of these, those that still hold: the record is there, and the field is kept otherwise than it was sent. */
const standing = `r.source_id = $1 AND EXISTS (SELECT FROM stowage.links l
  WHERE l.source_id = r.source_id AND l.library_id = r.library_id AND l.sent ? r.field AND l.absent_since IS NULL)`;

/** The parts of records that a source does not take, by record. */
export async function refusals(client: ClientBase, { id }: SourceId): Promise<Refusal[]> {
  const { rows } = await client.query<Omit<Refusal, 'kind'> & { kind: number }>(
    `SELECT r.kind, r.library_id AS "libraryId", r.field, r.key, r.why FROM stowage.refusals r
      WHERE ${standing} ORDER BY r.kind, r.library_id, r.field, r.key`,
    [id],
  );
  return rows.map((row) => ({ ...row, kind: kindOfNumber.get(row.kind) as Kind }));
}

/** The records of a source by the names that they have there, which no other of their kind may have. */
const holders = `SELECT l.kind, l.remote_id, l.library_id, lower(n.name) AS name
   FROM stowage.links l, LATERAL (
     SELECT l.base ->> 'name' AS name UNION ALL
     SELECT jsonb_array_elements_text(CASE WHEN jsonb_typeof(l.base -> 'aliases') = 'array' THEN l.base -> 'aliases' ELSE '[]' END)) n
  WHERE l.source_id = $1 AND l.absent_since IS NULL AND l.kind = ANY ($2::smallint[])`;

/** Kinds of which no two may have a name in common. */
const named = [kindNumber.tag, kindNumber.studio];

/** Notes who has the names that were refused since. */
export async function noteHolders(client: ClientBase, { id }: SourceId): Promise<void> {
  await client.query(
    `WITH open AS (SELECT DISTINCT kind, library_id, field, key FROM stowage.refusals
         WHERE source_id = $1 AND holder IS NULL AND kind = ANY ($2::smallint[]) AND field IN ('', 'aliases')),
       holders AS (SELECT h.* FROM (${holders}) h WHERE EXISTS (SELECT FROM open))
     UPDATE stowage.refusals r SET holder = h.remote_id FROM open o, holders h
      WHERE r.source_id = $1 AND (r.kind, r.library_id, r.field, r.key) = (o.kind, o.library_id, o.field, o.key)
        AND h.kind = o.kind AND h.name = lower(o.key) AND h.library_id <> o.library_id`,
    [id, named],
  );
}

/** Those parts whose reason is gone: nobody has that name there any more. */
export async function dueRefusals(
  client: ClientBase,
  { id }: SourceId,
): Promise<Pick<Refusal, 'kind' | 'libraryId' | 'field'>[]> {
  const { rows } = await client.query<{ kind: number; libraryId: LibraryId; field: string }>(
    `WITH waiting AS (SELECT * FROM stowage.refusals WHERE source_id = $1 AND holder IS NOT NULL),
       holders AS (SELECT h.* FROM (${holders}) h WHERE EXISTS (SELECT FROM waiting))
     SELECT DISTINCT r.kind, r.library_id AS "libraryId", r.field FROM waiting r
      WHERE (r.field = '' OR ${standing}) AND NOT EXISTS (SELECT FROM holders h
        WHERE h.kind = r.kind AND h.name = lower(r.key) AND h.library_id <> r.library_id)`,
    [id, named],
  );
  return rows.map((row) => ({ ...row, kind: kindOfNumber.get(row.kind) as Kind }));
}
