import { BlobsFolder } from './media/blobsFolder.ts';
import { BlobsTable } from './media/blobsTable.ts';
import { ServedPictures } from './media/servedPictures.ts';
import type { Supplier } from './media/supplier.ts';
import { StowageError } from './model/errors.ts';
import type { Reading, RoadName } from './model/reading.ts';
import { type ClientOptions, StashClient } from './stash/client.ts';
import { type Opened, openRoad } from './stash/roads.ts';
import { connect, type StashServer } from './stash/server.ts';
import { openSnapshot, sizeOf } from './stash/snapshot/snapshot.ts';
import type { KeptMirror } from './stash/tables/keptMirror.ts';
import { temporaryFolder } from './temporary.ts';

export interface OpenOptions {
  via: 'auto' | RoadName;
  /** With a file: the folder where its server kept pictures. */
  blobs?: string | undefined;
  dataDirectory: string;
  signal: AbortSignal;
  /** Whether it was read before: then the quickest road serves, not the most complete one. */
  again: boolean;
  /** A mirror that is kept from one reading to the next. */
  mirror?: KeptMirror | undefined;
  /** How that is compared with what the server has now; see `RoadOptions`. */
  compare?: 'quick' | 'full' | undefined;
  /** Told as a copy of the database, or of its tables, arrives. */
  fetched: (done: number, of: number | null, unit: 'bytes' | 'rows') => void;
}

/** A source, open for reading on one road, with all that its pictures can be had from. */
export interface OpenSource extends AsyncDisposable {
  /** The latest. */
  reading: Reading;
  /** For people: which road, and why. */
  how: string;
  server: StashServer | undefined;
  suppliers: readonly Supplier[];
  served: ServedPictures | undefined;
  /** Its tables beside what is read, for what the server refuses to tell otherwise; undefined where it does not let us. */
  tables(): Promise<Reading | undefined>;
  /** Reads it once more, as it is now, by the same road; what was read before is closed. */
  reread(): Promise<Reading>;
}

/** A source that is there: a server that let us in, or a file. Nothing of its library has been read. */
export type Reached = { server: StashServer } | { file: string };

/** Connects to a server, and makes sure that it is a Stash that can be read. */
export async function reachServer(options: ClientOptions, signal: AbortSignal): Promise<Reached> {
  const client = new StashClient(options);
  try {
    return { server: await connect(client, { signal }) };
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** Makes sure that a file is there, and a database. */
export async function reachFile(file: string): Promise<Reached> {
  await sizeOf(file);
  return { file };
}

/** Opens a source: the one place where a client, a road and its pictures are put together. */
export async function openSource(reached: Reached, options: OpenOptions): Promise<OpenSource> {
  await using opened = new AsyncDisposableStack();
  const server = 'server' in reached ? reached.server : undefined;
  if (server) opened.defer(() => server.client.close());
  const temporary = opened.use(await temporaryFolder(options.dataDirectory));
  const { reading, how } = await openReading(reached, options, temporary.path);
  let latest: Reading | undefined = reading;
  opened.defer(() => latest?.close());
  const suppliers: Supplier[] = [];
  if (reading.file) suppliers.push(opened.use(new BlobsTable(reading.file)));
  if (options.blobs) suppliers.push(await BlobsFolder.open(options.blobs));
  const served = server && new ServedPictures(server.client, server.profile);
  if (served) suppliers.push(served);
  let tables: Promise<Reading | undefined> | undefined;
  opened.defer(async () => (await tables)?.close());
  const resources = opened.move();
  const source: OpenSource = {
    ...{ reading, how, server, suppliers, served },
    tables() {
      if (!server || reading.road !== 'graphql') return Promise.resolve(undefined);
      tables ??= openTablesOf(server, temporary.path, options.signal);
      return tables;
    },
    async reread() {
      const again = { ...options, via: reading.road, compare: 'quick' as const };
      const former = latest;
      latest = undefined; // closed once, also where the next one cannot be opened
      await former?.close();
      latest = (await openReading(reached, again, temporary.path)).reading;
      source.reading = latest;
      return latest;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
  return source;
}

async function openTablesOf(
  server: StashServer,
  tempDir: string,
  signal: AbortSignal,
): Promise<Reading | undefined> {
  try {
    return (await openRoad(server, 'tables', { tempDir, signal })).reading;
  } catch (error) {
    if (error instanceof StowageError) return undefined;
    throw error;
  }
}

async function openReading(
  reached: Reached,
  { via, blobs, again, mirror, compare, signal, fetched }: OpenOptions,
  tempDir: string,
): Promise<Opened> {
  if ('server' in reached) {
    if (blobs !== undefined) {
      throw new StowageError('usage', '--blobs goes with a database file.', {
        remedy: 'Leave it out: a server gives its pictures itself.',
      });
    }
    return openRoad(reached.server, via, {
      tempDir,
      mirror,
      compare,
      signal,
      again,
      onProgress: fetched,
    });
  }
  if (via === 'tables' || via === 'graphql') {
    throw new StowageError('usage', `A database file cannot be read --via ${via}.`, {
      item: reached.file,
      remedy: 'Leave --via out, or give the address of a server.',
    });
  }
  const reading = await openSnapshot(reached.file, { tempDir, signal });
  return { reading, how: 'a copy of the database file' };
}
