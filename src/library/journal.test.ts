import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changingLibrary, libraryId } from '../../test/support/changing.ts';
import type { Id } from '../model/fields.ts';
import type { Values } from '../model/held.ts';
import {
  recordDone,
  recordSent,
  runChanges,
  type SentChange,
  sentChanges,
  settleCutOff,
  settleSent,
} from './journal.ts';
import { beginRun, findRun, finishRun, lastRun, listRuns } from './runs.ts';
import { addSource, findSource, type Source } from './sources.ts';

const big = 2n ** 63n;

async function withSource(t: Parameters<typeof changingLibrary>[0]) {
  const library = await changingLibrary(t, []);
  const { client } = library;
  const profile = { version: null, schema: 75, types: {} };
  const sourceId = await addSource(client, { name: 'main', profile, pictures: 'none' });
  const source = (await findSource(client, 'main')) as Source;
  const run = async () => ({
    id: await beginRun(client, { sourceId, command: 'sync', road: 'tables' }),
    sourceId,
  });
  return { ...library, source, run };
}

const sentUpdate = (n: number, after: Values): SentChange => ({
  kind: 'scene',
  libraryId: libraryId(n),
  remoteId: n as Id,
  action: 'update',
  before: Object.fromEntries(Object.keys(after).map((field) => [field, null])),
  after,
});

test('runs are listed with the newest first, a page at a time', async (t) => {
  const { client, run, source } = await withSource(t);
  const first = await run();
  await finishRun(client, first.id, 'done', { scene: 3 });
  const second = await beginRun(client, { command: 'undo', undoes: first.id });
  const runs = await listRuns(client);
  assert.deepEqual(
    runs.map(({ id, source, command, road, outcome, counts, undoes }) => ({
      ...{ id, source, command, road, outcome, counts, undoes },
    })),
    [
      {
        id: second,
        source: null,
        command: 'undo',
        road: null,
        outcome: null,
        counts: {},
        undoes: first.id,
      },
      {
        ...{ id: first.id, source: 'main', command: 'sync', road: 'tables' },
        ...{ outcome: 'done', counts: { scene: 3 }, undoes: null },
      },
    ],
  );
  assert.deepEqual(await listRuns(client, { limit: 1 }), runs.slice(0, 1));
  assert.deepEqual(await listRuns(client, { before: second }), runs.slice(1));
  assert.deepEqual(await findRun(client, second), runs[0]);
  assert.equal(await findRun(client, 99), undefined);
  assert.deepEqual(await lastRun(client, source.id), runs[1]);
  assert.equal(runs[0]?.finishedAt, null);
  assert.ok((runs[1]?.finishedAt as Date) >= (runs[1]?.startedAt as Date));
});

test('what a run did is told line by line, with every value whole', async (t) => {
  const { client, run } = await withSource(t);
  const { id } = await run();
  const of = { kind: 'tag', libraryId: libraryId(1) } as const;
  await recordDone(client, id, [
    {
      ...of,
      action: 'update',
      field: 'customFields',
      before: {},
      after: { big },
      remoteId: 5,
      why: 'because\0',
    },
    { ...of, action: 'update', field: 'sortName', before: 'x', after: null },
  ]);
  const lines = await runChanges(client, id);
  const rest = { ...of, side: 'library', state: 'done', action: 'update' };
  assert.deepEqual(
    lines.map(({ id: _, at, ...line }) => line),
    [
      { ...rest, field: 'customFields', before: {}, after: { big }, remoteId: 5, why: 'because' },
      { ...rest, field: 'sortName', before: 'x', after: null, remoteId: null, why: null },
    ],
  );
  assert.deepEqual(await runChanges(client, id, { limit: 1 }), lines.slice(0, 1));
  assert.deepEqual(await runChanges(client, id, { after: lines[0]?.id as number }), lines.slice(1));
});

test('what is sent is written down before, and what became of it after', async (t) => {
  const { client, run, source } = await withSource(t);
  const one = await run();
  await recordSent(client, one, [
    sentUpdate(1, { title: ' a ', rating: null }),
    sentUpdate(2, { title: 'b' }),
    {
      kind: 'tag',
      libraryId: libraryId(3),
      remoteId: null,
      action: 'create',
      before: {},
      after: { name: ' c' },
    },
  ]);
  assert.deepEqual(
    await sentChanges(client, source, 'scene', [1, 2, 3]),
    new Map([
      [1, { title: ' a ', rating: null }],
      [2, { title: 'b' }],
    ]),
  );
  await settleSent(client, one, [
    { kind: 'scene', libraryId: libraryId(1), after: { title: 'a' } },
    { kind: 'scene', libraryId: libraryId(2), why: 'refused' },
    { kind: 'tag', libraryId: libraryId(3), remoteId: 17, after: { name: 'c' } },
  ]);
  assert.deepEqual(
    (await runChanges(client, one.id)).map(({ side, remoteId, field, after, state, why }) => [
      ...[side, remoteId, field, after, state, why],
    ]),
    [
      ['source', 1, 'title', 'a', 'done', null],
      ['source', 1, 'rating', null, 'done', null],
      ['source', 2, 'title', 'b', 'failed', 'refused'],
      ['source', 17, null, { name: 'c' }, 'done', null],
    ],
  );
  assert.equal((await sentChanges(client, source, 'scene', [1, 2])).size, 0);
});

test('what a source did only in part is done as far as it did it', async (t) => {
  const { client, run } = await withSource(t);
  const one = await run();
  const made = { kind: 'tag', libraryId: libraryId(2), remoteId: null, before: {} } as const;
  await recordSent(client, one, [
    sentUpdate(1, { title: 'a', rating: 3 }),
    { ...made, action: 'create', after: { name: 'c', image: 'x' } },
  ]);
  await settleSent(client, one, [
    { kind: 'scene', libraryId: libraryId(1), why: 'no rating', written: ['title'] },
    { kind: 'tag', libraryId: libraryId(2), remoteId: 17, why: 'no image', written: ['name'] },
  ]);
  assert.deepEqual(
    (await runChanges(client, one.id)).map(({ remoteId, field, state, why }) => [
      ...[remoteId, field, state, why],
    ]),
    [
      [1, 'title', 'done', 'no rating'],
      [1, 'rating', 'failed', 'no rating'],
      [17, null, 'done', 'no image'],
    ],
  );
});

test('what a run that was cut off had sent is settled by what the source has', async (t) => {
  const { client, run, source } = await withSource(t);
  await recordSent(client, await run(), [
    sentUpdate(1, { title: 'a', rating: 3, date: null }),
    sentUpdate(2, { title: 'b' }),
  ]);
  const next = await run();
  await settleCutOff(client, next, [
    { kind: 'scene', libraryId: libraryId(1), there: { title: 'a', rating: 4, date: null } },
  ]);
  const lines = await client.query('SELECT field, state FROM stowage.run_changes ORDER BY id');
  assert.deepEqual(lines.rows, [
    { field: 'title', state: 'done' },
    { field: 'rating', state: 'failed' },
    { field: 'date', state: 'done' },
    { field: 'title', state: 'sent' },
  ]);
  assert.deepEqual(
    await sentChanges(client, source, 'scene', [1, 2]),
    new Map([[2, { title: 'b' }]]),
  );
});

test('where a field’s value came from is the newest change of it in the library', async (t) => {
  const { client, run } = await withSource(t);
  const [first, second] = [await run(), await run()];
  const of = { kind: 'tag', libraryId: libraryId(1), action: 'update' } as const;
  await recordDone(client, first.id, [
    { ...of, field: 'name', before: 'a', after: 'b' },
    { ...of, field: 'sortName', before: '', after: 's' },
  ]);
  await recordDone(client, second.id, [{ ...of, field: 'name', before: 'b', after: 'c' }]);
  await recordSent(client, second, [
    { ...of, remoteId: 5, before: { name: 'b' }, after: { name: 'c' } },
  ]);
  const { rows } = await client.query(
    `SELECT field, before, after, run_id::int AS run, command FROM stowage.provenance WHERE library_id = $1 ORDER BY field`,
    [libraryId(1)],
  );
  assert.deepEqual(rows, [
    { field: 'name', before: 'b', after: 'c', run: second.id, command: 'sync' },
    { field: 'sortName', before: '', after: 's', run: first.id, command: 'sync' },
  ]);
});

test('provenance of one record among very many changes is read from the index', async (t) => {
  const { client, run } = await withSource(t);
  const { id } = await run();
  await client.query(
    `INSERT INTO stowage.run_changes (run_id, side, kind, library_id, action, field, before, after)
     SELECT $1, 'library', 1, ('01900000-0000-7000-8000-' || lpad((n % 20000)::text, 12, '0'))::uuid, 'update', 'name', '1', '2'
       FROM generate_series(1, 60000) n`,
    [id],
  );
  await client.query('ANALYZE stowage.run_changes');
  const { rows } = await client.query(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT json) SELECT * FROM stowage.provenance WHERE library_id = $1`,
    [libraryId(7)],
  );
  const plan = JSON.stringify(rows[0]);
  assert.match(plan, /run_changes_library_id_field_id_idx/);
  assert.doesNotMatch(plan, /Seq Scan[^}]*run_changes/);
});
