import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImportIds, largestId } from './ids.ts';

test('computed ids are UUIDv7 of the import, ascend with the remote id and never meet', () => {
  const ids = new ImportIds(Date.UTC(2026, 0, 1), 0x3fffffff);
  const remote = [0, 1, 2, 3, 4, 255, 256, 65535, 65536, 2 ** 31, 2 ** 32 + 5, largestId];
  const texts = remote.map((id) => ids.text('scene', id));
  assert.deepEqual(texts, [...texts].sort());
  assert.equal(
    new Set([...texts, ...remote.map((id) => ids.text('image', id))]).size,
    2 * remote.length,
  );
  for (const text of texts) {
    assert.match(text, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(Number.parseInt(text.slice(0, 8) + text.slice(9, 13), 16), Date.UTC(2026, 0, 1));
  }
  assert.notEqual(
    new ImportIds(Date.UTC(2026, 0, 1), 1).text('tag', 1),
    new ImportIds(Date.UTC(2026, 0, 1), 2).text('tag', 1),
  );
});
