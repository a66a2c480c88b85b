import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse, validate } from 'graphql';
import { schemaOf } from '../../contract/schema.ts';
import * as ask from '../types.ts';
import { recordFields, withoutFields } from './selection.ts';

const lists = [ask.TagsDocument, ask.ScenesDocument, ask.ImagesDocument, ask.FilesDocument].map(
  String,
);
const without = (operation: unknown, ...fields: string[]) =>
  withoutFields(String(operation), new Set(fields));

test('a field is left out where it is meant, and nowhere else', () => {
  const text = without(ask.ScenesDocument, 'stash_ids.updated_at', 'files');
  assert.match(text, /stash_ids \{[^}]*stash_id\b/);
  assert.equal(text.match(/updated_at/g)?.length, 1);
  assert.doesNotMatch(text, /files \{/);
});

test('what is left of an operation can be asked, also where all but the id is left out', () => {
  const schema = schemaOf('newer');
  for (const operation of lists) {
    const fields = recordFields(operation);
    assert.ok(fields.length > 5 && !fields.includes('id'));
    const text = without(operation, ...fields);
    assert.deepEqual(recordFields(text), []);
    assert.match(text, /\bid\b/);
    // Only that it is well formed: which fields a version lacks is what pruning is for.
    const unknown = validate(schema, parse(text)).filter(
      ({ message }) => !message.startsWith('Cannot query field'),
    );
    assert.deepEqual(unknown, []);
  }
});
