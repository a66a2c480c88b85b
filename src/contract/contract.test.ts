import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { buildClientSchema } from 'graphql';
import { shared, skipWithoutShared } from '../../test/shared.ts';
import { compare } from './compare.ts';
import { contractSchema, type ServerVersion, schemaOf, serverVersions } from './schema.ts';
import versions from './versions.json' with { type: 'json' };

const recorded: { [V in ServerVersion]?: string } = {
  'v0.25': 'stash-v0.25.1.introspection.json',
  'v0.28': 'stash-v0.28.1.introspection.json',
  'v0.30': 'stash-v0.30.1.introspection.json',
};

/** The recordings kept that a field is deprecated, not why: without a reason graphql-js takes it for current. */
function recordedSchema(file: string) {
  const json = JSON.parse(readFileSync(shared(`contracts/${file}`), 'utf8'), (_key, value) =>
    value?.isDeprecated ? { deprecationReason: 'not recorded', ...value } : value,
  );
  return buildClientSchema(json.data ?? json);
}

describe('the contract', { skip: skipWithoutShared }, () => {
  for (const [version, file] of Object.entries(recorded) as [ServerVersion, string][]) {
    test(`agrees with a real ${version}, but for what versions.json lists`, () => {
      const { disagreements, ...rest } = compare(contractSchema(), recordedSchema(file));
      assert.deepEqual(disagreements, []);
      assert.deepEqual(rest, versions[version]);
    });
  }
});

test('the schema of each version lacks and deprecates just what versions.json lists', () => {
  for (const version of serverVersions) {
    assert.deepEqual(compare(contractSchema(), schemaOf(version)), {
      ...versions[version],
      disagreements: [],
    });
  }
});
