import assert from 'node:assert/strict';
import { test } from 'node:test';
import type pg from 'pg';
import { libraryId } from '../../test/support/changing.ts';
import { connected } from '../../test/support/filled.ts';
import {
  type Conflict,
  closeConflicts,
  listConflicts,
  openConflict,
  openConflicts,
  settleConflicts,
} from './conflicts.ts';
import { beginRun } from './runs.ts';
import { addSource, findSource, type Source } from './sources.ts';

const big = 2n ** 63n;

async function asked(t: Parameters<typeof connected>[0]) {
  const { client } = await connected(t);
  const [main, second] = [await newSource(client, 'main'), await newSource(client, 'second')];
  const runId = await beginRun(client, { sourceId: main.id, command: 'sync' });
  const ask = (source: Source, n: number, question: Partial<Conflict> = {}) =>
    openConflict(client, source, {
      ...{ kind: 'scene', remoteId: n, libraryId: libraryId(n), field: 'title', key: '', runId },
      ...{ base: 'a', library: 'b', source: 'c' },
      ...question,
      ...{ runId },
    });
  await ask(main, 1);
  await ask(main, 1, { field: 'customFields', key: 'x', base: null, library: big, source: ['\0'] });
  await ask(main, 1, { field: 'customFields', key: 'y\0' });
  await ask(main, 2, { kind: 'tag', field: '', base: undefined, library: 'deleted' });
  await ask(second, 1);
  return { client, main, second, ask, runId };
}

async function newSource(client: pg.Client, name: string): Promise<Source> {
  const profile = { version: null, schema: 75, types: {} };
  await addSource(client, { name, profile, pictures: 'none' });
  return (await findSource(client, name)) as Source;
}

test('open questions are known by record, field and key', async (t) => {
  const { client, main } = await asked(t);
  assert.deepEqual(
    await openConflicts(client, main, 'scene', [1, 2]),
    new Map([
      [
        1,
        new Map([
          ['customFields', new Set(['x', 'y'])],
          ['title', new Set([''])],
        ]),
      ],
    ]),
  );
  assert.deepEqual(
    await openConflicts(client, main, 'tag', [2]),
    new Map([[2, new Map([['', new Set([''])]])]]),
  );
});

test('a question is listed with all three values, by whatever it is asked for', async (t) => {
  const { client, main, second, runId } = await asked(t);
  const all = await listConflicts(client, {});
  const { foundAt, ...second1 } = all[1] as Conflict;
  assert.deepEqual(second1, {
    ...{ id: 2, sourceId: main.id, kind: 'scene', libraryId: libraryId(1), remoteId: 1, runId },
    ...{ field: 'customFields', key: 'x', base: null, library: big, source: [''] },
    ...{ isThere: true, settledAt: null, settled: null },
  });
  const ids = async (
    ...filter: Parameters<typeof listConflicts> extends [unknown, ...infer R] ? R : never
  ) => (await listConflicts(client, ...filter)).map(({ id }) => id);
  assert.deepEqual(await ids({}), [1, 2, 3, 4, 5]);
  assert.deepEqual(await ids({ ids: [2, 5] }), [2, 5]);
  assert.deepEqual(await ids({ sourceId: second.id }), [5]);
  assert.deepEqual(await ids({ kind: 'tag' }), [4]);
  assert.deepEqual(await ids({ field: '' }), [4]);
  assert.deepEqual(await ids({ field: 'title', libraryId: libraryId(1) }), [1, 5]);
  assert.deepEqual(await ids({ sourceId: main.id }, { after: 1, limit: 2 }), [2, 3]);
  assert.deepEqual(await ids({ settled: true }), []);
});

test('a question that is asked again is brought up to date, until it is settled', async (t) => {
  const { client, main, ask } = await asked(t);
  const [first] = await listConflicts(client, { ids: [1] });
  await ask(main, 1, { source: 'd' });
  const [again] = await listConflicts(client, { ids: [1] });
  assert.deepEqual(again, { ...first, source: 'd' });

  await settleConflicts(client, [1, 2], 'library');
  const settled = await listConflicts(client, { settled: true });
  assert.deepEqual(
    settled.map((one) => [one.id, one.settled, one.settledAt !== null]),
    [
      [1, 'library', true],
      [2, 'library', true],
    ],
  );
  await ask(main, 1, { source: 'e' });
  const open = await listConflicts(client, { field: 'title', sourceId: main.id });
  assert.equal(open.length, 1);
  assert.ok((open[0] as Conflict).id > 5);
});

test('a question on which both sides came to agree is closed', async (t) => {
  const { client, main } = await asked(t);
  await closeConflicts(client, main, []);
  await closeConflicts(client, main, [
    { kind: 'scene', remoteId: 1, field: 'customFields', key: 'x' },
    { kind: 'scene', remoteId: 1, field: 'title', key: 'other' },
  ]);
  const [closed, ...others] = await listConflicts(client, { settled: true });
  assert.deepEqual([closed?.id, closed?.settled, others], [2, 'agreed', []]);
});
