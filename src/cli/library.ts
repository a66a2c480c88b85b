import pg, { type ClientBase } from 'pg';
import { libraryError } from '../library/errors.ts';
import {
  hasEmbedded,
  type Library,
  noLibrary,
  type OpenOptions,
  openLibrary,
} from '../library/open.ts';
import { findSource, listSources, type Source } from '../library/sources.ts';
import { StowageError } from '../model/errors.ts';
import type { CommandContext } from './command.ts';

/** What a command may do with a library: fill it, and make it where there is none; change it; or only look at it. */
interface Use extends Pick<OpenOptions, 'migrations'> {
  make?: boolean;
  look?: boolean;
}

/** As `withLibrary`, for a command that only looks: PostgreSQL refuses whatever would write. */
export const lookingAtLibrary = <T>(
  context: CommandContext,
  use: (client: ClientBase, library: Library) => Promise<T>,
): Promise<T> => withLibrary(context, use, { look: true });

/** Opens the library that the settings name, lends one connection, and closes everything again. */
export async function withLibrary<T>(
  { settings, output, signal }: CommandContext,
  use: (client: ClientBase, library: Library) => Promise<T>,
  { make = false, look = false, migrations }: Use = {},
): Promise<T> {
  if (!make && settings.databaseUrl === undefined && !hasEmbedded(settings.dataDirectory)) {
    throw noLibrary(settings.dataDirectory);
  }
  const library = await openLibrary({
    databaseUrl: settings.databaseUrl,
    dataDir: settings.dataDirectory,
    make,
    readOnly: look,
    signal,
    log: (line) => output.note(line),
    migrations,
  });
  try {
    // It may stop between the first connection and this one.
    const client = await library.pool.connect().catch((error: unknown) => {
      throw libraryError(error, library.where);
    });
    // What is running when the connection goes fails by itself, but only this tells why it went.
    let lost: Error | undefined;
    client.on('error', (error) => {
      lost ??= error;
    });
    try {
      return await use(client, library);
    } catch (error) {
      // A query that comes after the loss fails with whatever the socket says.
      const isLoss = lost !== undefined && !(error instanceof StowageError);
      throw isLoss || isPostgres(error) ? libraryError(lost ?? error, library.where) : error;
    } finally {
      client.release(true);
    }
  } finally {
    await library.close();
  }
}

/** Given back however it ends: the pool waits for each before it closes. */
export async function furtherClients(
  pool: pg.Pool,
  count: number,
): Promise<{ clients: pg.PoolClient[] } & Disposable> {
  using taken = new DisposableStack();
  const clients: pg.PoolClient[] = [];
  for (let i = 0; i < count; i++) {
    const client = await pool.connect();
    taken.defer(() => client.release(true));
    // What is running when the connection goes fails by itself, and tells.
    client.on('error', () => {});
    clients.push(client);
  }
  const kept = taken.move();
  return { clients, [Symbol.dispose]: () => kept.dispose() };
}

const isPostgres = (error: unknown): boolean =>
  error instanceof pg.DatabaseError ||
  /^(Connection terminated|Client has encountered a connection error)/.test(
    String((error as Error)?.message),
  );

/** How long a run that was killed may still seem to be writing: as long as the server takes to notice, and more. */
const patience = '3s';

/** One run at a time writes to a library; the lock ends with the connection, however that ends. */
export async function lockForWriting(client: ClientBase): Promise<void> {
  // Killed in the middle of a long statement, we are noticed within a second; servers that cannot look refuse.
  await client.query(`SET client_connection_check_interval = '1s'`).catch(() => {});
  await client.query(`SET lock_timeout = '${patience}'`);
  try {
    await client.query(`SELECT pg_advisory_lock(hashtext('stowage'), hashtext('write'))`);
  } catch (error) {
    if ((error as { code?: string }).code !== lockNotAvailable) throw error;
    throw new StowageError('library.busy', 'Another run is writing to the library.', {
      remedy: 'Wait until it is done, or stop it.',
    });
  }
  await client.query('RESET lock_timeout');
}

const lockNotAvailable = '55P03';

/** The source of that name; a usage error that names those there are. */
export async function namedSource(client: ClientBase, name: string): Promise<Source> {
  const source = await findSource(client, name);
  if (source) return source;
  const names = (await listSources(client)).map((known) => known.name);
  throw new StowageError('usage', `The library has no source of the name ${name}.`, {
    remedy:
      names.length > 0
        ? `It has: ${names.join(', ')}.`
        : 'It is empty: bring a library over with `stowage migrate --from …` first.',
  });
}
