import pg from 'pg';
import { StowageError } from '../model/errors.ts';
import { backUp } from './embedded/backup.ts';
import { startEmbedded } from './embedded/server.ts';
import { libraryError } from './errors.ts';
import { knownMigrations, type Migration, migrateSchema, pendingMigrations } from './migrations.ts';

/** A library that is open: its schema is up to date. */
export interface Library {
  readonly pool: pg.Pool;
  /** For `pg`, to connect from elsewhere. It may hold a password: never show it. */
  readonly url: string;
  /** For people: where the database is, without a password. */
  readonly where: string;
  /** Waits for connections to be given back, and stops the embedded server if nobody else uses it. */
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Of any PostgreSQL from 15 on; undefined for the embedded server. */
  readonly databaseUrl?: string | undefined;
  /** Where the embedded server keeps its data. */
  readonly dataDir: string;
  readonly signal?: AbortSignal | undefined;
  /** Told about what takes long. */
  readonly log?: ((line: string) => void) | undefined;
}

const oldestSupported = 15;

/** Connects to the library, starting the embedded server if need be, and brings its schema up to date. */
export async function openLibrary(options: OpenOptions): Promise<Library> {
  const known = await knownMigrations();
  const server = await connectable(options, known);
  const pool = new pg.Pool({ ...connection(server.url), max: 8, application_name: 'stowage' });
  pool.on('error', () => {}); // an idle connection was lost; the next query tells
  try {
    await once(server.url, server.where, (client) => migrateSchema(client, known));
    options.signal?.throwIfAborted();
  } catch (error) {
    await pool.end();
    await server.stop();
    throw error;
  }
  return {
    pool,
    url: server.url,
    where: server.where,
    close: async () => {
      await pool.end();
      await server.stop();
    },
  };
}
