import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { importTables, linksTable } from '../src/library/layout.ts';
import { Load } from '../src/library/load.ts';
import { openLibrary } from '../src/library/open.ts';

/**
 * The least that a load can take: the rows of a library that was migrated, from ready files by bare COPY, one for a
 * table, and the same indexes and constraints after. In a new library of its own, on the embedded server. Seconds.
 */
export async function floor(migrated: string, empty: string, files: string): Promise<number> {
  const tables = [...importTables, 'stowage.sources', 'stowage.runs', linksTable];
  const fileOf = (table: string) => path.join(files, table);
  await mkdir(files, { recursive: true });
  await inLibrary(migrated, async (client) => {
    for (const table of tables) {
      const rows = client.query(copyTo(`COPY ${table} TO STDOUT (FORMAT binary)`));
      await pipeline(rows, createWriteStream(fileOf(table)));
    }
  });
  return inLibrary(empty, async (client) => {
    const started = performance.now();
    await client.query('BEGIN');
    const load = await Load.begin(client);
    for (const table of tables) {
      // Only what the load has just emptied may be frozen.
      const freeze = table === 'stowage.sources' || table === 'stowage.runs' ? '' : ', FREEZE';
      const rows = client.query(copyFrom(`COPY ${table} FROM STDIN (FORMAT binary${freeze})`));
      await pipeline(createReadStream(fileOf(table), { highWaterMark: 128 * 1024 }), rows);
    }
    await load.finish(() => {});
    await client.query('COMMIT');
    return (performance.now() - started) / 1000;
  });
}

async function inLibrary<T>(dataDir: string, use: (client: ClientBase) => Promise<T>): Promise<T> {
  const library = await openLibrary({ dataDir });
  try {
    const client = await library.pool.connect();
    try {
      return await use(client);
    } finally {
      client.release();
    }
  } finally {
    await library.close();
  }
}
