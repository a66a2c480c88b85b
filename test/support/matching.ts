/** A library whose records those of a source are matched with. */
import type { TestContext } from 'node:test';
import type pg from 'pg';
import { applyChanges } from '../../src/library/change.ts';
import { kindNumber } from '../../src/library/layout.ts';
import { beginRun } from '../../src/library/runs.ts';
import { addSource } from '../../src/library/sources.ts';
import type { Id } from '../../src/model/fields.ts';
import type { LibraryId, Values } from '../../src/model/held.ts';
import type { Fingerprint, Kind } from '../../src/model/kinds.ts';
import { foldInto } from '../../src/sync/foldInto.ts';
import {
  type FileFacts,
  Matching,
  type MatchOptions,
  matchNew,
  type NewRecord,
} from '../../src/sync/match.ts';

const box = 'https://box.example/graphql';
export const stashId = (id: string, endpoint = box) => ({
  stashIds: { [endpoint]: [{ stashId: id }] },
});
export const oshash = (value: string): Fingerprint => ({ type: 'oshash', value });
export const md5 = (value: string): Fingerprint => ({ type: 'md5', value });
export const phash = (value: string): Fingerprint => ({ type: 'phash', value });
export const file = (path: string, ...fingerprints: Fingerprint[]): FileFacts => ({
  path,
  fingerprints,
});

/** What is suggested: the record, why, and the score. */
export const suggested = (outcome: unknown): [LibraryId, string, number][] =>
  (
    (outcome as { suggestions?: { libraryId: LibraryId; why: string; score: number }[] })
      ?.suggestions ?? []
  ).map(({ libraryId, why, score }) => [libraryId, why, score]);

/** Without records, and two sources; as it was before, when the test ends. */
export async function emptyLibrary(client: pg.Client, t: TestContext) {
  await client.query('BEGIN');
  t.after(() => client.query('ROLLBACK'));
  const source = (name: string) =>
    addSource(client, {
      name,
      profile: { version: null, schema: 75, types: {} },
      pictures: 'none',
    });
  const sourceId = await source('main');
  await source('another');
  const run = { id: await beginRun(client, { command: 'test' }) };
  let last = 0;
  const create = async (kind: Kind, values: Values): Promise<LibraryId> => {
    const id = `01900000-0000-7000-8000-${String(++last).padStart(12, '0')}`;
    await applyChanges(client, run, [{ kind, id, action: 'create', values }]);
    return id;
  };
  const match = async (
    kind: Kind,
    records: readonly NewRecord[],
    options: Partial<MatchOptions> = {},
  ) =>
    Object.fromEntries(
      await matchNew(client, { id: sourceId }, kind, records, { pathMap: [], ...options }),
    );
  return {
    source,
    match,
    matching: (kind: Kind) => new Matching(client, { id: sourceId }, kind, { pathMap: [] }),
    async holds(kind: Kind, values: Values, files: readonly FileFacts[] = []) {
      const ids: LibraryId[] = [];
      for (const facts of files) ids.push(await create('file', { ...facts }));
      return create(kind, files.length > 0 ? { ...values, files: ids } : values);
    },
    /** Numbered from 1. */
    matchValues: (kind: Kind, values: readonly Values[], options?: Partial<MatchOptions>) =>
      match(
        kind,
        values.map((one, i) => ({ remoteId: i + 1, values: one })),
        options,
      ),
    async filesOf(scene: LibraryId): Promise<LibraryId[]> {
      const { rows } = await client.query(
        'SELECT file_id AS id FROM qar.cargo_files WHERE cargo_id = $1',
        [scene],
      );
      return rows.map(({ id }) => id);
    },
    async linked(kind: Kind, remoteId: Id, id: LibraryId, to = sourceId) {
      await client.query(
        `INSERT INTO stowage.links (source_id, kind, remote_id, library_id, base, facts, seen, run_id)
         VALUES ($1, $2, $3, $4, '{}', '{}', '', $5)`,
        [to, kindNumber[kind], remoteId, id, run.id],
      );
    },
    async deleted(kind: Kind, id: LibraryId) {
      await applyChanges(client, run, [{ kind, id, action: 'delete', values: {} }]);
    },
    async folded(kind: Kind, origin: LibraryId, destination: LibraryId) {
      await foldInto(client, run, kind, destination, origin);
    },
    async refused(kind: Kind, remoteId: Id, other: LibraryId) {
      await client.query(
        `INSERT INTO stowage.matches (source_id, kind, remote_id, library_id, other_id, why, score, answer)
         VALUES ($1, $2, $3, $4, $4, '', 1, 'rejected')`,
        [sourceId, kindNumber[kind], remoteId, other],
      );
    },
  };
}
