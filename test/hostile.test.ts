import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Trouble } from '../src/model/reading.ts';
import { generate } from '../src/simulator/generate.ts';
import { startSimulator } from '../src/simulator/simulator.ts';
import { type OwnLibrary, ownLibrary } from './support/commands.ts';
import { hostilities } from './support/hostile.ts';
import { temporaryFolder } from './support/pictures.ts';
import { wholeLibrary } from './support/wholeLibrary.ts';

for (const [what, spoil] of Object.entries(hostilities)) {
  test(`hostile ${what} in every column arrive, or are reported by item`, async (t) => {
    const file = await library(t, spoil);
    const fromFile = await ownLibrary(t);
    await arrives(fromFile, file);
    const stash = await startSimulator({ database: file });
    t.after(() => stash.close());
    const byTables = await ownLibrary(t);
    await arrives(byTables, stash.url, '--via', 'tables');
    assert.deepEqual(await wholeLibrary(byTables), await wholeLibrary(fromFile));
  });
}

test('hostile texts arrive through GraphQL as through the tables', async (t) => {
  // Of these a server tells one of a few words, or nothing.
  const choices = ['performers.gender', 'performers.circumcised', 'saved_filters.mode'];
  const file = await library(t, (path) => hostilities.texts(path, choices));
  const stash = await startSimulator({ database: file });
  t.after(() => stash.close());
  const byGraphql = await ownLibrary(t);
  await arrives(byGraphql, stash.url, '--via', 'graphql');
  const byTables = await ownLibrary(t);
  await byTables.stowage('migrate', '--from', stash.url, '--via', 'tables');
  assert.deepEqual(
    withoutCovers(await wholeLibrary(byGraphql)),
    withoutCovers(await wholeLibrary(byTables)),
  );
});

/** GraphQL does not tell which cover a gallery was given. */
const withoutCovers = ({ 'galleries.jsonl': _, ...others }: { [name: string]: unknown }) => others;

async function library(t: TestContext, spoil: (file: string) => void): Promise<string> {
  const file = path.join(await temporaryFolder(t), 'stash-go.sqlite');
  generate(file, { scenes: 30, images: 30, seed: 8, version: 'newer' });
  spoil(file);
  return file;
}

/** Every record is there, and what differs was told when it was brought. */
async function arrives(library: OwnLibrary, from: string, ...words: string[]): Promise<void> {
  const source = ['--from', from, ...words];
  const migrated = await library.stowage('migrate', ...source);
  assert.ok([0, 3].includes(migrated.exitCode), migrated.error?.message);
  const { counts } = migrated.summary as { counts: { [kind: string]: number } };
  assert.ok(Object.values(counts).every((count) => count > 0));
  const verified = await library.stowage('verify', ...source);
  assert.ok([0, 3].includes(verified.exitCode), verified.error?.message);
  const told = new Set(migrated.troubles.map(name));
  const untold = verified.troubles.filter((difference) => !told.has(name(difference)));
  assert.deepEqual(untold, []);
}

const name = ({ kind, id, field }: Trouble): string => `${kind} ${id} ${field}`;
