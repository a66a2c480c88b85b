import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { testDatabase } from '../../test/support/database.ts';
import { dropViews, makeViews } from './views.ts';

test('views show the library under plain names, without what was deleted, and go again', async (t) => {
  const client = new pg.Client(await testDatabase(t));
  await client.connect();
  client.on('error', () => {}); // its database is dropped under it at the end
  await client.query(`
    INSERT INTO qar.fleet (id, name) VALUES ('00000000-0000-7000-8000-000000000001', 'Harbour');
    INSERT INTO qar.cargo (id, title, fleet_id, deleted_at) VALUES
      ('00000000-0000-7000-8000-000000000002', 'A walk', '00000000-0000-7000-8000-000000000001', NULL),
      ('00000000-0000-7000-8000-000000000003', 'Gone', NULL, now());`);
  const views = await makeViews(client);
  assert.deepEqual(await makeViews(client), views);
  const { rows } = await client.query(
    'SELECT s.title, st.name FROM library.scenes s LEFT JOIN library.studios st ON st.id = s.studio_id',
  );
  assert.deepEqual(rows, [{ title: 'A walk', name: 'Harbour' }]);
  for (const view of [
    'scene_performers',
    'gallery_performers',
    'studio_stash_ids',
    'watch_history',
  ]) {
    assert.ok(views.includes(`library.${view}`), view);
  }
  assert.ok(!/cargo|crew|fleet|voyage/.test(views.join()));
  await dropViews(client);
  await assert.rejects(client.query('SELECT FROM library.scenes'), { code: '42P01' });
});
