import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contractSchema } from '../../contract/schema.ts';
import { shapeOf } from './shape.ts';

const shape = shapeOf(
  `query Some { findTags { count tags { ...Named stash_ids { endpoint } custom_fields } }
     findFiles { files { id ... on VideoFile { duration } } } findSavedFilters { object_filter } }
   fragment Named on Tag { id name description favorite }`,
  contractSchema(),
);
const tag = {
  id: '7',
  name: 'weather',
  description: null,
  favorite: false,
  stash_ids: [{ endpoint: 'https://box/graphql' }],
  custom_fields: { colour: 'grey', depths: [1, 2.5, 2n ** 60n] },
};
const deep = JSON.parse(`${'['.repeat(300)}${']'.repeat(300)}`);

const answered = (changed: object = {}, more: object = {}) => ({
  findTags: { count: 1, tags: [{ ...tag, ...changed }] },
  findFiles: { files: [{ id: '1', duration: 2 }, { id: '2' }] },
  findSavedFilters: [{ object_filter: null }, { object_filter: { tags: [] } }],
  ...more,
});

test('an answer as a Stash gives it is taken', () => {
  assert.equal(shape(answered()), undefined);
});

const wrong: [what: string, data: unknown, told: string][] = [
  ['nothing', null, 'is null'],
  ['a text', 'tags', 'is a text that does not belong there'],
  ['a list for an object', [], 'is a list'],
  [
    'an object for a list',
    answered({}, { findTags: { count: 1, tags: {} } }),
    'findTags.tags is an object',
  ],
  ['a part that is missing', answered({}, { findTags: undefined }), 'findTags is missing'],
  ['a part that is null', answered({}, { findTags: null }), 'findTags is null'],
  [
    'a record that is null',
    answered({}, { findTags: { count: 1, tags: [null] } }),
    'findTags.tags is null',
  ],
  ['a number for a text', answered({ name: 5 }), 'findTags.tags.name is a number'],
  [
    'a text for a flag',
    answered({ favorite: 'yes' }),
    'findTags.tags.favorite is a text that does not belong there',
  ],
  [
    'a text for a number',
    answered({}, { findTags: { count: '1', tags: [] } }),
    'findTags.count is a text that does not belong there',
  ],
  [
    'a list of what is none',
    answered({ stash_ids: ['x'] }),
    'findTags.tags.stash_ids is a text that does not belong there',
  ],
  [
    'depths without an end',
    answered({ custom_fields: { deep } }),
    'findTags.tags.custom_fields is an object',
  ],
  [
    'a list for a map',
    answered({}, { findSavedFilters: [{ object_filter: [] }] }),
    'findSavedFilters.object_filter is a list',
  ],
  [
    'another type in a fragment of one',
    answered({}, { findFiles: { files: [{ id: '1', duration: '2' }] } }),
    'findFiles.files.duration is a text that does not belong there',
  ],
];
for (const [what, data, told] of wrong) {
  test(`${what}: it is told where`, () => assert.equal(shape(data), told));
}

for (const id of [
  '',
  '0',
  '-1',
  '1.5',
  'seven',
  '0x7',
  '1e3',
  ' 7',
  '9007199254740993',
  7,
  null,
  {},
]) {
  test(`${JSON.stringify(id)} is no number of a record`, () => {
    assert.match(shape(answered({ id })) ?? '', /^findTags\.tags\.id is /);
  });
}
