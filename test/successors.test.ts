import assert from 'node:assert/strict';
import { test } from 'node:test';
import './support/database.ts';
import { type InStep, inStep } from './support/inStep.ts';

const now = `'2024-01-01T00:00:00Z'`;
const fileOf = (scene: number) =>
  `(select file_id from scenes_files where scene_id = ${scene} order by "primary" desc limit 1)`;

/** Another encoding of a scene's file, as it was scanned and identified: of the same length, or of so many seconds. */
const better = (scene: number, id: number, duration?: number) => `
  insert into files (id, basename, parent_folder_id, size, mod_time, created_at, updated_at)
    select ${id}, 'better ${id}.mkv', parent_folder_id, size * 2, ${now}, ${now}, ${now} from files where id = ${fileOf(scene)};
  insert into video_files (file_id, duration, video_codec, format, audio_codec, width, height, frame_rate, bit_rate, interactive)
    select ${id}, ${duration ?? 'duration + 0.5'}, video_codec, format, audio_codec, width * 2, height * 2, frame_rate, bit_rate, 0
      from video_files where file_id = ${fileOf(scene)};
  insert into files_fingerprints (file_id, type, fingerprint)
    values (${id}, 'oshash', '${String(id).padStart(16, 'b')}'), (${id}, 'md5', '${String(id).padStart(32, 'b')}');
  insert into files_fingerprints (file_id, type, fingerprint)
    select ${id}, type, fingerprint from files_fingerprints where file_id = ${fileOf(scene)} and type = 'phash';
  insert into scenes (id, title, organized, created_at, updated_at) values (${id}, '', 0, ${now}, ${now});
  insert into scenes_files (scene_id, file_id, "primary") values (${id}, ${id}, 1);
  insert into scene_stash_ids (scene_id, endpoint, stash_id, updated_at)
    select ${id}, endpoint, stash_id, updated_at from scene_stash_ids where scene_id = ${scene};`;

const identified = (...scenes: number[]) => `delete from scene_stash_ids;
  ${scenes
    .map(
      (id) => `insert into scene_stash_ids (scene_id, endpoint, stash_id, updated_at)
        values (${id}, 'https://box.example/graphql', 'box ${id}', ${now});`,
    )
    .join('\n')}`;

/** What a person made of a scene, in Stash. */
async function madeOf({ stash }: InStep, scene: number) {
  const of = (sql: string) => stash.rows(sql);
  return {
    scene: await of(
      `select title, details, rating, organized, play_duration from scenes where id = ${scene}`,
    ),
    tags: await of(`select tag_id from scenes_tags where scene_id = ${scene} order by 1`),
    performers: await of(
      `select performer_id from performers_scenes where scene_id = ${scene} order by 1`,
    ),
    plays: await of(`select view_date from scenes_view_dates where scene_id = ${scene} order by 1`),
    os: await of(`select o_date from scenes_o_dates where scene_id = ${scene} order by 1`),
    markers: await of(
      `select title, seconds, primary_tag_id from scene_markers where scene_id = ${scene} order by 1, 2`,
    ),
  };
}

const withMuch = `update scenes set title = 'Harbour', details = 'At dawn.', rating = 80, organized = 1 where id = 3;
  insert into scenes_view_dates (scene_id, view_date) values (3, '2024-02-02T02:02:02Z');
  insert into scene_markers (id, title, seconds, primary_tag_id, scene_id, created_at, updated_at)
    values (900, 'tide', 1.5, 2, 3, ${now}, ${now});`;

test('a better copy of a scene that is gone is suggested as its successor, and gets all that it had', async (t) => {
  const all = await inStep(t, { prepared: `${identified(3)} ${withMuch}` });
  const { stash, library, sync, query, idOf, assertInStep, assertQuiet } = all;
  const made = await madeOf(all, 3);
  assert.ok(made.plays.length > 0 && made.markers.length > 0);
  const [former, markers] = [await idOf('scene', 3), made.markers.length];
  stash.simulator.sql(better(3, 903));
  // Both are there: two scenes may have one stash id.
  assert.deepEqual((await sync()).warnings, []);
  await stash.send('mutation{sceneDestroy(input:{id:3})}');
  assert.match((await sync()).warnings.join('\n'), /1 record may be another: `stowage matches`/);
  const listed = await library.stowage('matches');
  const [match] = listed.events.filter(({ event }) => event === 'match');
  assert.deepEqual(
    [match?.remoteId, match?.otherId, match?.why],
    [903, former, 'it has the stash id of that one, which is gone'],
  );
  // While it is asked, the one that is gone is not deleted for good.
  await query(
    `UPDATE stowage.links SET absent_since = absent_since - interval '3 days' WHERE absent_since IS NOT NULL`,
  );
  await sync('--full');
  assert.deepEqual(await query('SELECT deleted_at FROM qar.cargo WHERE id = $1', [former]), [
    { deleted_at: null },
  ]);
  const accepted = await library.stowage('matches', 'accept', String(match?.id));
  assert.equal(accepted.exitCode, 0, accepted.error?.message);
  assert.equal(await idOf('scene', 903), former);
  await query('UPDATE stowage.sources SET writes = true');
  assert.deepEqual((await sync()).troubles, []);
  assert.deepEqual(await madeOf(all, 903), made);
  assert.equal(
    await stash.number('select count(*) from scene_markers where scene_id = 903'),
    markers,
  );
  await assertInStep();
  await assertQuiet();
  // Taken back, they are two again, each with its own.
  const [run] = accepted.summary.runs as number[];
  assert.equal((await library.stowage('undo', String(run))).exitCode, 0);
  assert.notEqual(await idOf('scene', 903), former);
});

test('with successors=accept it is handed over at once, where just one may be meant and nothing speaks against it', async (t) => {
  const all = await inStep(t, {
    writes: true,
    prepared: `${identified(3, 4, 5, 6)} ${withMuch}
      insert into scene_stash_ids (scene_id, endpoint, stash_id, updated_at) values (7, 'HTTPS://box.example/graphql/', 'box 6', ${now});`,
  });
  const { stash, library, sync, idOf, changesOf, assertQuiet } = all;
  const set = await library.stowage('sources', 'set', 'main', 'successors=accept');
  assert.match(set.lines.join('\n'), /successors=accept/);
  const made = await madeOf(all, 3);
  const formers = await Promise.all([3, 4, 5, 6, 7].map((id) => idOf('scene', id)));
  // One heir; two heirs of one; one of another length; one heir of two.
  stash.simulator.sql(
    [better(3, 903), better(4, 904), better(4, 914), better(5, 905, 9000), better(6, 906)].join(
      '\n',
    ),
  );
  await sync();
  await stash.send(
    `mutation{${[3, 4, 5, 6, 7].map((id) => `d${id}:sceneDestroy(input:{id:${id}})`).join(' ')}}`,
  );
  const handed = await sync();
  assert.ok(changesOf(handed).includes('scene fold library'), String(changesOf(handed)));
  assert.deepEqual(handed.troubles, []);
  assert.equal(await idOf('scene', 903), formers[0]);
  assert.deepEqual(await madeOf(all, 903), made);
  const asked = (await library.stowage('matches')).events
    .filter(({ event }) => event === 'match')
    .map(
      ({ remoteId, otherId, why }) => `${remoteId} ${formers.indexOf(String(otherId)) + 3} ${why}`,
    );
  const what = 'it has the stash id of that one, which is gone';
  assert.deepEqual(asked.sort(), [
    `904 4 ${what}`,
    `905 5 ${what}, but another duration`,
    `906 6 ${what}`,
    `906 7 ${what}, but another duration and another phash`,
    `914 4 ${what}`,
  ]);
  await assertQuiet();
});
