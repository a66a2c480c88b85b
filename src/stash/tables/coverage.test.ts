import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { shared, skipWithoutShared } from '../../../test/shared.ts';
import { serverVersions } from '../../contract/schema.ts';
import { createTables } from '../../contract/tables.ts';
import { coverage, unknownIn } from './coverage.ts';
import { Layout } from './layout.ts';

describe('every table and column of a real database', { skip: skipWithoutShared }, () => {
  for (const version of ['v0.25.1', 'v0.28.1', 'v0.30.1']) {
    test(`of ${version} is carried, or ignored for a reason`, () => {
      using db = new DatabaseSync(shared(`fixtures/stash-${version}.sqlite`), { readOnly: true });
      assert.deepEqual(unknownIn(Layout.of(db)), []);
    });
  }
});

test('each that is listed is there in some version', () => {
  const listed = new Set(
    [...coverage].flatMap(([t, columns]) => [...columns.keys()].map((c) => `${t}.${c}`)),
  );
  for (const version of ['v0.24' as const, ...serverVersions]) {
    using db = new DatabaseSync(':memory:');
    createTables(db, version);
    const layout = Layout.of(db);
    assert.deepEqual(unknownIn(layout), []);
    for (const [table, columns] of coverage) {
      for (const column of columns.keys()) {
        if (layout.column(table, column)) listed.delete(`${table}.${column}`);
      }
    }
  }
  assert.deepEqual([...listed], []);
});

test('a new table or column is unknown, with the number of rows that hold something', () => {
  using db = new DatabaseSync(':memory:');
  createTables(db, 'v0.30');
  db.exec(`
    create table moods (scene_id integer, mood text);
    insert into moods values (1, 'calm'), (2, null);
    alter table tags add column "odd ""name" integer not null default 0;
    insert into tags (name, "odd ""name", created_at, updated_at) values ('a', 0, 1, 1), ('b', 5, 1, 1);`);
  const found = unknownIn(Layout.of(db)).map(({ what, select }) => [
    what,
    Object.values(db.prepare(select).get() ?? {})[0],
  ]);
  assert.deepEqual(found, [
    ['table moods', 2],
    ['column tags.odd "name', 1],
  ]);
});
