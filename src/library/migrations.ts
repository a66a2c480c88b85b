import { readdir, readFile } from 'node:fs/promises';
import type { ClientBase } from 'pg';
import { StowageError } from '../model/errors.ts';

/** One numbered step of the schema: `migrations/0002_conflicts.sql` is number 2. */
export interface Migration {
  readonly number: number;
  readonly file: string;
  readonly sql: string;
}

const folder = new URL('./migrations/', import.meta.url);

/** The steps that this version of Stowage brings, in order. */
export async function knownMigrations(from: URL = folder): Promise<Migration[]> {
  const files = (await readdir(from)).filter((file) => /^\d{4}_\w+\.sql$/.test(file)).sort();
  return Promise.all(
    files.map(async (file) => ({
      number: Number.parseInt(file, 10),
      file,
      sql: await readFile(new URL(file, from), 'utf8'),
    })),
  );
}

/** What of `known` a database still lacks, and whether it has had any; refuses one of a newer Stowage. */
export async function pendingMigrations(
  client: ClientBase,
  known: readonly Migration[],
): Promise<{ pending: Migration[]; isNew: boolean }> {
  const { rows: found } = await client.query(
    `SELECT to_regclass('stowage.migrations') IS NOT NULL AS "there"`,
  );
  if (!found[0].there) return { pending: [...known], isNew: true };
  const { rows } = await client.query<{ number: number }>('SELECT number FROM stowage.migrations');
  const applied = new Set(rows.map((row) => row.number));
  const numbers = new Set(known.map(({ number }) => number));
  const newer = [...applied].filter((number) => !numbers.has(number)).sort((a, b) => a - b);
  if (newer.length > 0)
    throw new StowageError(
      'library.too-new',
      `The library was made by a newer Stowage: it has step ${newer.join(', ')} of the schema.`,
      { remedy: 'Update Stowage. A library is never taken back to an older schema.' },
    );
  return { pending: known.filter(({ number }) => !applied.has(number)), isNew: applied.size === 0 };
}

/**
 * Brings a database up to date, each step in a transaction that first inserts its row: of two at once, the second
 * waits there for the first to commit, and then has nothing to do.
 */
export async function migrateSchema(
  client: ClientBase,
  known: readonly Migration[],
): Promise<void> {
  const { pending } = await pendingMigrations(client, known);
  if (pending.length === 0) return;
  await transaction(client, async () => {
    // Two `IF NOT EXISTS` at once may both find nothing, and one then fails.
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('stowage'), hashtext('migrations'))`);
    await client.query(`
      CREATE SCHEMA IF NOT EXISTS stowage;
      CREATE TABLE IF NOT EXISTS stowage.migrations (
        number integer PRIMARY KEY,
        file text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
      )`);
  });
  for (const { number, file, sql } of pending)
    await transaction(client, async () => {
      const { rowCount } = await client.query(
        'INSERT INTO stowage.migrations (number, file) VALUES ($1, $2) ON CONFLICT DO NOTHING',
        [number, file],
      );
      if (rowCount === 1) await client.query(sql);
    });
}

async function transaction(client: ClientBase, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN');
  try {
    await work();
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // a lost connection is told by the first error
    throw error;
  }
}
