import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import { jsonText, parseJson } from '../model/records.ts';
import { asText, type Cell } from './cursor.ts';
import { kindNumber } from './layout.ts';
import type { Source } from './sources.ts';
import { recordset } from './storable.ts';
import { withIds } from './translate.ts';

/** A number of a source that stands for another record than it did. */
export interface Move {
  kind: Kind;
  from: Id;
  /** The number of the record that it stood for; null where that has none any more. */
  to: Id | null;
  /** That record. */
  libraryId: LibraryId;
}

/**
 * Moves links to other numbers, and with them all that was written down in those numbers: what both sides agreed to,
 * facts, questions. In one transaction: half of it would tie records to the wrong ones.
 */
export async function moveLinks(
  client: ClientBase,
  source: Source,
  moves: readonly Move[],
): Promise<void> {
  if (moves.length === 0) return;
  const now = new Map<Kind, Map<Id, Id | LibraryId>>();
  for (const { kind, from, to, libraryId } of moves) {
    // What has no number is named by its id here, as everywhere.
    now.set(kind, (now.get(kind) ?? new Map()).set(from, to ?? libraryId));
  }
  await client.query('BEGIN');
  try {
    for (const kind of kindNames) await renameIn(client, source, kind, now);
    await client.query(
      `CREATE TEMPORARY TABLE moves (kind smallint, remote_id bigint, now bigint) ON COMMIT DROP`,
    );
    await client.query(
      'INSERT INTO moves SELECT * FROM json_to_recordset($1::json) AS m (kind smallint, remote_id bigint, now bigint)',
      [
        recordset(
          moves.map(({ kind, from, to }) => ({
            ...{ kind: kindNumber[kind], remote_id: from, now: to },
          })),
        ),
      ],
    );
    const meant = (table: string) =>
      `${table}.source_id = $1 AND ${table}.kind = m.kind AND ${table}.remote_id = m.remote_id`;
    // What was said of a number's likeness was said of another record.
    await client.query(`DELETE FROM stowage.matches USING moves m WHERE ${meant('matches')}`, [
      source.id,
    ]);
    for (const [table, also] of [
      ['links', `, seen = ''`],
      ['conflicts', ''],
    ] as const) {
      await client.query(
        `DELETE FROM stowage.${table} USING moves m WHERE ${meant(table)} AND m.now IS NULL`,
        [source.id],
      );
      // By way of numbers that nobody has: one is taken that another has not left yet.
      await client.query(
        `UPDATE stowage.${table} SET remote_id = -m.now${also} FROM moves m WHERE ${meant(table)}`,
        [source.id],
      );
      await client.query(
        `UPDATE stowage.${table} SET remote_id = -remote_id WHERE source_id = $1 AND remote_id < 0`,
        [source.id],
      );
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // the first error tells more
    throw error;
  }
}

const batchSize = 1000;

/** Names the records by their new numbers in what the links of a kind say. */
async function renameIn(
  client: ClientBase,
  source: Source,
  kind: Kind,
  now: ReadonlyMap<Kind, ReadonlyMap<Id, Id | LibraryId>>,
): Promise<void> {
  const renamed = (values: Values) =>
    withIds(kind, values, (target, id) => now.get(target)?.get(id as Id) ?? id);
  for (let last = '0'; ; ) {
    const { rows } = await client.query<Cell[]>({
      text: `SELECT remote_id, base, facts, sent FROM stowage.links
        WHERE source_id = $1 AND kind = $2 AND remote_id > $3 ORDER BY remote_id LIMIT ${batchSize}`,
      values: [source.id, kindNumber[kind], last],
      rowMode: 'array',
      types: asText,
    });
    if (rows.length === 0) return;
    last = rows.at(-1)?.[0] as string;
    const changed = rows.flatMap(([remoteId, ...texts]) => {
      const before = texts.map((text) => parseJson(text as string) as Values);
      const mode = before[0]?.mode;
      // Of a saved filter the ids are told by its mode.
      const after = before.map((values) => {
        if (values.objectFilter === undefined || mode === undefined) return renamed(values);
        const { mode: own, ...rest } = renamed({ ...values, mode });
        return Object.hasOwn(values, 'mode') ? { ...rest, mode: own } : rest;
      });
      if (jsonText(after) === jsonText(before)) return [];
      const [base, facts, sent] = after;
      return [{ remote_id: Number(remoteId), base, facts, sent }];
    });
    if (changed.length === 0) continue;
    await client.query(
      `UPDATE stowage.links l SET base = c.base, facts = c.facts, sent = c.sent
         FROM json_to_recordset($3::json) AS c (remote_id bigint, base jsonb, facts jsonb, sent jsonb)
        WHERE l.source_id = $1 AND l.kind = $2 AND l.remote_id = c.remote_id`,
      [source.id, kindNumber[kind], recordset(changed)],
    );
  }
}

/** Those of some numbers that stand for another record than the one they are given to now. */
export async function givenAgain(
  client: ClientBase,
  source: Source,
  kind: Kind,
  given: ReadonlyMap<Id, LibraryId>,
): Promise<{ remoteId: Id; libraryId: LibraryId }[]> {
  const { rows } = await client.query<{ remote: string; library: LibraryId }>(
    // What became part of another record here is the source's second name of that one.
    `SELECT l.remote_id AS remote, l.library_id AS library
       FROM unnest($3::bigint[], $4::uuid[]) AS g (remote_id, library_id)
       JOIN stowage.links l ON l.source_id = $1 AND l.kind = $2 AND l.remote_id = g.remote_id
      WHERE l.library_id <> g.library_id
        AND NOT EXISTS (SELECT FROM stowage.folds f WHERE f.origin = l.library_id)`,
    [source.id, kindNumber[kind], [...given.keys()], [...given.values()]],
  );
  return rows.map(({ remote, library }) => ({ remoteId: Number(remote), libraryId: library }));
}
