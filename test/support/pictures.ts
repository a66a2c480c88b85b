/** For tests of pictures: places on disk, and a library with records in it. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import pg from 'pg';
import { type Feed, firstImport } from '../../src/library/firstImport.ts';
import { addSource, findSource, type Source } from '../../src/library/sources.ts';
import { pictureFields } from '../../src/media/fields.ts';
import type { Id, PictureId } from '../../src/model/fields.ts';
import type { Kind } from '../../src/model/kinds.ts';
import type { SourceProfile } from '../../src/model/reading.ts';
import { type Scope, testDatabase } from './database.ts';

export async function temporaryFolder(t: Scope): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'stowage-media-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A file system of its own, as small as wanted: `256k`. */
export async function smallDisk(t: TestContext, size: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'stowage-media-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
  t.after(async () => {
    execFileSync('umount', [folder]);
    await rm(folder, { recursive: true });
  });
  return folder;
}

/** What to give `node:test` as `skip`. */
export const skipWithoutRoot: string | false =
  process.getuid?.() !== 0 && 'mounting a small file system needs root';

export interface TestLibrary {
  url: string;
  client: pg.Client;
  source: Source;
}

/** A library that knows of a source's records, and of the pictures that they have there. */
export async function libraryOf(
  t: TestContext,
  records: { kind: Kind; id: Id; pictures?: { [field: string]: PictureId | null } }[],
): Promise<TestLibrary> {
  const { url, client } = await connectedLibrary(t);
  await addSource(client, { name: 'main', profile: v030, pictures: 'all' });
  const source = (await findSource(client, 'main')) as Source;
  await client.query('BEGIN');
  for (const { kind, id, pictures = {} } of records) {
    const fields = pictureFields.filter((field) => field.kind === kind);
    const [{ table, kindNumber }] = fields as [(typeof fields)[0]];
    const columns = fields.map(({ column }) => column);
    const values = fields.map(({ field }) => pictures[field] ?? null);
    const { rows } = await client.query(
      `INSERT INTO ${table} (id, ${columns}) VALUES (gen_random_uuid(), ${columns.map((_, i) => `$${i + 1}`)})
       RETURNING id`,
      values,
    );
    await client.query(
      `INSERT INTO stowage.links (source_id, kind, remote_id, library_id, base, facts, seen, run_id)
       VALUES ($1, $2, $3, $4, $5, '{}', '', 1)`,
      [source.id, kindNumber, id, rows[0].id, pictures],
    );
  }
  await client.query('COMMIT');
  return { url, client, source };
}

/** A library into which a source was imported, as its road tells it. */
export async function importedLibrary(
  t: TestContext,
  feed: Feed,
  profile: SourceProfile,
): Promise<TestLibrary> {
  const { url, client } = await connectedLibrary(t);
  const { source } = await firstImport({
    client,
    source: { name: 'main', profile, pictures: 'all' },
    road: 'snapshot',
    feed,
    progress: () => {},
    signal: new AbortController().signal,
  });
  return { url, client, source };
}

async function connectedLibrary(t: TestContext): Promise<{ url: string; client: pg.Client }> {
  let client: pg.Client | undefined;
  t.after(() => client?.end()); // before the database goes
  const url = await testDatabase(t);
  client = new pg.Client({ connectionString: url });
  await client.connect();
  return { url, client };
}

export const v030: SourceProfile = { version: 'v0.30.1', schema: 75, types: { Group: ['id'] } };

/** The pictures that the library says are held. */
export async function listed(client: pg.Client): Promise<PictureId[]> {
  const { rows } = await client.query('SELECT md5 FROM qar.pictures ORDER BY md5');
  return rows.map(({ md5 }) => md5);
}
