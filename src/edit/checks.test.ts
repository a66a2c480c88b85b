import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type GraphQLEnumType, isEnumType } from 'graphql';
import { contractSchema } from '../contract/schema.ts';
import type { Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { checkValues } from './checks.ts';

const scene: Values = { title: 'Dawn', files: [] };
const marker: Values = { seconds: 5, endSeconds: 7 };

describe('what is refused', () => {
  const refused: [Kind, Values, Values, RegExp][] = [
    ['scene', { rating: 101 }, scene, /rating is a number from 0 to 100/],
    ['scene', { rating: -1 }, scene, /rating/],
    ['scene', { rating: 80.5 }, scene, /rating is a whole number/],
    ['scene', { date: '2021-02-29' }, scene, /date is a day, a month or a year/],
    ['scene', { date: '2021-13' }, scene, /date/],
    ['scene', { date: '21-1-1' }, scene, /date/],
    ['scene', { title: ' ' }, scene, /title may not be empty where there is no file/],
    ['scene', { playDuration: -1 }, scene, /playDuration is 0 or more/],
    ['scene', { resumeTime: -0.5 }, scene, /resumeTime/],
    ['scene', { urls: ['https://x', ''] }, scene, /urls are not empty/],
    ['scene', { customFields: { ' a': 1 } }, scene, /names of 1 to 64 letters/],
    ['scene', { stashIds: { 'box.example': [{ stashId: 'x' }] } }, scene, /address of a stash-box/],
    ['scene', { os: ['0001-01-01T00:00:00Z'] }, scene, /os are later than/],
    ['tag', { name: '' }, {}, /name may not be empty/],
    ['performer', { gender: 'WOMAN' }, {}, /gender is one of MALE, FEMALE/],
    ['performer', { circumcised: 'YES' }, {}, /circumcised is one of CUT, UNCUT/],
    ['performer', { height: -1 }, {}, /height/],
    ['marker', { primaryTag: null }, marker, /primaryTag may not be empty/],
    ['marker', { seconds: null }, marker, /seconds may not be empty/],
    ['marker', { endSeconds: 4 }, marker, /endSeconds is not before its start/],
    ['marker', { seconds: 8 }, marker, /seconds is not after its end/],
    ['chapter', { imageIndex: 0 }, {}, /imageIndex is 1 or more/],
    ['gallery', { cover: 'c' }, { images: ['a', 'b'] }, /one of the gallery’s own images/],
    ['gallery', { images: ['a'] }, { files: ['f'], folder: null }, /in its folder or zip/],
    ['savedFilter', { mode: 'DREAMS' }, {}, /mode is one of SCENES/],
    ['image', { oCounter: -1 }, {}, /oCounter/],
  ];
  for (const [kind, changes, before, message] of refused) {
    test(`${kind} ${JSON.stringify(changes)}`, () => {
      assert.throws(() => checkValues(kind, changes, before), { code: 'usage', message });
    });
  }
});

test('what Stash takes is taken', () => {
  checkValues('scene', { rating: 100, date: '2018', resumeTime: 0, title: 'x' }, scene);
  checkValues('scene', { rating: null, date: '2020-02-29' }, scene);
  checkValues('scene', { plays: ['0001-01-02T00:00:00Z', '2999-01-01T00:00:00Z'] }, scene);
  checkValues('scene', { title: '' }, { ...scene, files: ['a'] });
  checkValues('gallery', { title: '' }, { files: [], folder: { id: 1, path: '/a' } });
  checkValues('gallery', { images: ['a'], cover: 'a' }, { images: [], files: [], folder: null });
  checkValues('marker', { seconds: 6 }, marker);
});

test('what is wrong already is no reason to refuse something else', () => {
  checkValues('scene', { title: 'x' }, { ...scene, rating: 150, date: 'soon' });
});

test('the words that a field may hold are those of the contract', () => {
  const words = (name: string) => {
    const type = contractSchema().getType(name);
    assert.ok(isEnumType(type));
    return (type as GraphQLEnumType).getValues().map((value) => value.name);
  };
  for (const gender of words('GenderEnum')) checkValues('performer', { gender }, {});
  for (const circumcised of words('CircumisedEnum')) checkValues('performer', { circumcised }, {});
  for (const mode of words('FilterMode')) checkValues('savedFilter', { mode }, {});
});
