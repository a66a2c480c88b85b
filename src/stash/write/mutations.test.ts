import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'graphql';
import { writeEveryField } from '../../../test/support/everyField.ts';
import { temporaryFolder } from '../../../test/support/pictures.ts';
import { mutationsIn, writing } from '../../../test/support/writing.ts';
import { serverVersions } from '../../contract/schema.ts';
import { rootFields } from '../../simulator/graphql.ts';
import * as types from '../types.ts';
import { mutationsSent } from './mutations.ts';

const operations = Object.values(types)
  .filter((value) => value instanceof types.TypedDocumentString)
  .map(String)
  .filter((text) => /^\s*mutation /m.test(text));

test('the mutations that we have operations for are those that are listed', () => {
  const known = operations.flatMap((text) => rootFields(parse(text)));
  assert.deepEqual([...new Set(known)].sort(), [...mutationsSent].sort());
});

test('what has files is only ever destroyed with its files left', () => {
  const destroying = operations.filter((text) => /(scene|image|gallery)Destroy\(/.test(text));
  assert.equal(destroying.length, 3);
  for (const text of destroying) {
    assert.match(text, /delete_file: false, delete_generated: false/);
  }
  for (const text of operations) {
    assert.doesNotMatch(text, /delete_\w+: (true|\$)|file_ids/);
  }
});

describe('writing every field of every kind', () => {
  const met = new Set<string>();
  for (const version of serverVersions) {
    test(`to ${version}: what was stored is told, by mutations that are listed`, async (t) => {
      const { server, simulator } = await writing(t, version);
      const folder = await temporaryFolder(t);
      const { wrong, otherwise } = await writeEveryField(server, 'tables', folder);
      assert.deepEqual(wrong, []);
      const { StashID, Studio } = server.profile.types;
      const dates = server.profile.types.Performer?.includes('career_start');
      const untimed = !StashID?.includes('updated_at');
      const oneUrl = !Studio?.includes('urls');
      assert.deepEqual(
        otherwise.filter(
          (line) =>
            !(untimed && line.includes('.stashIds:')) &&
            // It has dates of its own beside the text.
            !(dates && line.includes('.careerLength:')) &&
            !(oneUrl && /\.urls: .* is \["[^",]+"\]$/.test(line)),
        ),
        [],
      );
      for (const name of mutationsIn(simulator.requests)) {
        assert.ok(mutationsSent.includes(name), name);
        met.add(name);
      }
    });
  }

  test('took each of them', () => {
    const others = mutationsSent.filter((name) => !met.has(name));
    assert.deepEqual(others, ['backupDatabase', 'performerMerge', 'tagsMerge', 'sceneMerge']);
  });
});
