import assert from 'node:assert/strict';
import { test } from 'node:test';
import { libraryId } from '../../test/support/changing.ts';
import { connected } from '../../test/support/filled.ts';
import { lock, lockedFields, unlock } from './locks.ts';
import { answerMatch, listMatches, type Match, suggestMatches } from './matches.ts';
import { beginRun, finishRun } from './runs.ts';
import {
  addSource,
  changeSource,
  findSource,
  lastRoad,
  listSources,
  type Source,
} from './sources.ts';

async function withSource(t: Parameters<typeof connected>[0]) {
  const { client } = await connected(t);
  const profile = { version: 'v0.30.1', schema: 75, types: { Tag: ['id'] } };
  await addSource(client, { name: 'main', profile, pictures: 'none' });
  return { client, profile, source: (await findSource(client, 'main')) as Source };
}

test('a new source is read only, the library is right, and its deletions are followed', async (t) => {
  const { source, profile } = await withSource(t);
  const { id, ...rest } = source;
  assert.deepEqual(rest, {
    ...{ name: 'main', profile, pictures: 'none', known: {}, address: null, sealedKey: null },
    ...{ writes: false, policy: { default: 'library' }, deletions: 'library', pathMap: [] },
    ...{ endpoints: [], successors: 'ask', standing: 'ok', highest: {}, comparedInFullAt: null },
  });
});

test('how a source is treated can be changed, bit by bit', async (t) => {
  const { client, source } = await withSource(t);
  const settings = {
    ...{
      address: 'http://stash:9999',
      sealedKey: 'v1:x',
      writes: true,
      deletions: 'both' as const,
    },
    policy: { default: 'newest' as const, 'scene.title': 'ask' as const },
    pathMap: [{ from: 'D:\\media', to: '/media' }],
    standing: 'rewound' as const,
    highest: { scene: 12 },
    comparedInFullAt: new Date('2026-01-01T00:00:00Z'),
  };
  await changeSource(client, source.id, {});
  await changeSource(client, source.id, settings);
  await changeSource(client, source.id, { standing: 'ok', address: null });
  assert.deepEqual(await listSources(client), [
    { ...source, ...settings, standing: 'ok', address: null },
  ]);
});

test('a source was read last by the road of the newest run that finished and had one', async (t) => {
  const { client, source } = await withSource(t);
  assert.equal(await lastRoad(client, source), undefined);
  const run = async (road?: 'snapshot' | 'tables') =>
    beginRun(client, { sourceId: source.id, command: 'x', ...(road && { road }) });
  await finishRun(client, await run('snapshot'), 'done', {});
  await finishRun(client, await run(), 'done', {});
  await run('tables');
  assert.equal(await lastRoad(client, source), 'snapshot');
});

test('fields of a record are locked and unlocked', async (t) => {
  const { client } = await withSource(t);
  const [one, other] = [libraryId(1), libraryId(2)];
  await lock(client, 'scene', one, ['title', 'tags']);
  await lock(client, 'scene', one, ['title']);
  await lock(client, 'scene', other, ['date']);
  await unlock(client, other, ['date', 'title']);
  await unlock(client, one, ['tags']);
  assert.deepEqual(await lockedFields(client, [one, other]), new Map([[one, new Set(['title'])]]));
});

test('a suggestion waits for an answer, and is not made again after it', async (t) => {
  const { client, source } = await withSource(t);
  const match = (n: number, score: number) => ({
    ...{ kind: 'performer' as const, remoteId: n, libraryId: libraryId(n), otherId: libraryId(9) },
    ...{ why: 'similar names', score },
  });
  await suggestMatches(client, source, []);
  await suggestMatches(client, source, [match(1, 0.875), match(2, 0.5)]);
  await suggestMatches(client, source, [match(2, 1), { ...match(2, 0.75), otherId: libraryId(8) }]);
  const waiting = await listMatches(client);
  assert.deepEqual(
    waiting.map(({ remoteId, otherId, score }) => [remoteId, otherId, score]),
    [
      [2, libraryId(9), 1],
      [1, libraryId(9), 0.875],
      [2, libraryId(8), 0.75],
    ],
  );
  const [first, second] = waiting as [Match, Match];
  await answerMatch(client, first.id, 'rejected');
  await answerMatch(client, second.id, 'accepted');
  await suggestMatches(client, source, [match(2, 0.25)]);
  assert.deepEqual(
    (await listMatches(client, { answer: 'rejected' })).map(({ id, score }) => [id, score]),
    [[first.id, 1]],
  );
  assert.equal((await listMatches(client, { kind: 'performer', sourceId: source.id })).length, 1);
  assert.equal((await listMatches(client, { kind: 'tag' })).length, 0);
  assert.equal((await listMatches(client, { ids: [first.id] })).length, 0);
});
