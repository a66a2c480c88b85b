import assert from 'node:assert/strict';
import { copyFile, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { generate } from '../src/simulator/generate.ts';
import { startSimulator } from '../src/simulator/simulator.ts';
import { type OwnLibrary, ownLibrary } from './support/commands.ts';
import { type Scope, testDatabase, withClient } from './support/database.ts';
import { harmless } from './support/harmless.ts';
import { temporaryFolder } from './support/pictures.ts';

/** A library in use: brought over with its pictures and a key, edited, merged, with a question that waits. */
async function used(t: Scope): Promise<OwnLibrary> {
  const database = path.join(await temporaryFolder(t), 'stash.sqlite');
  generate(database, { scenes: 40, images: 40, pictures: 'all' });
  const simulator = await startSimulator({ database, apiKey: 'a key of the server' });
  t.after(() => simulator.close());
  const library = await ownLibrary(t);
  const key = ['--api-key', 'a key of the server'];
  for (const words of [
    ['migrate', '--from', simulator.url, ...key],
    ['edit', 'scene', 'main:3', 'title=Tab\there,\nnew line, \\N', 'rating=80'],
    ['merge', 'tag', 'main:5', 'main:6'],
    ['delete', 'performer', 'main:2'],
    ['sync'],
  ]) {
    const { exitCode, error } = await library.stowage(...words);
    assert.equal(exitCode, 0, `${words} ${error?.message}`);
  }
  return library;
}

/** Every row of every table, and where each sequence stands. */
const rowsOf = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' AND relname <> 'migrations'
          AND relnamespace IN ('qar'::regnamespace, 'stowage'::regnamespace) ORDER BY 1`,
    );
    const found: { [table: string]: unknown } = {};
    for (const { name } of rows) {
      const { rows: all } = await client.query(
        `SELECT to_jsonb(t)::text AS row FROM ${name} t ORDER BY 1`,
      );
      found[name] = all.map(({ row }) => row);
    }
    return found;
  });

/** What stands in PostgreSQL's catalog of the library's tables. */
const schemaOf = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query(
      `SELECT c.relname, pg_get_indexdef(x.indexrelid) AS definition FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
        WHERE c.relnamespace IN ('qar'::regnamespace, 'stowage'::regnamespace)
       UNION ALL SELECT conname, conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace IN ('qar'::regnamespace, 'stowage'::regnamespace)
       UNION ALL SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2`,
    );
    return rows;
  });

describe('a backup', async () => {
  test('brings back the whole library elsewhere: rows, pictures, keys; and it goes on', async (t) => {
    const library = await used(t);
    const file = path.join(await temporaryFolder(t), 'library.tar.zst');
    const before = await library.contents();
    const { exitCode, summary } = await library.stowage('backup', file);
    assert.equal(exitCode, 0);
    assert.ok(Number(summary.pictures) > 20);
    assert.deepEqual(await library.contents(), before, 'a backup only looks');
    assert.equal((await stat(file)).mode & 0o777, 0o600);

    const other = await ownLibrary(t);
    const restored = await other.stowage('restore-library', file);
    assert.equal(restored.exitCode, 0, restored.error?.message);
    assert.equal(restored.summary.pictures, summary.pictures);
    assert.deepEqual(await rowsOf(other.url), await rowsOf(library.url));
    assert.deepEqual(await schemaOf(other.url), await schemaOf(library.url));
    assert.deepEqual(await exported(other), await exported(library));

    // With the key that came along; numbers go on after those that there are.
    const synced = await other.stowage('sync');
    assert.equal(synced.exitCode, 0, synced.error?.message);
    const proofs = [await other.stowage('verify'), await library.stowage('verify')];
    const [differences, asBefore] = proofs.map(({ summary: { differences } }) => differences);
    assert.equal(differences, asBefore);
    const { summary: made } = await other.stowage('create', 'tag', 'name=after');
    const [last] = await library.query<{ id: string }>('SELECT max(id) AS id FROM stowage.runs');
    assert.ok(Number(made.run) > Number(last?.id));
  });

  test('without keys asks for them again', async (t) => {
    const library = await used(t);
    const file = path.join(await temporaryFolder(t), 'library.tar.zst');
    assert.equal((await library.stowage('backup', file, '--no-keys')).exitCode, 0);
    const secret = await readFile(path.join(library.data, 'secret'), 'utf8');
    assert.ok(!(await readFile(file)).includes(secret));
    const other = await ownLibrary(t);
    assert.equal((await other.stowage('restore-library', file)).exitCode, 0);
    assert.equal((await other.stowage('sync')).error?.code, 'secret.wrong');
    const again = await other.stowage('sync', '--api-key', 'a key of the server');
    assert.equal(again.exitCode, 0, again.error?.message);
    assert.equal((await other.stowage('sync')).exitCode, 0);
  });

  test('that is cut off, altered or something else is refused, and changes nothing', async (t) => {
    const library = await used(t);
    const folder = await temporaryFolder(t);
    const file = path.join(folder, 'library.tar.zst');
    assert.equal((await library.stowage('backup', file)).exitCode, 0);
    const over = await library.stowage('backup', file);
    assert.equal(over.exitCode, 2);
    assert.match(String(over.error?.message), /of that name already/);
    await harmless(
      library,
      ['restore-library', file],
      'library.occupied',
      /a library there already/,
    );

    const other = await ownLibrary(t);
    assert.equal((await other.stowage('status')).exitCode, 0);
    const { size } = await stat(file);
    for (const [name, spoil] of [
      ['short.tar.zst', (copy: string) => truncate(copy, size - 1000)],
      ['half.tar.zst', (copy: string) => truncate(copy, Math.floor(size / 2))],
      ['altered.tar.zst', (copy: string) => alter(copy, size / 2)],
      ['empty.tar.zst', (copy: string) => truncate(copy, 0)],
      ['text.tar.zst', (copy: string) => writeFile(copy, 'A harbour at dawn.')],
    ] as const) {
      const copy = path.join(folder, name);
      await copyFile(file, copy);
      await spoil(copy);
      const rows = await rowsOf(other.url);
      const { exitCode, error } = await other.stowage('restore-library', copy);
      assert.deepEqual([exitCode, error?.code], [1, 'backup.damaged'], `${name} ${error?.message}`);
      assert.deepEqual(await rowsOf(other.url), rows);
    }
    const missing = await other.stowage('restore-library', path.join(folder, 'nothing'));
    assert.equal(missing.exitCode, 2);
    assert.equal((await other.stowage('restore-library', file)).exitCode, 0);
    assert.deepEqual(await rowsOf(other.url), await rowsOf(library.url));
  });
});

test('a library moves into another PostgreSQL, and where it was it stays', async (t) => {
  const library = await used(t);
  const to = await testDatabase(t);
  const before = await library.contents();
  const { exitCode, error, lines } = await library.stowage('library', 'move', '--to', to);
  assert.equal(exitCode, 0, error?.message);
  assert.match(lines.join('\n'), /The library is in .* now/);
  assert.deepEqual(await library.contents(), before);
  assert.deepEqual(await rowsOf(to), await rowsOf(library.url));
  assert.deepEqual(await schemaOf(to), await schemaOf(library.url));
  await harmless(library, ['library', 'move', '--to', to], 'library.occupied', /already/);
});

async function alter(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  const place = Math.floor(at);
  bytes.writeUInt8(bytes.readUInt8(place) ^ 0xff, place);
  await writeFile(file, bytes);
}

async function exported(library: OwnLibrary): Promise<string[]> {
  const folder = await library.exported();
  return Promise.all(
    ['scenes', 'tags', 'performers', 'images'].map((name) =>
      readFile(path.join(folder, `${name}.jsonl`), 'utf8'),
    ),
  );
}
