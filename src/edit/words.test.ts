import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldsOf, kindNames } from '../model/kinds.ts';
import { editableField, fieldNamed, kindNamed } from './words.ts';

test('a kind is named in the singular or the plural, large or small, and as older servers called it', () => {
  for (const word of ['savedFilter', 'saved_filter', 'saved-filters', 'SavedFilters']) {
    assert.equal(kindNamed(word), 'savedFilter');
  }
  assert.equal(kindNamed('Galleries'), 'gallery');
  assert.equal(kindNamed('movie'), 'group');
  assert.throws(() => kindNamed('cargo'), { code: 'usage', remedy: /scene, / });
});

test('a field goes by its own name and by Stash’s', () => {
  const names: [Parameters<typeof fieldNamed>[0], string, string][] = [
    ['scene', 'rating100', 'rating'],
    ['scene', 'TITLE', 'title'],
    ['scene', 'cover_image', 'cover'],
    ['scene', 'play_history', 'plays'],
    ['scene', 'o_counter', 'os'],
    ['image', 'o_counter', 'oCounter'],
    ['scene', 'resume_time', 'resumeTime'],
    ['scene', 'custom_fields', 'customFields'],
    ['scene', 'movies', 'groups'],
    ['marker', 'primary_tag_id', 'primaryTag'],
    ['marker', 'scene_id', 'scene'],
    ['performer', 'alias_list', 'aliases'],
    ['performer', 'height_cm', 'height'],
    ['studio', 'parent_studio', 'parent'],
    ['tag', 'parent_ids', 'parents'],
    ['savedFilter', 'filter', 'objectFilter'],
  ];
  for (const [kind, word, name] of names) assert.equal(fieldNamed(kind, word)[0], name, word);
  assert.throws(() => fieldNamed('tag', 'rating100'), { code: 'usage', remedy: /sortName/ });
});

test('no other field is meant by a field’s own name', () => {
  for (const kind of kindNames) {
    for (const [name] of fieldsOf[kind]) {
      for (const word of [name, name.toLowerCase(), name.replaceAll(/[A-Z]/g, '_$&')]) {
        assert.equal(fieldNamed(kind, word)[0], name);
      }
    }
  }
});

test('facts are named, and cannot be edited', () => {
  assert.equal(editableField('scene', 'title')[0], 'title');
  for (const [kind, fact] of [
    ['scene', 'created_at'],
    ['scene', 'files'],
    ['gallery', 'folder'],
    ['file', 'path'],
  ] as const) {
    assert.throws(() => editableField(kind, fact), { code: 'usage', remedy: /fact/ });
  }
});
