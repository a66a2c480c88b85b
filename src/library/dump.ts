import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { StowageError } from '../model/errors.ts';
import { BareTables, type PutBackProgress } from './bareTables.ts';
import { holdsRecords } from './firstImport.ts';
import { listSources } from './sources.ts';

/*
 * A library's tables as PostgreSQL itself writes and reads them (COPY, in its text form: the same for all versions), for a
 * backup, or for another PostgreSQL. `pg_dump` does the same, but does not come with the embedded server.
 */

export interface LibraryTable {
  /** With its schema: `qar.cargo`. */
  table: string;
  columns: string[];
}

/** The rows of one table. */
export interface TableRows extends LibraryTable {
  bytes: AsyncIterable<Uint8Array>;
}

/** The numbers of the schema's steps that the library has: rows fit only into a library with the same. */
export async function schemaSteps(client: ClientBase): Promise<number[]> {
  const { rows } = await client.query<{ number: number }>(
    'SELECT number FROM stowage.migrations ORDER BY number',
  );
  return rows.map(({ number }) => number);
}

/** Tables, one after another; each has to be read through before the next. In the caller's transaction. */
export async function* dumpTables(
  client: ClientBase,
  tables: readonly LibraryTable[],
): AsyncGenerator<TableRows> {
  for (const { table, columns } of tables) {
    yield {
      table,
      columns,
      bytes: client.query(copyTo(`COPY ${table} (${columns.map(quote).join(', ')}) TO STDOUT`)),
    };
  }
}

/**
 * Fills a library that holds nothing yet, in one transaction. `finish` does what belongs to it before the end; if that fails,
 * nothing is kept.
 *
 * @throws StowageError `library.occupied` where it holds something already
 */
export async function fillTables(
  client: ClientBase,
  dump: AsyncIterable<TableRows>,
  { progress, signal }: { progress: PutBackProgress; signal: AbortSignal },
  finish: () => Promise<void> = async () => {},
): Promise<void> {
  await client.query('BEGIN');
  try {
    await refuseOccupied(client);
    const tables = await libraryTables(client);
    const known = new Map(tables.map((one) => [one.table, one]));
    const bare = await BareTables.empty(
      client,
      tables.map(({ table }) => table),
    );
    for await (const { table, columns, bytes } of dump) {
      const here = known.get(table);
      if (!here || columns.some((column) => !here.columns.includes(column))) {
        throw new StowageError('backup.damaged', 'The backup has a table that no library has.', {
          item: table,
        });
      }
      const into = `COPY ${table} (${columns.map(quote).join(', ')}) FROM STDIN`;
      await pipeline(bytes, client.query(copyFrom(into)), { signal });
    }
    await bare.putBack(progress, signal);
    await moveSequences(client);
    await client.query(`ANALYZE ${tables.map(({ table }) => table).join(', ')}`);
    await finish();
    signal.throwIfAborted();
    await client.query('COMMIT');
  } catch (error) {
    // The connection may be what failed: then PostgreSQL has rolled back by itself.
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

/** @throws StowageError `library.occupied` where the library holds something already */
export async function refuseOccupied(client: ClientBase): Promise<void> {
  const sources = await listSources(client);
  if (sources.length === 0 && !(await holdsRecords(client))) return;
  throw new StowageError('library.occupied', 'There is a library there already.', {
    remedy: 'Name another place with --data, or an empty database.',
  });
}

/** All tables but the list of the schema's steps, which each library writes itself; without what PostgreSQL computes. */
export async function libraryTables(client: ClientBase): Promise<LibraryTable[]> {
  const { rows } = await client.query<LibraryTable>(
    `SELECT c.oid::regclass::text AS table, array_agg(a.attname::text ORDER BY a.attnum) AS columns
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relnamespace IN ('qar'::regnamespace, 'stowage'::regnamespace) AND c.relkind = 'r'
        AND c.oid <> 'stowage.migrations'::regclass
        AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      GROUP BY c.oid ORDER BY 1`,
  );
  return rows;
}

/** Numbers go on after the highest that came. */
async function moveSequences(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ table: string; column: string }>(
    `SELECT c.oid::regclass::text AS table, a.attname AS column
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relnamespace IN ('qar'::regnamespace, 'stowage'::regnamespace) AND a.attidentity <> ''`,
  );
  for (const { table, column } of rows) {
    await client.query(
      `SELECT setval(pg_get_serial_sequence($1, $2), greatest(max(${quote(column)}), 1), max(${quote(column)}) IS NOT NULL)
         FROM ${table}`,
      [table, column],
    );
  }
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
