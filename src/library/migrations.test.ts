import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyDatabase, testDatabase, withClient } from '../../test/support/database.ts';
import { knownMigrations, type Migration, migrateSchema, pendingMigrations } from './migrations.ts';
import { findSource } from './sources.ts';

const step = (number: number, sql: string): Migration => ({
  number,
  file: `${String(number).padStart(4, '0')}_step.sql`,
  sql,
});
const tables = step(1, 'CREATE SCHEMA qar; CREATE TABLE qar.tags (id int)');
const column = step(2, 'ALTER TABLE qar.tags ADD name text');

test('every migration of this version is in a new library', async (t) => {
  const known = await knownMigrations();
  await withClient(await testDatabase(t), async (client) => {
    assert.deepEqual(await pendingMigrations(client, known), { pending: [], isNew: false });
  });
  assert.deepEqual(
    known.map(({ number }) => number),
    known.map((_, index) => index + 1),
  );
});

test('an older library gets just the steps that it lacks', async (t) => {
  await withClient(await emptyDatabase(t), async (client) => {
    assert.equal((await pendingMigrations(client, [tables])).isNew, true);
    await migrateSchema(client, [tables]);
    assert.deepEqual(await pendingMigrations(client, [tables, column]), {
      pending: [column],
      isNew: false,
    });
    await migrateSchema(client, [tables, column]);
    await client.query('SELECT name FROM qar.tags');
    const { rows } = await client.query('SELECT number, file FROM stowage.migrations ORDER BY 1');
    assert.deepEqual(rows, [
      { number: 1, file: '0001_step.sql' },
      { number: 2, file: '0002_step.sql' },
    ]);
  });
});

test('of many that start at once, one migrates and all find it done', async (t) => {
  const url = await emptyDatabase(t);
  const slow = step(2, 'SELECT pg_sleep(0.2); CREATE TABLE qar.crew (id int)');
  await Promise.all(
    Array.from({ length: 5 }, () =>
      withClient(url, async (client) => {
        await migrateSchema(client, [tables, slow]);
        await client.query('SELECT id FROM qar.crew');
      }),
    ),
  );
});

test('a step that fails leaves nothing of itself', async (t) => {
  await withClient(await emptyDatabase(t), async (client) => {
    const broken = step(2, 'CREATE TABLE qar.crew (id int); SELECT 1/0');
    await assert.rejects(migrateSchema(client, [tables, broken]), /division by zero/);
    assert.equal(await exists(client, 'qar.tags'), true);
    assert.equal(await exists(client, 'qar.crew'), false);
    assert.deepEqual((await pendingMigrations(client, [tables, broken])).pending, [broken]);
  });
});

test('a library of a newer Stowage is refused, and left alone', async (t) => {
  await withClient(await emptyDatabase(t), async (client) => {
    await migrateSchema(client, [tables, column]);
    const third = step(3, 'CREATE TABLE qar.crew (id int)');
    await assert.rejects(migrateSchema(client, [tables, third]), {
      name: 'StowageError',
      code: 'library.too-new',
      message: /step 2/,
    });
    assert.equal(await exists(client, 'qar.crew'), false);
  });
});

test('a library of the first version keeps its records and their links', async (t) => {
  const known = await knownMigrations();
  await withClient(await emptyDatabase(t), async (client) => {
    await migrateSchema(client, known.slice(0, 1));
    await client.query(`
      INSERT INTO qar.tags (id, name) VALUES ('00000000-0000-7000-8000-000000000001', 'red');
      INSERT INTO stowage.sources (name, profile, pictures, known) VALUES ('main', '{}', 'all', '{}');
      INSERT INTO stowage.runs (source_id, command, road, started_at) VALUES (1, 'migrate', 'snapshot', now());
      INSERT INTO stowage.links (source_id, kind, remote_id, library_id, base, facts, seen, run_id)
        VALUES (1, 1, 7, '00000000-0000-7000-8000-000000000001', '{"name": "red"}', '{}', '', 1)`);
    await migrateSchema(client, known);
    const links = 'SELECT remote_id, base, edited, sent FROM stowage.links';
    const link = { remote_id: '7', base: { name: 'red' }, edited: false, sent: {} };
    assert.deepEqual((await client.query(links)).rows, [link]);
    await client.query(`UPDATE qar.tags SET name = 'blue'`);
    assert.deepEqual((await client.query(links)).rows, [{ ...link, edited: true }]);
    const source = await findSource(client, 'main');
    assert.equal(source?.writes, false);
    assert.deepEqual(source?.policy, { default: 'library' });
  });
});

async function exists(client: import('pg').Client, table: string): Promise<boolean> {
  const { rows } = await client.query('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
  return rows[0].there;
}
