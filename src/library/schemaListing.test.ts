import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { testDatabase, withClient } from '../../test/support/database.ts';
import { listSchema } from './schemaListing.ts';

const committed = new URL('schema.txt', import.meta.url);

// After a new migration: node src/library/schemaListing.test.ts --update
test('the migrations add up to the schema listed in schema.txt', async (t) => {
  const listing = await withClient(await testDatabase(t), listSchema);
  if (process.argv.includes('--update')) await writeFile(committed, listing);
  assert.deepEqual(listing.split('\n'), (await readFile(committed, 'utf8')).split('\n'));
});
