import { BlobsFolder } from './media/blobsFolder.ts';
import { BlobsTable } from './media/blobsTable.ts';
import { ServedPictures } from './media/servedPictures.ts';
import type { Supplier } from './media/supplier.ts';
import { StowageError } from './model/errors.ts';
import type { Reading, RoadName } from './model/reading.ts';
import { type ClientOptions, StashClient } from './stash/client.ts';
import { openGraphql } from './stash/graphql.ts';
import { connect, type StashServer } from './stash/server.ts';
import { openServerSnapshot, openSnapshot } from './stash/snapshot.ts';
import { temporaryFolder } from './temporary.ts';

/** Where a library is read from: a server and how to get in, or a database file. */
export type From = { server: ClientOptions } | { file: string };

export interface OpenOptions {
  via: 'auto' | RoadName;
  /** With a file: the folder where its server kept pictures. */
  blobs?: string | undefined;
  dataDirectory: string;
  signal: AbortSignal;
  /** Told of bytes as a copy of the database arrives. */
  fetched: (bytes: number, of: number | null) => void;
  /** Connects to a server, asking for a key where one is missing. */
  connecting: (
    options: ClientOptions,
    connect: (options: ClientOptions) => Promise<StashServer>,
  ) => Promise<StashServer>;
}

/** A source, open for reading on one road, with all that its pictures can be had from. */
export interface OpenSource extends AsyncDisposable {
  reading: Reading;
  /** For people: which road, and why. */
  how: string;
  server: StashServer | undefined;
  suppliers: readonly Supplier[];
  served: ServedPictures | undefined;
}

/** Opens a source: the one place where a client, a road and its pictures are put together. */
export async function openSource(from: From, options: OpenOptions): Promise<OpenSource> {
  await using opened = new AsyncDisposableStack();
  const temporary = opened.use(await temporaryFolder(options.dataDirectory));
  const source =
    'file' in from
      ? await fromFile(from.file, options, temporary.path)
      : await fromServer(from.server, options, temporary.path, opened);
  opened.defer(() => source.reading.close());
  const suppliers: Supplier[] = [];
  if (source.reading.file) suppliers.push(opened.use(new BlobsTable(source.reading.file)));
  if (options.blobs) suppliers.push(await BlobsFolder.open(options.blobs));
  const { server } = source;
  const served = server && new ServedPictures(server.client, server.profile);
  if (served) suppliers.push(served);
  const resources = opened.move();
  return {
    ...source,
    suppliers,
    served,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

type Source = Pick<OpenSource, 'reading' | 'how' | 'server'>;

async function fromFile(file: string, options: OpenOptions, tempDir: string): Promise<Source> {
  if (options.via === 'tables' || options.via === 'graphql') {
    throw new StowageError('usage', `A database file cannot be read --via ${options.via}.`, {
      item: file,
      remedy: 'Leave --via out, or give the address of a server.',
    });
  }
  const reading = await openSnapshot(file, { tempDir, signal: options.signal });
  return { reading, how: 'a copy of the database file', server: undefined };
}

async function fromServer(
  address: ClientOptions,
  options: OpenOptions,
  tempDir: string,
  opened: AsyncDisposableStack,
): Promise<Source> {
  if (options.blobs !== undefined) {
    throw new StowageError(
      'usage',
      '--blobs goes with a database file; a server gives its pictures itself.',
    );
  }
  const { signal } = options;
  const server = await options.connecting(address, async (given) => {
    const client = new StashClient(given);
    try {
      return await connect(client, { signal });
    } catch (error) {
      await client.close();
      throw error;
    }
  });
  opened.defer(() => server.client.close());
  const { road, why } = { road: options.via === 'auto' ? 'snapshot' : options.via, why: '' };
  switch (road) {
    case 'snapshot': {
      const reading = await openServerSnapshot(server, {
        tempDir,
        signal,
        onProgress: options.fetched,
      });
      return { reading, how: why, server };
    }
    case 'graphql':
      return { reading: openGraphql(server), how: why, server };
    case 'tables':
      throw new Error('not yet');
  }
}
