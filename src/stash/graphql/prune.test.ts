import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { buildClientSchema, buildSchema, type GraphQLSchema, parse, validate } from 'graphql';
import { shared, skipWithoutShared } from '../../../test/shared.ts';
import { schemaOf } from '../../contract/schema.ts';
import { unknownFields } from '../coverage.ts';
import * as types from '../types.ts';
import { prune } from './prune.ts';
import pruned from './pruned.json' with { type: 'json' };

const operations = Object.values(types)
  .filter((value) => value instanceof types.TypedDocumentString)
  .map(String);

/** The introspections do not say why something is deprecated, only that it is. */
function recorded(version: string): GraphQLSchema {
  const text = readFileSync(shared(`contracts/stash-${version}.introspection.json`), 'utf8');
  const introspection = JSON.parse(text, (_key, value) =>
    value?.isDeprecated ? { deprecationReason: 'as recorded', ...value } : value,
  );
  return buildClientSchema(introspection.data ?? introspection);
}

function checkOperations(schema: GraphQLSchema, version: keyof typeof pruned) {
  const left = new Set<string>();
  for (const operation of operations) {
    const found = prune(operation, schema);
    for (const coordinate of found.left) left.add(coordinate);
    if (found.text) assert.deepEqual(validate(schema, parse(found.text)), [], operation);
  }
  assert.deepEqual([...left].sort(), pruned[version]);
}

describe('of a recorded server', { skip: skipWithoutShared }, () => {
  for (const [version, name] of [
    ['v0.25', 'v0.25.1'],
    ['v0.28', 'v0.28.1'],
    ['v0.30', 'v0.30.1'],
  ] as const) {
    test(`${name}, every operation is valid without what pruned.json lists`, () => {
      checkOperations(recorded(name), version);
    });

    test(`${name}, every field is carried, or listed with the reason why not`, () => {
      assert.deepEqual(unknownFields(recorded(name)), []);
    });
  }
});

test('of a v0.24, every operation is valid without what pruned.json lists', () => {
  checkOperations(schemaOf('v0.24'), 'v0.24');
});

test('plays and Os are counted only where no times are kept', () => {
  for (const [version, isAsked] of [
    ['v0.24', true],
    ['v0.25', false],
  ] as const) {
    const { text, left } = prune(String(types.ScenesDocument), schemaOf(version));
    assert.equal(/play_count/.test(text ?? ''), isAsked);
    assert.equal(/play_history/.test(text ?? ''), !isAsked);
    assert.ok(!left.includes('Scene.play_count'));
  }
});

test('of a newer server, every operation is valid without what pruned.json lists', () => {
  checkOperations(schemaOf('newer'), 'newer');
});

describe('pruning', () => {
  const schema = buildSchema(`
    type Query { find(id: ID): Thing, old: Thing @deprecated }
    type Thing { id: ID, part: Part, other: Other }
    type Part { id: ID }
    union Other = Thing | Part
  `);
  const pruning = (operation: string) => {
    const { text, left } = prune(operation, schema);
    return [text?.replace(/\s+/g, ' ').trim() ?? null, left];
  };

  test('leaves an operation alone that the server knows whole', () => {
    assert.deepEqual(pruning('query Q($id: ID) { find(id: $id) { id } }'), [
      'query Q($id: ID) { find(id: $id) { id } }',
      [],
    ]);
  });

  test('takes out fields, and what was there only for their sake', () => {
    assert.deepEqual(
      pruning(`
        query Q($id: ID, $x: Int) { find(id: $id) { id mood(x: $x) { ...M } part { color } } }
        fragment M on Mood { name }
      `),
      ['query Q($id: ID) { find(id: $id) { id } }', ['Mood', 'Part.color', 'Thing.mood']],
    );
  });

  test('takes out arguments with their variables, and fragments on types that are not there', () => {
    assert.deepEqual(
      pruning(
        'query Q($ids: [ID!]) { find(ids: $ids) { other { ... on Part { id } ... on Lost { id } } } }',
      ),
      ['query Q { find { other { ... on Part { id } } } }', ['Lost', 'Query.find(ids:)']],
    );
  });

  test('takes out what is deprecated, and an operation with nothing left', () => {
    assert.deepEqual(pruning('query Q { old { id } }'), [null, ['Query.old']]);
  });
});

test('data that a server has and we do not know is named', () => {
  const schema = buildSchema(`
    type Query { findScene(id: ID): Scene, findMoods: [Mood] }
    type Scene { id: ID, title: String, mood: Mood, mood_text: String @deprecated, play_count: Int }
    type Mood { id: ID }
  `);
  assert.deepEqual(
    unknownFields(schema).map(({ what }) => what),
    ['field Scene.mood', 'field Query.findMoods'],
  );
});
