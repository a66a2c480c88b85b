import { once } from 'node:events';
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StowageError } from '../../model/errors.ts';
import { makeFolder, refuseNetworkFileSystem } from '../disk.ts';
import { accountFor } from './account.ts';
import { canHoldSocket, freePort, shortPath } from './address.ts';
import { type Binaries, bundledBinaries, program, reachable } from './binaries.ts';
import { type RunningTask, start } from './child.ts';
import { initialise, isInitialised, passwordFile } from './initialise.ts';
import { Lease } from './lease.ts';
import { withFileLock } from './lock.ts';
import {
  clearRemains,
  type Postmaster,
  readPostmaster,
  runningPostmaster,
  shutDown,
} from './postmaster.ts';
import { database, postgresMajor, role, serverSettings, settings, socketPort } from './settings.ts';

export interface EmbeddedServer {
  /** For `pg`. It may hold a password: never show it. */
  readonly url: string;
  /** Gives the server up; who is the last to do so stops it. Close connections first. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told about what takes long. */
  readonly log?: ((line: string) => void) | undefined;
  /** Listen on loopback TCP even where a socket would do. */
  readonly tcp?: boolean | undefined;
  /** The server's programs, where they are not those that npm brought. */
  readonly binaries?: Binaries | undefined;
}

/** Where the parts of an embedded server lie below a data directory. */
export const places = (dataDirectory: string) => {
  const directory = join(dataDirectory, `postgres-${postgresMajor}`);
  return { directory, lock: `${directory}.lock`, log: `${directory}.log` };
};

/**
 * A PostgreSQL server of our own, its data below `dataDirectory`: made if there is none, started if it does not run,
 * else joined, be it another command's or one whose commands were all killed. It is reached through a socket inside
 * its data directory, which only its owner can enter; where sockets do not work, through loopback TCP.
 *
 * Starting and stopping happen under a lock on a file, one process at a time. Each user of the server holds a lease,
 * a lock inside the server that ends with its connection; who can have that lock alone is the last one.
 */
export async function startEmbedded(
  dataDirectory: string,
  options: EmbeddedOptions = {},
): Promise<EmbeddedServer> {
  try {
    await makeFolder(dataDirectory, 0o700);
    return await use(await realpath(dataDirectory), options);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw unusable(error, dataDirectory);
  }
}

async function use(home: string, options: EmbeddedOptions): Promise<EmbeddedServer> {
  await refuseNetworkFileSystem(home);
  const { directory } = places(home);
  const short = await shortPath(directory);
  try {
    const { lease, url } = await exclusively(
      home,
      () => attach(home, short.path, options),
      options,
    );
    let stopping: Promise<void> | undefined;
    const stop = async () => {
      await exclusively(home, async () => {
        if (await lease.release()) await shutDown(directory);
      });
      await short.remove();
    };
    return {
      url,
      stop: () => {
        stopping ??= stop();
        return stopping;
      },
    };
  } catch (error) {
    await short.remove();
    throw error;
  }
}

/** What the file system, SQLite or PostgreSQL had against it. */
function unusable(error: unknown, dataDirectory: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof StowageError || typeof code !== 'string') return error;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new StowageError('disk.full', 'The disk of the data directory is full.', {
      item: dataDirectory,
      remedy: 'Make room there, or choose another with --data.',
      cause: error,
    });
  return new StowageError('library.embedded', `The data directory cannot be used: ${message}`, {
    item: dataDirectory,
    remedy: 'If it belongs to another user, run Stowage as that one; or choose another --data.',
    cause: error,
  });
}

/** Does something while nobody else starts or stops the server of a data directory. */
export function exclusively<T>(
  dataDirectory: string,
  work: () => Promise<T>,
  { signal, log }: EmbeddedOptions = {},
): Promise<T> {
  const waiting = () => log?.('Waiting for another command that starts or stops the database.');
  return withFileLock(places(dataDirectory).lock, work, { signal, waiting });
}

/** What may stop a server from starting, and passes: parts of a killed one that still end; a port taken meanwhile. */
const passing =
  /shared memory block|lock file ".*" (already exists|is empty)|could not create any TCP/;
const patience = 15_000;

/** Joins the server of a data directory, in whatever state it is found. Only for who holds the lock. */
async function attach(home: string, socketFolder: string, options: EmbeddedOptions) {
  const { signal, log, tcp } = options;
  const place = places(home);
  const { directory } = place;
  const account = await accountFor(directory);
  const binaries = await reachable(options.binaries ?? (await bundledBinaries()), account);
  if (!(await isInitialised(directory)))
    await initialise(directory, binaries, { account, log: place.log, signal });

  let told = false;
  const tellOnce = () => {
    if (!told) log?.('Waiting for the database to start: it may be recovering from a crash.');
    told = true;
  };
  let server: RunningTask | undefined;
  try {
    for (const began = Date.now(); ; await sleep(20, undefined, { signal })) {
      if (Date.now() - began > 3000) tellOnce();
      const found = await readPostmaster(directory);
      if (found?.ready) {
        const url = await urlOf(found, directory, socketFolder);
        const lease = await Lease.take(url);
        if (lease !== undefined) {
          server?.child.unref();
          server = undefined;
          return { lease, url };
        }
      }
      if (await runningPostmaster(directory)) continue; // it starts, recovers or stops
      if (server !== undefined && isAlive(server)) continue; // it has not yet said that it runs
      if (server !== undefined) {
        const failure = await server.failure();
        if (!passing.test(failure.message) || Date.now() - began > patience) throw failure;
        await sleep(200, undefined, { signal });
      }
      await clearRemains(directory);
      const socket = !tcp && (await canHoldSocket(directory));
      const listening = socket ? onSocket : onTcp(await freePort());
      server = await start({
        command: program(binaries, 'postgres'),
        args: (name) => ['-D', name, ...serverSettings, ...listening],
        directory,
        account,
        log: place.log,
      });
    }
  } finally {
    // Still here only if we give up on it, and then nobody else can have joined it.
    if (server !== undefined && isAlive(server)) {
      server.child.kill('SIGINT');
      await once(server.child, 'exit');
    }
  }
}

const isAlive = ({ child }: RunningTask) => child.exitCode === null && child.signalCode === null;

/** A socket in the data directory itself, `.` to the server. */
const onSocket = settings({
  unix_socket_directories: '.',
  listen_addresses: '',
  port: socketPort,
});
const onTcp = (port: number) =>
  settings({ unix_socket_directories: '', listen_addresses: '127.0.0.1', port });

async function urlOf(
  { address, port }: Postmaster,
  directory: string,
  socketFolder: string,
): Promise<string> {
  if (address === null)
    return `postgresql://${role}@localhost:${port}/${database}?host=${encodeURIComponent(socketFolder)}`;
  const password = await readFile(passwordFile(directory), 'utf8');
  return `postgresql://${role}:${password}@${address}:${port}/${database}`;
}
