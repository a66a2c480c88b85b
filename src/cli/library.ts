import pg, { type ClientBase } from 'pg';
import { libraryError } from '../library/errors.ts';
import { type Library, openLibrary } from '../library/open.ts';
import { findSource, listSources, type Source } from '../library/sources.ts';
import { StowageError } from '../model/errors.ts';
import type { CommandContext } from './command.ts';

/** Opens the library that the settings name, lends one connection, and closes everything again. */
export async function withLibrary<T>(
  { settings, output, signal }: CommandContext,
  use: (client: ClientBase, library: Library) => Promise<T>,
): Promise<T> {
  const library = await openLibrary({
    databaseUrl: settings.databaseUrl,
    dataDir: settings.dataDirectory,
    signal,
    log: (line) => output.note(line),
  });
  try {
    const client = await library.pool.connect();
    // What is running when the connection goes fails by itself, but only this tells why it went.
    let lost: Error | undefined;
    client.on('error', (error) => {
      lost ??= error;
    });
    try {
      return await use(client, library);
    } catch (error) {
      throw isPostgres(error) ? libraryError(lost ?? error, library.where) : error;
    } finally {
      client.release(true);
    }
  } finally {
    await library.close();
  }
}

const isPostgres = (error: unknown): boolean =>
  error instanceof pg.DatabaseError ||
  /^(Connection terminated|Client has encountered a connection error)/.test(
    String((error as Error)?.message),
  );

/** One run at a time writes to a library; the lock ends with the connection, however that ends. */
export async function lockForWriting(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ locked: boolean }>(
    `SELECT pg_try_advisory_lock(hashtext('stowage'), hashtext('write')) AS locked`,
  );
  if (rows[0]?.locked) return;
  throw new StowageError('library.busy', 'Another run is writing to the library.', {
    remedy: 'Wait until it is done, or stop it.',
  });
}

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
