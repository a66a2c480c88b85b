import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schemaOf, serverVersions } from '../../contract/schema.ts';
import { fieldsOf, type Kind, kindNames } from '../../model/kinds.ts';
import { typesServed } from '../profile.ts';
import { canHold } from './canHold.ts';

const schemas = { 'v0.25': 55, 'v0.28': 72, 'v0.30': 75, newer: 85 } as const;
const profiles = Object.fromEntries(
  serverVersions.map((version) => [
    version,
    { version, schema: schemas[version], types: typesServed(schemaOf(version)) },
  ]),
);

const cases: [Kind, string, unknown, ...(typeof serverVersions)[number][]][] = [
  ['scene', 'date', '2020-05-06', 'v0.25', 'v0.28', 'v0.30', 'newer'],
  ['scene', 'date', null, 'v0.25', 'v0.28', 'v0.30', 'newer'],
  ['scene', 'date', '2020-05', 'v0.30', 'newer'],
  ['scene', 'date', '2020', 'v0.30', 'newer'],
  ['scene', 'date', '2020-02-30'],
  ['scene', 'date', 'soon'],
  ['scene', 'cover', 'd41d8cd98f00b204e9800998ecf8427e', 'v0.25', 'v0.28', 'v0.30', 'newer'],
  ['scene', 'cover', null],
  ['scene', 'files', [1]],
  ['scene', 'createdAt', '2020-01-01T00:00:00Z'],
  ['scene', 'plays', ['2020-01-01T00:00:00Z'], 'v0.25', 'v0.28', 'v0.30', 'newer'],
  ['scene', 'resumeTime', null],
  ['scene', 'resumeTime', 0, 'v0.25', 'v0.28', 'v0.30', 'newer'],
  ['scene', 'customFields', {}, 'newer'],
  [
    'scene',
    'stashIds',
    { e: [{ stashId: 'a' }, { stashId: 'b' }] },
    'v0.25',
    'v0.28',
    'v0.30',
    'newer',
  ],
  [
    'performer',
    'stashIds',
    { e: [{ stashId: 'a' }, { stashId: 'b' }] },
    'v0.25',
    'v0.28',
    'v0.30',
    'newer',
  ],
  ['performer', 'urls', ['a', 'b'], 'v0.25', 'v0.28', 'v0.30', 'newer'],
  ['performer', 'urls', ['a'], 'v0.25', 'v0.28', 'v0.30', 'newer'],
  // Among the urls since v0.27.
  ['performer', 'twitter', 'a', 'v0.25', 'v0.28', 'v0.30', 'newer'],
  ['performer', 'careerLength', 'a', 'v0.25', 'v0.28', 'v0.30'],
  // As two dates.
  ['performer', 'careerLength', '2001 - 2010', 'v0.25', 'v0.28', 'v0.30', 'newer'],
  ['performer', 'careerStart', '2020', 'newer'],
  ['performer', 'gender', 'ROBOT'],
  ['performer', 'gender', 'MALE', 'v0.25', 'v0.28', 'v0.30', 'newer'],
  ['performer', 'customFields', { a: 1, b: 'two', c: 3n, d: true }, 'v0.28', 'v0.30', 'newer'],
  // What of these it does not take stays here, and is listed.
  ['performer', 'customFields', { a: [1], ' b': null, c: 2n ** 64n }, 'v0.28', 'v0.30', 'newer'],
  ['performer', 'name', ' '],
  ['performer', 'rating', 2 ** 40],
  ['tag', 'sortName', '', 'v0.28', 'v0.30', 'newer'],
  ['tag', 'stashIds', {}, 'v0.30', 'newer'],
  ['studio', 'urls', ['a', 'b'], 'v0.25', 'v0.28', 'v0.30', 'newer'],
  ['studio', 'organized', true, 'newer'],
  ['group', 'subGroups', {}, 'v0.28', 'v0.30', 'newer'],
  ['group', 'tags', [1], 'v0.28', 'v0.30', 'newer'],
  ['group', 'synopsis', 'a', 'v0.25', 'v0.28', 'v0.30', 'newer'],
  ['gallery', 'cover', 1, 'v0.28', 'v0.30', 'newer'],
  ['image', 'oCounter', 1, 'v0.25', 'v0.28', 'v0.30', 'newer'],
  ['image', 'oCounter', -1],
  ['marker', 'endSeconds', 1, 'v0.28', 'v0.30', 'newer'],
  ['marker', 'primaryTag', null],
  ['file', 'path', '/a'],
];

test('what each version can hold', () => {
  for (const [kind, field, value, ...holding] of cases) {
    const found = serverVersions.filter((one) =>
      canHold(profiles[one] as never, kind, field, value),
    );
    assert.deepEqual(found, holding, `${kind}.${field} = ${value}`);
  }
});

test('no version can be told a fact', () => {
  for (const kind of kindNames) {
    for (const [field, { merge }] of fieldsOf[kind]) {
      if (merge !== 'fact') continue;
      for (const version of serverVersions) {
        assert.equal(
          canHold(profiles[version] as never, kind, field, null),
          false,
          `${kind}.${field}`,
        );
      }
    }
  }
});
