import type { ClientBase } from 'pg';
import type { SubGroup } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import { batchesOf, type Edit, updateRecords } from './changeRecords.ts';
import { heldFields } from './heldRecords.ts';
import { kindNumber, type StoredField, storedFields } from './layout.ts';

/**
 * Puts records that are back where they were when they were deleted: the run that deleted them took them out of others,
 * by itself or with what it brought from the source. A place that another has by now (a studio, a cover) stays as it is.
 *
 * This belongs to every restoration, and to its transaction: a library that had a record without its places would tell
 * each source that they are gone.
 */
export async function putBack(
  client: ClientBase,
  runId: number,
  kind: Kind,
  restored: readonly LibraryId[],
): Promise<void> {
  if (restored.length === 0) return;
  for (const owner of kindNames) {
    for (const field of storedFields[owner]) {
      if (field.target !== kind || field.fact) continue;
      await putBackIn(client, runId, owner, field, kind, restored);
    }
  }
}

async function putBackIn(
  client: ClientBase,
  runId: number,
  owner: Kind,
  field: StoredField,
  kind: Kind,
  restored: readonly LibraryId[],
): Promise<void> {
  const places = Map.groupBy(await lostPlaces(client, owner, field, restored), ({ id }) => id);
  for (const batch of batchesOf([...places.keys()])) {
    const held = await heldFields(client, owner, batch, [field]);
    const edits = [...held.values()].flatMap(({ id, values }): Edit[] => {
      const now = values[field.name];
      const then = (places.get(id) ?? []).reduce(
        (value, { lost, before }) => withAgain(value, before, lost),
        now,
      );
      const why = `a ${kind} that it named is back`;
      return then === now ? [] : [{ id, values: { [field.name]: then }, why }];
    });
    await updateRecords(client, runId, owner, edits, () => true);
    // Their sources have not heard of it, though it may have been one of them that brought the record back.
    await client.query(
      'UPDATE stowage.links SET edited = true WHERE library_id = ANY ($1::uuid[]) AND NOT edited',
      [edits.map(({ id }) => id)],
    );
  }
}

interface Place {
  /** Whose value named the record. */
  id: LibraryId;
  before: unknown;
  /** The record that it named, and then no longer did. */
  lost: LibraryId;
}

/**
 * Where records were named, as the journal tells it of the run that deleted each of them last. What was taken over from the
 * source before the deletion may be in a run before, which was cut off in between.
 */
async function lostPlaces(
  client: ClientBase,
  owner: Kind,
  field: StoredField,
  deleted: readonly LibraryId[],
): Promise<Place[]> {
  const { rows } = await client.query<Place>(
    `WITH deletions AS (
       SELECT DISTINCT ON (d.library_id) d.library_id, d.run_id, r.source_id
         FROM stowage.run_changes d JOIN stowage.runs r ON r.id = d.run_id
        WHERE d.library_id = ANY ($1::uuid[]) AND d.side = 'library' AND d.action = 'delete'
        ORDER BY d.library_id, d.id DESC),
     concerned AS (
       SELECT library_id, run_id FROM deletions
       UNION ALL
       SELECT d.library_id, r.id FROM deletions d JOIN stowage.runs r
           ON r.source_id = d.source_id AND r.id < d.run_id AND r.finished_at IS NULL
        WHERE NOT EXISTS (SELECT FROM stowage.runs f
          WHERE f.source_id = d.source_id AND f.id > r.id AND f.id < d.run_id AND f.finished_at IS NOT NULL))
     SELECT c.library_id AS id, c.before, d.library_id AS lost
       FROM (SELECT run_id, array_agg(library_id::text) AS ids FROM concerned GROUP BY run_id) AS run
       JOIN stowage.run_changes c ON c.run_id = run.run_id AND c.side = 'library' AND c.action = 'update'
        AND c.kind = $2 AND c.field = $3 AND c.before ?| run.ids
       JOIN concerned d ON d.run_id = c.run_id AND c.before ? d.library_id::text
      WHERE NOT coalesce(c.after, 'null') ? d.library_id::text
      ORDER BY c.id`,
    [deleted, kindNumber[owner], field.name],
  );
  return rows;
}

/** A value with what it named before, in its old place; as it is where that is another's by now. */
function withAgain(now: unknown, before: unknown, back: LibraryId): unknown {
  if (Array.isArray(now)) return now.includes(back) ? now : [...now, back].sort();
  if (now === null || typeof now !== 'object') return now ?? before;
  if (Object.hasOwn(now, back)) return now;
  const entry = (before as { [id: string]: unknown })[back];
  return typeof entry === 'object' && entry !== null
    ? inOrder(now as SubGroups, before as SubGroups, back)
    : { ...now, [back]: entry };
}

type SubGroups = { [group: string]: SubGroup };

/** Sub-groups with one again, after the one that it followed. Places count from 0; as they were where all are there. */
function inOrder(now: SubGroups, before: SubGroups, back: string): SubGroups {
  const then = ordered(before);
  const ids = ordered(now);
  const leader = then.slice(0, then.indexOf(back)).findLast((id) => ids.includes(id));
  ids.splice(leader === undefined ? 0 : ids.indexOf(leader) + 1, 0, back);
  const isAsThen = ids.length === then.length && ids.every((id, i) => id === then[i]);
  return Object.fromEntries(
    ids.map((id, i) => {
      const { description } = (now[id] ?? before[id]) as SubGroup;
      return [id, { position: isAsThen ? (before[id] as SubGroup).position : i, description }];
    }),
  );
}

const ordered = (groups: SubGroups): string[] =>
  Object.entries(groups)
    .sort(([, a], [, b]) => a.position - b.position)
    .map(([id]) => id);
