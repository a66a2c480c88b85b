import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { generate } from '../src/simulator/generate.ts';
import { startSimulator } from '../src/simulator/simulator.ts';
import { ownLibrary } from './support/commands.ts';
import './support/database.ts';
import { temporaryFolder } from './support/pictures.ts';

const box = 'https://box.example/graphql';
const spelled = 'HTTPS://Box.example:443/graphql/';
const [former, now] = ['https://former.example/graphql', 'https://now.example/graphql'];
const tables = ['scene', 'performer', 'studio', 'tag'].map((kind) => [kind, `${kind}_stash_ids`]);

/** One record of each kind has ids at two boxes, one of which has moved. */
const withIds = (one: string, two: string) =>
  tables
    .map(
      ([kind, table]) => `delete from ${table};
        insert into ${table} (${kind}_id, endpoint, stash_id, updated_at) values
          (1, '${one}', '${kind}-1', '2024-01-01T00:00:00Z'), (1, '${two}', '${kind}-2', '2024-01-01T00:00:00Z'),
          (3, '${one}', '${kind}-3', '2024-01-01T00:00:00Z');`,
    )
    .join('\n');

test('a stash-box is one, however two servers write its address, and each keeps its own way', async (t) => {
  const folder = await temporaryFolder(t);
  const [first, second] = ['first', 'second'].map((name) => path.join(folder, name)) as [
    string,
    string,
  ];
  const edited = (database: string, sql: string) => {
    using opened = new DatabaseSync(database);
    opened.exec(`pragma foreign_keys = off; ${sql}`);
  };
  generate(first, { scenes: 8, images: 4 });
  copyFileSync(first, second);
  edited(first, withIds(box, former));
  // Nothing but the box tells who these are; and one scene has the same id in two ways of writing.
  edited(
    second,
    `${withIds(spelled, now)} update performers set name = 'Somebody ' || id where id in (1, 3);
     update tags set name = 'something ' || id where id in (1, 3); update studios set name = 'somewhere ' || id where id in (1, 3);
     insert into scene_stash_ids (scene_id, endpoint, stash_id, updated_at) values
       (3, '${box}', 'scene-3', '2024-01-01T00:00:00Z')`,
  );
  const [main, other] = [
    await startSimulator({ database: first }),
    await startSimulator({ database: second }),
  ];
  t.after(() => Promise.all([main.close(), other.close()]));
  const { stowage, query } = await ownLibrary(t);
  const idsAt = ({ rows }: typeof main) =>
    tables.flatMap(([kind, table]) =>
      rows(
        `select '${kind}' kind, ${kind}_id id, endpoint, stash_id from ${table} order by 2, 3, 4`,
      ).map((row) => Object.values(row as object).join(' ')),
    );
  const before = [idsAt(main), idsAt(other)];
  assert.equal((await stowage('migrate', '--from', main.url)).exitCode, 0);
  const set = await stowage('sources', 'set', 'main', `endpoint=${former}=${now}`);
  assert.match(set.lines.join('\n'), new RegExp(`endpoint=${former}=${now}`));
  const wrong = await stowage('sources', 'set', 'main', 'endpoint=box');
  assert.deepEqual([wrong.exitCode, wrong.error?.code], [2, 'usage']);
  const added = await stowage('sync', '--from', other.url, '--name', 'second');
  assert.equal(added.error?.message, undefined);

  for (const [kind, table] of [
    ['scene', 'cargo'],
    ['performer', 'crew'],
    ['studio', 'fleet'],
    ['tag', 'tags'],
  ]) {
    const [linked] = await query(
      `SELECT count(DISTINCT l.library_id)::int AS records FROM stowage.links l JOIN qar.${table} r ON r.id = l.library_id
        WHERE l.remote_id IN (1, 3)`,
    );
    assert.deepEqual(linked, { records: 2 }, kind);
  }
  assert.deepEqual(await query('SELECT DISTINCT endpoint FROM qar.cargo_stash_ids ORDER BY 1'), [
    { endpoint: box },
    { endpoint: former },
  ]);
  assert.equal((await stowage('sources', 'set', 'second', 'writes=on')).error, undefined);
  assert.equal((await stowage('sources', 'set', 'main', 'writes=on')).error, undefined);
  const synced = await stowage('sync', '--name', 'second');
  assert.deepEqual([synced.exitCode, synced.troubles, synced.warnings], [0, [], []]);
  assert.equal((await stowage('sync', '--name', 'main')).exitCode, 0);
  assert.deepEqual([idsAt(main), idsAt(other)], before);
  for (const name of ['main', 'second']) {
    const proof = await stowage('verify', '--name', name);
    const of = proof.events.filter(
      ({ event, field }) => event === 'difference' && field === 'stashIds',
    );
    assert.deepEqual(of, [], name);
    const out = await temporaryFolder(t);
    await stowage('export', '--as', name, '--out', out);
    const scenes = (await readFile(path.join(out, 'scenes.jsonl'), 'utf8')).trim().split('\n');
    const told = scenes.flatMap((line) => {
      const { id, stash_ids: all } = JSON.parse(line);
      return (all as { endpoint: string; stash_id: string }[]).map(
        ({ endpoint, stash_id }) => `scene ${id} ${endpoint} ${stash_id}`,
      );
    });
    const has = idsAt(name === 'main' ? main : other).filter((line) => line.startsWith('scene'));
    assert.deepEqual(told.sort(), has.sort(), name);
  }

  // What is new at a box goes to each server as it writes that box.
  await stowage('edit', 'scene', 'main:2', `stashIds.${box}=scene-2`);
  await stowage(
    'edit',
    'scene',
    'main:1',
    `stashIds.${box.toUpperCase().replace('/GRAPHQL', '/graphql')}=changed`,
  );
  await stowage('sync', '--name', 'second');
  await stowage('sync', '--name', 'main');
  const scenes = (server: typeof main) => idsAt(server).filter((line) => line.startsWith('scene'));
  assert.deepEqual(scenes(other), [
    `scene 1 ${spelled} changed`,
    `scene 1 ${now} scene-2`,
    `scene 2 ${spelled} scene-2`,
    `scene 3 ${spelled} scene-3`,
    `scene 3 ${box} scene-3`,
  ]);
  assert.deepEqual(scenes(main), [
    `scene 1 ${box} changed`,
    `scene 1 ${former} scene-2`,
    `scene 2 ${box} scene-2`,
    `scene 3 ${box} scene-3`,
  ]);
  for (const name of ['main', 'second', 'main']) {
    const again = await stowage('sync', '--name', name);
    assert.match(again.lines.join('\n'), /Nothing to do/, name);
  }

  // Both change the id at one box: one question, by whichever name, and one answer.
  await stowage('sources', 'set', 'second', 'policy=ask');
  await stowage('edit', 'scene', 'main:3', `stashIds.${box}=mine`);
  other.sql(`delete from scene_stash_ids where scene_id = 3 and endpoint = '${box}';
    update scene_stash_ids set stash_id = 'theirs' where scene_id = 3`);
  await stowage('sync', '--name', 'second');
  const asked = (await stowage('conflicts')).events.filter(({ event }) => event === 'conflict');
  assert.deepEqual(
    asked.map(({ field, key }) => [field, key]),
    [['stashIds', box]],
  );
  await stowage('conflicts', 'resolve', '--all', '--take', 'library');
  await stowage('sync', '--name', 'second');
  assert.ok(scenes(other).includes(`scene 3 ${spelled} mine`), scenes(other).join('\n'));
  assert.equal(scenes(other).filter((line) => line.startsWith('scene 3')).length, 1);
  assert.match((await stowage('sync', '--name', 'second')).lines.join('\n'), /Nothing to do/);
});
