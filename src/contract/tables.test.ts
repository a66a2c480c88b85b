import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { shared, skipWithoutShared } from '../../test/shared.ts';
import { createTables, versionOfSchema } from './tables.ts';

const recorded = [
  ['v0.25', 'fixtures/stash-v0.25.1.sqlite'],
  ['v0.28', 'fixtures/stash-v0.28.1.sqlite'],
  ['v0.30', 'fixtures/stash-v0.30.1.sqlite'],
] as const;

describe('our layout', { skip: skipWithoutShared }, () => {
  for (const [version, file] of recorded) {
    test(`of ${version} has the tables, columns, keys and indexes of a real one`, () => {
      using real = new DatabaseSync(shared(file), { readOnly: true });
      using ours = new DatabaseSync(':memory:');
      createTables(ours, version);
      assert.deepEqual(layoutOf(ours), layoutOf(real));
    });
  }
});

test('a schema number between two known ones is read as the older', () => {
  assert.equal(versionOfSchema(53), undefined);
  assert.equal(versionOfSchema(54), 'v0.24');
  assert.equal(versionOfSchema(55), 'v0.25');
  assert.equal(versionOfSchema(74), 'v0.28');
  assert.equal(versionOfSchema(90), 'newer');
});

/** Names, declared types and keys; not the names of indexes, nor what may be null. */
function layoutOf(database: DatabaseSync): { [table: string]: string[] } {
  const all = (sql: string) => database.prepare(sql).all() as { [column: string]: string }[];
  const tables = all(`select name from sqlite_schema where type = 'table'
    and name not like 'sqlite_%' order by name`);
  return Object.fromEntries(
    tables.map(({ name }) => [
      name,
      [
        ...all(`pragma table_info("${name}")`).map(
          (column) => `${column.name} ${`${column.type}`.toLowerCase()} key ${column.pk}`,
        ),
        ...all(`pragma foreign_key_list("${name}")`).map(
          (key) => `${key.from} → ${key.table}.${key.to}, ${key.on_delete}`,
        ),
        ...all(`pragma index_list("${name}")`).map((index) => {
          const columns = all(`pragma index_info("${index.name}")`).map((column) => column.name);
          return `index (${columns}) unique ${index.unique} partial ${index.partial}`;
        }),
      ].sort(),
    ]),
  );
}
