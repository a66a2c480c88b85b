import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { buildClientSchema } from 'graphql';
import { shared, skipWithoutShared } from '../../test/shared.ts';
import { schemaOf } from '../contract/schema.ts';
import { createTables } from '../contract/tables.ts';
import { profileOfLayout, typesServed } from './profile.ts';
import { Layout } from './tables/layout.ts';

describe('what a database file tells of its server', { skip: skipWithoutShared }, () => {
  for (const version of ['v0.25.1', 'v0.28.1', 'v0.30.1']) {
    test(`is what the introspection of ${version} says`, () => {
      using db = new DatabaseSync(shared(`fixtures/stash-${version}.sqlite`), { readOnly: true });
      const served = typesServed(recordedSchema(version));
      assert.deepEqual(profileOfLayout(Layout.of(db)).types, served);
      assert.ok(served.Scene?.includes('title'));
    });
  }
});

test('a layout newer than any recorded serves what the contract expects of it', () => {
  using db = new DatabaseSync(':memory:');
  createTables(db, 'newer');
  const profile = profileOfLayout(Layout.of(db));
  assert.deepEqual(profile, { version: null, schema: 85, types: typesServed(schemaOf('newer')) });
  assert.ok(profile.types.Scene?.includes('custom_fields'));
  assert.ok(!profile.types.Performer?.includes('career_length'));
});

/** The recordings keep that a field is deprecated, but not why; the graphql library looks at the reason. */
const recordedSchema = (version: string) =>
  buildClientSchema(
    JSON.parse(
      readFileSync(shared(`contracts/stash-${version}.introspection.json`), 'utf8'),
      (_key, value) =>
        value?.isDeprecated ? { deprecationReason: 'not recorded', ...value } : value,
    ),
  );
