import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAssignment } from './assignment.ts';

test('an assignment is read up to the first sign: what follows is the value as it is', () => {
  const read = (word: string) => {
    const { name, key, operator, text } = readAssignment('scene', word);
    return [name, key, operator, text];
  };
  assert.deepEqual(read('title=a=b += c'), ['title', null, '=', 'a=b += c']);
  assert.deepEqual(read('title='), ['title', null, '=', '']);
  assert.deepEqual(read('details=two\nlines'), ['details', null, '=', 'two\nlines']);
  assert.deepEqual(read('tags+=a.b'), ['tags', null, '+=', 'a.b']);
  assert.deepEqual(read('tags-=-x'), ['tags', null, '-=', '-x']);
  assert.deepEqual(read('playDuration+=12.5'), ['playDuration', null, '+=', '12.5']);
  assert.deepEqual(read('customFields.a.b=c=d'), ['customFields', 'a.b', '=', 'c=d']);
  assert.deepEqual(read('groups.One = Two=3'), ['groups', 'One = Two', '=', '3']);
  assert.deepEqual(read('groups-=One'), ['groups', null, '-=', 'One']);
  const box = 'https://box.example/graphql?a=b';
  assert.deepEqual(read(`stashIds.${box}=1234`), ['stashIds', box, '=', '1234']);
});

test('a sub-group’s description may hold any sign', () => {
  const { key, text } = readAssignment('group', 'subGroups.One=a=b');
  assert.deepEqual([key, text], ['One', 'a=b']);
});

test('what is none says what to write', () => {
  const wrong: { [word: string]: RegExp } = {
    title: /field=value/,
    '=x': /field=value/,
    'title+=x': /title=/,
    'studio-=x': /studio=/,
    'cover+=@x': /cover=/,
    'tags.x=1': /tags=/,
    'title.x=1': /title=/,
    'groups.x': /groups\.GROUP=INDEX/,
    'customFields.=1': /customFields\.NAME=VALUE/,
    'mood=calm': /title, code/,
    'createdAt=2020-01-01': /fact/,
  };
  for (const [word, remedy] of Object.entries(wrong)) {
    assert.throws(() => readAssignment('scene', word), { code: 'usage', remedy }, word);
  }
});
