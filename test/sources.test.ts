import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startSimulator } from '../src/simulator/simulator.ts';
import { ownLibrary } from './support/commands.ts';
import './support/database.ts';
import path from 'node:path';
import { generate } from '../src/simulator/generate.ts';
import { inStep } from './support/inStep.ts';
import { temporaryFolder } from './support/pictures.ts';

/** The mutations that a simulated Stash was sent. */
const mutations = (requests: readonly { names: readonly string[] }[]) =>
  new Set(requests.flatMap(({ names }) => names));

async function small(t: Parameters<typeof temporaryFolder>[0], apiKey?: string) {
  const database = path.join(await temporaryFolder(t), 'stash.sqlite');
  generate(database, { scenes: 10, images: 10 });
  const simulator = await startSimulator({ database, ...(apiKey !== undefined && { apiKey }) });
  t.after(() => simulator.close());
  return { database, simulator };
}

describe('an address', () => {
  test('is remembered with its key, so that neither is asked for again', async (t) => {
    const { simulator } = await small(t, 'a long enough key');
    const { stowage, query } = await ownLibrary(t);
    const first = await stowage(
      'migrate',
      '--from',
      `${simulator.url}/graphql?apikey=a long enough key`,
    );
    assert.equal(first.exitCode, 0, first.error?.message);
    const [{ address, sealed_key: sealed } = {}] = await query('SELECT * FROM stowage.sources');
    assert.equal(address, simulator.url);
    assert.doesNotMatch(String(sealed), /long/);
    for (const command of ['sync', 'verify']) {
      const { exitCode, error } = await stowage(command);
      assert.equal(exitCode, 0, error?.message);
    }
  });

  test('is remembered without a word of the one who gave it', async (t) => {
    const { simulator } = await small(t);
    const { stowage, query } = await ownLibrary(t);
    await stowage('migrate', '--from', simulator.url.replace('//', '//someone:secret@'));
    const [{ address, sealed_key: sealed } = {}] = await query('SELECT * FROM stowage.sources');
    assert.deepEqual([address, sealed], [simulator.url, null]);
  });

  test('gets its own key only: another one is not told it', async (t) => {
    const { simulator, database } = await small(t, 'a long enough key');
    const { stowage } = await ownLibrary(t);
    await stowage('migrate', '--from', simulator.url, '--api-key', 'a long enough key');
    const other = await startSimulator({ database });
    t.after(() => other.close());
    const { exitCode } = await stowage('sync', '--from', other.url, '--name', 'main');
    assert.equal(exitCode, 0);
    assert.ok(other.requests.length > 0);
    assert.ok(other.requests.every(({ headers }) => headers.apikey === undefined));
  });

  test('of several has to be named, and is known by itself', async (t) => {
    const { simulator, database } = await small(t);
    const { stowage, query } = await ownLibrary(t);
    await stowage('migrate', '--from', simulator.url);
    const second = await startSimulator({ database });
    t.after(() => second.close());
    assert.equal((await stowage('sync', '--from', second.url, '--name', 'attic')).exitCode, 0);
    const unsaid = await stowage('sync');
    assert.equal(unsaid.exitCode, 2);
    assert.match(String(unsaid.error?.remedy), /main, attic/);
    assert.equal((await stowage('sync', '--name', 'attic')).exitCode, 0);
    assert.equal((await stowage('sync', '--from', second.url)).exitCode, 0);
    assert.equal((await query('SELECT * FROM stowage.sources')).length, 2);
  });

  test('that is not known is asked for', async (t) => {
    const { database } = await small(t);
    const { stowage } = await ownLibrary(t);
    await stowage('migrate', '--from', database);
    const { exitCode, error } = await stowage('sync');
    assert.equal(exitCode, 2);
    assert.match(String(error?.remedy), /--from/);
  });
});

describe('sources', () => {
  test('lists each with how it is treated and what it has', async (t) => {
    const { library, stash } = await inStep(t);
    const { events, lines } = await library.stowage('sources');
    const [source] = events.filter(({ event }) => event === 'source');
    assert.equal(source?.address, stash.simulator.url);
    assert.deepEqual(
      [source?.name, source?.version, source?.writes, source?.deletions, source?.standing],
      ['main', 'v0.30.1', false, 'library', 'ok'],
    );
    assert.deepEqual(
      { ...(source?.counts as object) },
      { ...(source?.counts as object), scene: 40 },
    );
    assert.match(lines.join('\n'), /writes=off {2}policy=library {2}deletions=library/);
  });

  test('set: several settings at once, and what is wrong changes nothing', async (t) => {
    const { library, query } = await inStep(t);
    const set = (...words: string[]) => library.stowage('sources', 'set', 'main', ...words);
    const { exitCode } = await set(
      ...['policy=newest', 'policy.scene.title=ask', 'policy.tag=stash', 'deletions=both'],
      ...[String.raw`map=D:\media=/media`, 'map=/a=/b'],
    );
    assert.equal(exitCode, 0);
    const settings = async () =>
      (await query('SELECT policy, deletions, path_map, writes FROM stowage.sources'))[0];
    const now = {
      policy: { default: 'newest', 'scene.title': 'ask', tag: 'stash' },
      deletions: 'both',
      path_map: [
        { from: String.raw`D:\media`, to: '/media' },
        { from: '/a', to: '/b' },
      ],
      writes: false,
    };
    assert.deepEqual(await settings(), now);
    const wrong = [
      'policy=mine',
      'policy.scene.size=ask',
      'policy.film=ask',
      'deletions=all',
      'map=x',
      'writes=maybe',
      'colour=red',
      'writes',
    ];
    for (const word of wrong) {
      const { exitCode, error } = await set('deletions=none', word);
      assert.deepEqual([exitCode, error?.item], [2, word.replace('map=', '')], word);
    }
    assert.deepEqual(await settings(), now);
    assert.equal((await set('policy.tag=', 'map=')).exitCode, 0);
    const { policy, path_map: map } = (await settings()) as typeof now;
    assert.deepEqual([policy, map], [{ default: 'newest', 'scene.title': 'ask' }, []]);
  });

  test('set writes=on shows what would be written, has a backup made, and writes nothing yet', async (t) => {
    const { library, query, stash, idOf } = await inStep(t);
    await query('UPDATE qar.cargo SET title = $2 WHERE id = $1', [await idOf('scene', 3), 'Mine']);
    const before = stash.simulator.requests.length;
    const on = await library.stowage('sources', 'set', 'main', 'writes=on');
    assert.equal(on.exitCode, 0, on.error?.message);
    assert.deepEqual(JSON.parse(JSON.stringify(on.summary.counts)), [
      { kind: 'scene', side: 'source', action: 'update', count: 1 },
    ]);
    assert.match(on.lines.join('\n'), /→ title: .* → Mine/);
    const sent = mutations(stash.simulator.requests.slice(before));
    assert.ok(sent.has('backupDatabase'));
    assert.ok(!sent.has('scenesUpdate'));
    assert.deepEqual(await query('SELECT writes FROM stowage.sources'), [{ writes: true }]);
    assert.equal((await library.stowage('sync')).exitCode, 0);
    assert.deepEqual(await stash.rows('select title from scenes where id = 3'), [['Mine']]);
    assert.equal((await library.stowage('sources', 'set', 'main', 'writes=off')).exitCode, 0);
    assert.deepEqual(await query('SELECT writes FROM stowage.sources'), [{ writes: false }]);
  });

  test('set writes=on is refused without a server', async (t) => {
    const { database } = await small(t);
    const { stowage, query } = await ownLibrary(t);
    await stowage('migrate', '--from', database);
    const unknown = await stowage('sources', 'set', 'main', 'writes=on');
    const file = await stowage('sources', 'set', 'main', 'writes=on', '--from', database);
    assert.deepEqual([unknown.exitCode, file.exitCode], [2, 2]);
    assert.deepEqual(await query('SELECT writes FROM stowage.sources'), [{ writes: false }]);
  });

  test('remove: the records stay, and what ran can be looked at', async (t) => {
    const { library, query } = await inStep(t);
    const removed = await library.stowage('sources', 'remove', 'main');
    assert.equal(removed.exitCode, 0);
    assert.match(removed.lines.join('\n'), /stays in the library: .*40 scenes/);
    const [counts] = await query(
      `SELECT (SELECT count(*)::int FROM stowage.sources) AS sources, (SELECT count(*)::int FROM stowage.links) AS links,
         (SELECT count(*)::int FROM qar.cargo WHERE deleted_at IS NULL) AS scenes, (SELECT count(*)::int FROM stowage.runs) AS runs`,
    );
    assert.deepEqual(counts, { sources: 0, links: 0, scenes: 40, runs: 1 });
  });
});

describe('sources resolve', () => {
  test('takes one way out', async (t) => {
    const { library, query } = await inStep(t);
    const resolve = (...words: string[]) => library.stowage('sources', 'resolve', 'main', ...words);
    assert.equal((await resolve()).exitCode, 2);
    assert.equal((await resolve('--accept', '--push')).exitCode, 2);
    const standing = async () => (await query('SELECT standing FROM stowage.sources'))[0]?.standing;
    // It is what it was.
    assert.equal((await resolve('--accept')).exitCode, 2);
    await query(`UPDATE stowage.sources SET standing = 'rewound'`);
    assert.equal((await resolve('--accept')).exitCode, 0);
    assert.equal(await standing(), 'accept');
    const push = await resolve('--push');
    assert.match(push.warnings.join(), /writes=on/);
    assert.equal(await standing(), 'push');
  });

  test('--as-new: another source at its address, with its key; the records stay with the first', async (t) => {
    const { simulator } = await small(t, 'a long enough key');
    const { stowage, query } = await ownLibrary(t);
    await stowage('migrate', '--from', simulator.url, '--api-key', 'a long enough key');
    assert.equal((await stowage('sources', 'resolve', 'main', '--as-new', 'main')).exitCode, 2);
    assert.equal((await stowage('sources', 'resolve', 'main', '--as-new', 'second')).exitCode, 0);
    const rows = await query(
      `SELECT name, address, sealed_key IS NOT NULL AS sealed,
         (SELECT count(*)::int > 0 FROM stowage.links WHERE source_id = s.id) AS linked
         FROM stowage.sources s ORDER BY id`,
    );
    assert.deepEqual(rows, [
      { name: 'main', address: null, sealed: false, linked: true },
      { name: 'second', address: simulator.url, sealed: true, linked: false },
    ]);
    const synced = await stowage('sync', '--name', 'second');
    assert.equal(synced.exitCode, 0, synced.error?.message);
    const [{ twice } = {}] = await query(
      `SELECT count(*)::int AS twice FROM stowage.links a JOIN stowage.links b USING (kind, library_id)
        WHERE a.source_id = 1 AND b.source_id = 2 AND a.kind = 7`,
    );
    assert.equal(twice, 10);
  });
});

test('a decision holds for one sync: a rewound source is accepted, or the library is put back into it', async (t) => {
  for (const way of ['--accept', '--push'] as const) {
    const { library, sync, stash, idOf, query, assertQuiet } = await inStep(t);
    await sync('--full');
    const { stowage } = library;
    const standing = async () => (await query('SELECT standing FROM stowage.sources'))[0]?.standing;
    await query('UPDATE qar.cargo SET title = $2 WHERE id = $1', [await idOf('scene', 3), 'Mine']);
    await query('UPDATE stowage.sources SET highest = $1', [{ scene: 5000 }]);
    await stash.send('mutation{sceneUpdate(input:{id:3,title:"Theirs"}){id}}');
    assert.equal((await stowage('sync', '--dry-run')).error?.code, 'source.changed');
    assert.equal(await standing(), 'ok');
    await assert.rejects(() => sync(), { code: 'source.changed' });
    assert.equal(await standing(), 'rewound');
    assert.match(String((await stowage('status')).summary.next), /sources resolve main/);
    assert.equal((await stowage('sources', 'resolve', 'main', way)).exitCode, 0);
    if (way === '--push') {
      await assert.rejects(() => sync(), /Nothing may be written/);
      assert.equal((await stowage('sources', 'set', 'main', 'writes=on')).exitCode, 0);
    }
    await sync();
    assert.equal(await standing(), 'ok');
    assert.deepEqual(await stash.rows('select title from scenes where id = 3'), [
      [way === '--push' ? 'Mine' : 'Theirs'],
    ]);
    await assertQuiet();
  }
});
