import assert from 'node:assert/strict';
import { test } from 'node:test';
import type pg from 'pg';
import { connected, importOf } from '../../test/support/filled.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import { firstImport } from './firstImport.ts';
import { kindOfNumber, ownerColumn, storedFields, tableOf } from './layout.ts';

/** Two records of each kind. */
const library = Object.fromEntries(kindNames.map((kind) => [kind, [{ id: 1 }, { id: 2 }]]));

/** What follows a source itself is no edit. */
const edited = kindNames.filter((kind) => kind !== 'file');

/** Another value for any column, whatever was there. */
const otherValue: { [type: string]: string } = {
  text: `'other'`,
  'text[]': `ARRAY['other']`,
  boolean: `NOT coalesce(@, false)`,
  bigint: `coalesce(@, 0) + 1`,
  'double precision': `coalesce(@, 0) + 1`,
  jsonb: `'{"other": 1}'`,
  'timestamp with time zone': 'clock_timestamp()',
};

test('whoever changes a column raises the revision and marks the links of every source', async (t) => {
  const { client } = await filled(t);
  for (const kind of edited) {
    const table = `qar.${tableOf(kind)}`;
    for (const { column, type } of await columnsOf(client, table)) {
      const target = storedFields[kind].find(
        ({ storage }) => storage.in === 'column' && storage.column === column,
      )?.target;
      const value =
        type === 'uuid'
          ? `(SELECT id FROM qar.${tableOf(target as Kind)} ORDER BY id DESC LIMIT 1)`
          : otherValue[type]?.replace('@', column);
      await changes(client, kind, `UPDATE ${table} SET ${column} = ${value} WHERE id = $1`, column);
    }
  }
});

test('whoever adds to, changes or takes from a relation does so too', async (t) => {
  const { client } = await filled(t);
  for (const kind of edited) {
    for (const { name, storage, target, fact } of storedFields[kind]) {
      if (storage.in === 'column' || fact) continue;
      const table = `qar.${storage.table}`;
      const owner = ownerColumn[kind];
      const columns = (await columnsOf(client, table)).filter(
        ({ column }) => column !== owner && column !== 'user_id',
      );
      const values = columns.map(({ column, type }) => {
        if (type === 'uuid') {
          return `(SELECT id FROM qar.${tableOf(target as Kind)} WHERE id <> $1 LIMIT 1)`;
        }
        if (column === 'what') return `'play'`;
        return type === 'integer' ? '0' : (otherValue[type]?.replace('@', 'NULL') as string);
      });
      const names = columns.map(({ column }) => column).join(', ');
      const what = `${kind}.${name}`;
      await changes(
        client,
        kind,
        `INSERT INTO ${table} (${owner}, ${names}) SELECT $1, ${values.join(', ')}`,
        what,
      );
      // Given to the other record, it concerns both.
      const other = `(SELECT id FROM qar.${tableOf(kind)} WHERE id <> $1 LIMIT 1)`;
      const given = `UPDATE ${table} SET ${owner} = ${other} WHERE ${owner} = $1`;
      if (target !== kind) {
        await changes(client, kind, given, what, 2);
        await changes(client, kind, `UPDATE ${table} SET ${owner} = $1`, what, 2);
      }
      await changes(client, kind, `DELETE FROM ${table} WHERE ${owner} = $1`, what);
    }
  }
});

test('whoever removes a record marks its links, and raises the revision of those that named it', async (t) => {
  const { client } = await filled(t);
  await client.query(
    `INSERT INTO qar.cargo_tags (cargo_id, tag_id) SELECT c.id, t.id FROM qar.cargo c, qar.tags t`,
  );
  await reset(client);
  await client.query(`DELETE FROM qar.tags`);
  assert.deepEqual(await marked(client), { tag: 2, scene: 2 });
  const { rows } = await client.query('SELECT min(revision) > 1 AS raised FROM qar.cargo');
  assert.deepEqual(rows, [{ raised: true }]);
});

test('what a source brings itself is no news to it, but to every other', async (t) => {
  const { client } = await filled(t);
  await client.query(`
    INSERT INTO stowage.sources (name, profile, pictures, known) VALUES ('second', '{}', 'none', '{}');
    INSERT INTO stowage.links (source_id, kind, remote_id, library_id, base, facts, seen, run_id)
      SELECT 2, kind, remote_id, library_id, base, facts, seen, run_id FROM stowage.links WHERE source_id = 1`);
  await client.query('BEGIN');
  await client.query(`SET LOCAL stowage.applying = '1'`);
  await client.query(`UPDATE qar.tags SET name = 'brought'`);
  await client.query('COMMIT');
  const { rows } = await client.query(
    'SELECT source_id AS source, count(*)::int FROM stowage.links WHERE edited GROUP BY 1',
  );
  assert.deepEqual(rows, [{ source: 2, count: 2 }]);
  await client.query(`UPDATE qar.tags SET name = 'edited'`);
  assert.deepEqual(await marked(client), { tag: 4 });
});

test('writing what is there already raises no revision', async (t) => {
  const { client } = await filled(t);
  await client.query(`UPDATE qar.cargo SET title = title, urls = '{}'`);
  const { rows } = await client.query('SELECT max(revision) AS revision FROM qar.cargo');
  assert.deepEqual(rows, [{ revision: 1 }]);
});

async function filled(t: Parameters<typeof connected>[0]) {
  const connection = await connected(t);
  await firstImport(importOf(connection.client, library as never));
  return connection;
}

/** Runs a statement on a kind's first record, and looks what it raised and marked. */
async function changes(client: pg.Client, kind: Kind, statement: string, what: string, count = 1) {
  await reset(client);
  const table = `qar.${tableOf(kind)}`;
  const { rows } = await client.query(`SELECT id FROM ${table} ORDER BY id LIMIT 1`);
  const { rowCount } = await client.query(statement, [rows[0].id]);
  assert.equal(rowCount, 1, `${what}: ${statement}`);
  assert.deepEqual(await marked(client), { [kind]: count }, `${what}: ${statement}`);
  const { rows: raised } = await client.query(`SELECT id FROM ${table} WHERE revision > 1`);
  assert.equal(raised.length, count, `${what}: ${statement}`);
}

async function reset(client: pg.Client) {
  for (const kind of kindNames) {
    await client.query(`UPDATE qar.${tableOf(kind)} SET revision = 1 WHERE revision > 1`);
  }
  await client.query('UPDATE stowage.links SET edited = false');
}

/** How many links of each kind are marked. */
async function marked(client: pg.Client): Promise<{ [kind: string]: number }> {
  const { rows } = await client.query<{ kind: number; count: number }>(
    'SELECT kind, count(*)::int FROM stowage.links WHERE edited GROUP BY kind ORDER BY kind',
  );
  return Object.fromEntries(rows.map(({ kind, count }) => [kindOfNumber.get(kind), count]));
}

async function columnsOf(client: pg.Client, table: string) {
  const { rows } = await client.query<{ column: string; type: string }>(
    `SELECT attname AS column, format_type(atttypid, NULL) AS type FROM pg_attribute
      WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attidentity = ''
        AND attname NOT IN ('id', 'revision') ORDER BY attnum`,
    [table],
  );
  return rows;
}
