import { accessSync, constants, existsSync, lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import pg from 'pg';
import { StowageError } from '../model/errors.ts';
import { refuseNetworkFileSystem } from './disk.ts';
import { backUp } from './embedded/backup.ts';
import { places, startEmbedded } from './embedded/server.ts';
import { libraryError } from './errors.ts';
import { knownMigrations, type Migration, migrateSchema, pendingMigrations } from './migrations.ts';

/** A library that is open, its schema up to date. */
export interface Library {
  readonly pool: pg.Pool;
  /** For `pg`, to connect from elsewhere. It may hold a password: never show it. */
  readonly url: string;
  /** For people: where the library is, without a password. */
  readonly where: string;
  /** Waits for connections to be given back, and stops the embedded server if nobody else uses it. */
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Of any PostgreSQL from 15 on; undefined for the embedded server. */
  readonly databaseUrl?: string | undefined;
  /** Below it the embedded server keeps its data. */
  readonly dataDir: string;
  readonly signal?: AbortSignal | undefined;
  /** Told about what takes long. */
  readonly log?: ((line: string) => void) | undefined;
  /** Whether a database without a library in it gets one, which is the default. */
  readonly make?: boolean | undefined;
  /** The sessions cannot write. */
  readonly readOnly?: boolean | undefined;
  /** The steps that make up the schema: those of this version. */
  readonly migrations?: readonly Migration[] | undefined;
}

/** A database to connect to. */
interface Server {
  readonly url: string;
  readonly where: string;
  stop(): Promise<void>;
}

const oldestVersion = 15;

/**
 * Connects to the library, starting the embedded server if need be, and brings its schema up to date, also for who only
 * looks: that is no part of what a command does.
 */
export async function openLibrary(options: OpenOptions): Promise<Library> {
  const known = options.migrations ?? (await knownMigrations());
  const { databaseUrl } = options;
  const server =
    databaseUrl === undefined ? await embedded(options, known) : await external(databaseUrl);
  const { url, where, stop } = server;
  try {
    await withClient(server, async (client) => {
      if (options.make === false && (await pendingMigrations(client, known)).isNew) {
        throw noLibrary(where);
      }
      await migrateSchema(client, known);
    });
    options.signal?.throwIfAborted();
  } catch (error) {
    await stop();
    throw error;
  }
  const pool = new pg.Pool({
    ...connection(url),
    max: 8,
    ...(options.readOnly && {
      onConnect: (client) => client.query('SET default_transaction_read_only = on'),
    }),
  });
  pool.on('error', () => {}); // an idle connection was lost; whoever needs one next is told
  const close = async () => {
    await pool.end();
    await stop();
  };
  return { pool, url, where, close };
}

/** Whether an embedded server's data is there. */
export const hasEmbedded = (dataDir: string): boolean => existsSync(places(dataDir).directory);

export const noLibrary = (where: string): StowageError =>
  new StowageError('usage', 'There is no library there.', {
    item: where,
    remedy:
      'Bring one over with `stowage migrate --from …`, or say with --data or --database where it is.',
  });

/**
 * Says in a sentence how it stands with a library, without making or changing anything.
 *
 * @throws StowageError what `openLibrary` would fail with.
 */
export async function examineLibrary(options: OpenOptions): Promise<string> {
  const { databaseUrl, dataDir } = options;
  if (databaseUrl === undefined && !hasEmbedded(dataDir)) {
    const folder = nearestFolder(dataDir);
    try {
      accessSync(`${folder}/`, constants.W_OK | constants.X_OK);
    } catch (cause) {
      throw new StowageError('library.embedded', 'The data directory cannot be made.', {
        item: dataDir,
        remedy: `${folder} is no folder that we may write to. Choose another --data.`,
        cause,
      });
    }
    await refuseNetworkFileSystem(folder);
    return `A PostgreSQL of our own will be made in ${dataDir}.`;
  }
  const server =
    databaseUrl === undefined
      ? { where: dataDir, ...(await startEmbedded(dataDir, options)) }
      : await external(databaseUrl);
  try {
    return await withClient(server, async (client) => {
      const { isNew } = await pendingMigrations(client, await knownMigrations());
      if (!isNew) return `The library in ${server.where} is there.`;
      const { rows } = await client.query(
        `SELECT has_database_privilege(current_database(), 'CREATE') AS "may"`,
      );
      if (!rows[0].may) {
        throw new StowageError('library.forbidden', 'This role may not create a schema there.', {
          item: server.where,
          remedy: 'Grant it: GRANT CREATE ON DATABASE … TO …, or make the role its owner.',
        });
      }
      return `The database ${server.where} is reached, and may be filled.`;
    });
  } finally {
    await server.stop();
  }
}

function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function nearestFolder(folder: string): string {
  return isThere(folder) || dirname(folder) === folder ? folder : nearestFolder(dirname(folder));
}

async function embedded(options: OpenOptions, known: readonly Migration[]): Promise<Server> {
  const { dataDir } = options;
  const start = async () => ({ where: dataDir, ...(await startEmbedded(dataDir, options)) });
  const server = await start();
  try {
    const { pending, isNew } = await withClient(server, (client) =>
      pendingMigrations(client, known),
    );
    const first = pending[0];
    if (isNew || first === undefined) return server;
    await server.stop();
    await backUp(dataDir, `before-${String(first.number).padStart(4, '0')}`, options);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return start();
}

async function external(url: string): Promise<Server> {
  const server = { url, where: describe(url), stop: async () => {} };
  await withClient(server, async (client) => {
    const { rows } = await client.query(
      `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int / 10000 AS major,
              current_setting('server_encoding') AS encoding`,
    );
    const { version, major, encoding } = rows[0];
    if (major < oldestVersion)
      throw new StowageError('library.too-old', `This is PostgreSQL ${version}.`, {
        item: server.where,
        remedy: `Use ${oldestVersion} or newer; or leave --database out, and Stowage brings its own.`,
      });
    if (encoding !== 'UTF8')
      throw new StowageError(
        'library.failed',
        `The database's encoding is ${encoding}, not UTF8.`,
        {
          item: server.where,
          remedy: `Create one that can hold every text: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`,
        },
      );
  });
  return server;
}

/** How every connection of ours is made. */
const connection = (connectionString: string): pg.ClientConfig => ({
  connectionString,
  application_name: 'stowage',
  connectionTimeoutMillis: 15_000,
  keepAlive: true,
});

/** Names a database without its password, and refuses what is no address of one. */
function describe(url: string): string {
  try {
    if (!/^postgres(ql)?:\/\//.test(url)) throw new Error('another scheme');
    const { user, host, port, database } = new pg.Client(connection(url));
    return `${user ?? ''}@${host}:${port}/${database ?? ''}`;
  } catch {
    // Without the cause, which may quote the address.
    throw new StowageError('usage', 'The address of the database cannot be understood.', {
      remedy:
        'It looks like postgresql://user:password@host:5432/database; special characters are written as %40.',
    });
  }
}

/** Lends a connection, and says of what goes wrong on it what to do. */
async function withClient<T>(
  { url, where }: Server,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(connection(url));
  client.on('error', () => {}); // the query that it interrupts is told too
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw libraryError(error, where);
  } finally {
    await client.end().catch(() => {});
  }
}
