import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { generate } from '../src/simulator/generate.ts';
import { randomFrom } from '../src/simulator/random.ts';
import { call, type OwnLibrary, ownLibrary } from './support/commands.ts';
import { harmless } from './support/harmless.ts';
import { temporaryFolder } from './support/pictures.ts';

/** Of the test's own: a path that the file may be made at. */
const place = async (t: TestContext) => path.join(await temporaryFolder(t), 'stash-go.sqlite');

/** A Stash's database, changed. */
async function changed(t: TestContext, sql: string): Promise<string> {
  const file = await healthy(t);
  using database = new DatabaseSync(file);
  database.exec(`pragma foreign_keys = off; ${sql}`);
  return file;
}

async function healthy(t: TestContext): Promise<string> {
  const file = await place(t);
  generate(file, { scenes: 40, images: 40, seed: 6 });
  return file;
}

const files: {
  [what: string]: { file: (t: TestContext) => Promise<string>; code: string; says: RegExp };
} = {
  'a file that is not there': {
    file: place,
    code: 'source.file-unreadable',
    says: /no such file.*stash-go\.sqlite/s,
  },
  'a folder': {
    file: async (t) => {
      const folder = await place(t);
      await mkdir(folder);
      return folder;
    },
    code: 'source.file-unreadable',
    says: /a folder, not a file/,
  },
  'a text': {
    file: async (t) => {
      const file = await place(t);
      await writeFile(file, 'some words\n'.repeat(1000));
      return file;
    },
    code: 'source.file-not-sqlite',
    says: /not a SQLite database.*stash-go\.sqlite/s,
  },
  'an empty file': {
    file: async (t) => {
      const file = await place(t);
      await writeFile(file, '');
      return file;
    },
    code: 'source.file-not-sqlite',
    says: /not a SQLite database/,
  },
  'a database of something else': {
    file: async (t) => {
      const file = await place(t);
      using database = new DatabaseSync(file);
      database.exec('create table birds (name text)');
      return file;
    },
    code: 'source.file-not-stash',
    says: /not a Stash’s/,
  },
  'a database of an older Stash': {
    file: (t) => changed(t, 'update schema_migrations set version = 40'),
    code: 'source.unsupported',
    says: /schema 40.*older.*newer Stash/s,
  },
  'a database whose migration broke off': {
    file: (t) => changed(t, 'update schema_migrations set dirty = 1'),
    code: 'source.not-ready',
    says: /migration.*broke off.*backup/s,
  },
  'a database that was cut off': {
    file: async (t) => {
      const file = await healthy(t);
      await truncate(file, 100_000);
      return file;
    },
    code: 'source.file-damaged',
    says: /damaged.*backup/s,
  },
};

for (const [what, { file, code, says }] of Object.entries(files)) {
  test(`${what} is told, and harms nothing`, async (t) => {
    const library = await ownLibrary(t);
    await harmless(library, ['migrate', '--from', await file(t)], code, says);
  });
}

test('a path that is wrong is told before a database is made for it', async (t) => {
  const data = await temporaryFolder(t);
  const { error } = await call('migrate', '--from', await place(t), '--data', data);
  assert.equal(error?.code, 'source.file-unreadable');
  assert.deepEqual(await readdir(data), []);
});

test('a database with bytes overwritten anywhere is told to be damaged, or read as far as it can be told', async (t) => {
  const seed = Number(process.env.STOWAGE_TEST_SEED ?? Math.floor(Math.random() * 1e9));
  t.diagnostic(`STOWAGE_TEST_SEED=${seed} damages the same bytes`);
  const random = randomFrom(seed);
  const original = await healthy(t);
  const pages = (await readFile(original)).length / 4096;
  let library: OwnLibrary = await ownLibrary(t);
  let told = 0;
  for (let n = 0; n < 10; n++) {
    const file = await place(t);
    const bytes = await readFile(original);
    for (let i = 0; i < 4; i++) {
      // The header says what the file is: without it, it is another.
      const at = 4096 * (1 + Math.floor(random() * (pages - 1))) + Math.floor(random() * 4000);
      const length = 1 + Math.floor(random() * 64);
      for (let k = at; k < at + length; k++) bytes[k] = Math.floor(random() * 256);
    }
    await writeFile(file, bytes);
    const before = await library.contents();
    const { exitCode, error } = await library.stowage('migrate', '--from', file);
    if (exitCode !== 1) {
      library = await ownLibrary(t);
      continue;
    }
    told++;
    assert.match(error?.code ?? '', /^source\.(file-damaged|file-not-stash|unsupported)$/);
    assert.deepEqual(await library.contents(), before);
  }
  t.diagnostic(`${told} of 10 were told to be damaged`);
});

test('a file that we may not read is told', async (t) => {
  const file = await healthy(t);
  await chmod(file, 0);
  const data = await temporaryFolder(t);
  for (const folder of [path.dirname(file), data]) await chmod(folder, 0o777);
  // Root may read anything: it has to be somebody else meanwhile, who cannot reach the tests' database.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  try {
    const { exitCode, error } = await call('migrate', '--dry-run', '--from', file, '--data', data);
    assert.deepEqual([exitCode, error?.code, error?.item], [1, 'source.file-unreadable', file]);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});
