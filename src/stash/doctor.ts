import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { databaseSchema } from '../contract/tables.ts';
import { StowageError } from '../model/errors.ts';
import type { RoadName, SourceProfile } from '../model/reading.ts';
import { type ClientOptions, StashClient } from './client.ts';
import { freeBytes } from './freeBytes.ts';
import { shown } from './http/address.ts';
import { stashesNear } from './nearby.ts';
import { isOnlyRead } from './oldest.ts';
import { connect, StashServer } from './server.ts';
import { offeredCopy } from './snapshot/offer.ts';
import { unknownIn } from './tables/coverage.ts';
import { layoutOf } from './tables/mirror.ts';
import { sizeSelect } from './tables/selects.ts';
import { askOf } from './tables/tablesRoad.ts';
import { BackupDatabaseDocument, StorageDocument, type StorageQuery } from './types.ts';

/** What was looked at, whether it is fine, and if not, what to do. */
export interface Finding {
  name: string;
  state: 'ok' | 'warn' | 'fail';
  message: string;
  remedy?: string | undefined;
}

export interface DoctorOptions {
  /** Where the library and copies of databases will be. */
  dataDirectory: string;
  /** Where a path at the server is found here. */
  pathHere?: ((path: string) => string) | undefined;
  /** The road that it is to be read by. */
  via?: 'auto' | RoadName;
  signal?: AbortSignal | undefined;
}

/** Looks at a server from all sides before anything is begun. Changes nothing, there or here. */
export async function* examine(
  options: ClientOptions,
  { dataDirectory, pathHere = (path) => path, via = 'auto', signal }: DoctorOptions,
): AsyncGenerator<Finding> {
  const client = new StashClient(options);
  try {
    const server = await connect(client, { signal }).catch((error: unknown) => error);
    if (server instanceof StowageError) yield* whyNot(server, client, options, signal);
    if (server instanceof StowageError) return;
    if (!(server instanceof StashServer)) throw server;

    yield ok('address', `A Stash answers at ${shown(client.base)}.`);
    yield ok('key', options.apiKey ? 'The API key is accepted.' : 'It asks for no API key.');
    yield version(server);
    yield await told('tasks', () => tasks(server, signal));
    const size = await snapshotSize(server, signal);
    yield await roads(server, size, via, signal);
    yield await told('coverage', () => coverage(server, size !== undefined, signal));
    yield clock(client);
    const { configuration } = await server.request(StorageDocument, {}, { signal });
    yield pictures(configuration.general);
    yield await disk(dataDirectory, size, configuration.general.blobsStorage === 'DATABASE');
    yield await paths(configuration.general, pathHere);
  } finally {
    await client.close();
  }
}

export const ok = (name: string, message: string): Finding => ({ name, state: 'ok', message });

/** A look that fails is a finding too. */
async function told(name: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof StowageError)) throw error;
    return { name, state: 'fail', message: error.message, remedy: error.remedy };
  }
}

/** Which of the first things is in the way. */
async function* whyNot(
  error: StowageError,
  client: StashClient,
  options: ClientOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<Finding> {
  const at = shown(client.base);
  const failed = (name: string, remedy = error.remedy): Finding => ({
    name,
    state: 'fail',
    message: error.message,
    remedy,
  });
  switch (error.code) {
    case 'source.unauthorized':
    case 'source.forbidden':
      yield ok('address', `Something answers at ${at}.`);
      yield failed('key');
      return;
    case 'source.not-ready':
    case 'source.unsupported':
      yield ok('address', `A Stash answers at ${at}.`);
      yield failed('version');
      return;
    default: {
      const others = await stashesNear(client.base, options, signal);
      yield failed(
        'address',
        others.length > 0 ? `A Stash answers at ${others.join(' and at ')}.` : error.remedy,
      );
    }
  }
}

const version = ({ profile }: StashServer): Finding =>
  versionOf(
    `Stash ${profile.version ?? 'of an unknown version'} on ${profile.os}, database schema ${profile.schema}`,
    profile,
    'It can be read through GraphQL. A newer Stowage may know more of it.',
  );

export const fileVersion = (profile: SourceProfile): Finding =>
  versionOf(
    `Database schema ${profile.schema}`,
    profile,
    'Give the address of its server, which can be read through GraphQL, or try a newer Stowage.',
  );

function versionOf(is: string, profile: SourceProfile, remedy: string): Finding {
  if (isOnlyRead(profile.schema)) {
    return {
      name: 'version',
      state: 'warn',
      message: `${is}: it counts plays and Os, and keeps no times of them.`,
      remedy:
        'They are brought with the times that Stash’s own upgrade would give them. Nothing can be written to it: upgrade it first if it is to be kept in step both ways.',
    };
  }
  if (profile.schema <= databaseSchema.newer) return ok('version', `${is}.`);
  return {
    name: 'version',
    state: 'warn',
    message: `${is}: newer than this Stowage knows.`,
    remedy,
  };
}

async function tasks(server: StashServer, signal: AbortSignal | undefined): Promise<Finding> {
  const jobs = await server.jobs({ signal });
  if (jobs.length === 0) return ok('tasks', 'It runs no tasks.');
  return {
    name: 'tasks',
    state: 'warn',
    message: `It is busy: ${jobs.map(({ description }) => description.trim()).join(', ')}.`,
    remedy:
      'Reading is slower meanwhile, and may see things half done. Better wait until it is over.',
  };
}

/** In bytes; undefined where the server does not let us ask. */
async function snapshotSize(
  server: StashServer,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  try {
    const [row] = await askOf(server, signal)(sizeSelect);
    return Number(row?.[0]);
  } catch (error) {
    if (error instanceof StowageError) return undefined;
    throw error;
  }
}

async function roads(
  server: StashServer,
  size: number | undefined,
  via: 'auto' | RoadName,
  signal: AbortSignal | undefined,
): Promise<Finding> {
  const noSnapshot = await whyNoSnapshot(server, size, signal);
  const hasSnapshot = noSnapshot === null;
  const open = { snapshot: hasSnapshot, tables: size !== undefined, graphql: true };
  const ways = [
    ...(hasSnapshot ? [size === undefined ? 'a snapshot' : `a snapshot (${megabytes(size)})`] : []),
    ...(size === undefined ? [] : ['its tables']),
    'GraphQL',
  ];
  const because = noSnapshot ? ` Not by a snapshot: ${noSnapshot}` : '';
  const message = `It can be read by ${ways.join(', ')}.${because}`;
  if (via !== 'auto' && !open[via]) {
    const remedy = 'Name another road, or leave --via out: the best that there is will be taken.';
    return { name: 'roads', state: 'fail', message: `${message} Not --via ${via}.`, remedy };
  }
  if (via !== 'auto' || (hasSnapshot && size !== undefined)) return ok('roads', message);
  return {
    name: 'roads',
    state: 'warn',
    message,
    remedy:
      size === undefined
        ? 'What is in front of it may refuse the quicker ways. GraphQL takes minutes, not seconds.'
        : 'Its tables will be read instead, in seconds; pictures are fetched one by one.',
  };
}

/** A larger copy would keep the server busy for more than a moment. */
const largestTried = 1e9;

/** Lets it make a copy, and looks at the first bytes. Null where all is well; empty where it never had copies. */
async function whyNoSnapshot(
  server: StashServer,
  size: number | undefined,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  if (!server.supports(BackupDatabaseDocument)) return '';
  if (size !== undefined && size > largestTried) return null;
  try {
    await offeredCopy(server, { signal });
    return null;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof StowageError) return error.message;
    throw error;
  }
}

type Settings = StorageQuery['configuration']['general'];

const pictures = ({ blobsStorage, blobsPath }: Settings): Finding =>
  ok(
    'pictures',
    blobsStorage === 'DATABASE'
      ? 'Its pictures are in its database: they come with a snapshot.'
      : `Its pictures are on its disk (${blobsPath}): they are fetched one by one.`,
  );

async function coverage(
  server: StashServer,
  hasTables: boolean,
  signal: AbortSignal | undefined,
): Promise<Finding> {
  const unknown = server.unknown.map(({ what }) => what);
  if (hasTables) {
    const ask = askOf(server, signal);
    for (const { what, select } of unknownIn(await layoutOf(ask))) {
      const [row] = await ask(select);
      if (Number(row?.[0]) > 0) unknown.push(`${what} (${row?.[0]} filled)`);
    }
  }
  return covered(unknown);
}

export function covered(unknown: readonly string[]): Finding {
  if (unknown.length === 0) return ok('coverage', 'All that it holds is known.');
  return {
    name: 'coverage',
    state: 'warn',
    message: `It holds what this Stowage does not know, and would not bring: ${unknown.join(', ')}.`,
    remedy: 'A newer Stowage may know it.',
  };
}

/**
 * In times the size of the database. One of 22 MB without pictures (10,000 scenes, 10,000 images) became a library of 80 MB
 * and 48 MB of its log; what pictures take does not grow.
 */
const room = { least: { records: 4, pictures: 2 }, ample: { records: 6, pictures: 3 } };

export async function disk(
  directory: string,
  size: number | undefined,
  hasPictures: boolean,
): Promise<Finding> {
  const free = await freeBytes(await existing(resolve(directory)));
  return roomFinding({ free, directory, size: size ?? 0, hasPictures });
}

/** Whether what is free will do: it fails where not even the library fits. */
export function roomFinding({
  free,
  directory,
  size,
  hasPictures,
}: {
  /** Bytes, as `size`. */
  free: number;
  directory: string;
  size: number;
  hasPictures: boolean;
}): Finding {
  const of = hasPictures ? 'pictures' : 'records';
  const has = `${megabytes(free)} free in ${directory}`;
  if (free >= size * room.ample[of]) return ok('disk', `${has}.`);
  return {
    name: 'disk',
    state: free < size * room.least[of] ? 'fail' : 'warn',
    message: `${has}, where a copy and the library may take ${megabytes(size * room.ample[of])}.`,
    remedy:
      'Make room, name another folder with --data, or keep the library elsewhere with --database.',
  };
}

async function existing(directory: string): Promise<string> {
  const isThere = await access(directory).then(
    () => true,
    () => false,
  );
  return isThere || dirname(directory) === directory ? directory : existing(dirname(directory));
}

function clock({ clockOffset }: StashClient): Finding {
  const seconds = Math.round((clockOffset ?? 0) / 1000);
  if (clockOffset === null) return ok('clock', 'It does not tell its time.');
  if (Math.abs(seconds) <= 60) return ok('clock', 'Its clock and ours agree.');
  return {
    name: 'clock',
    state: 'warn',
    message: `Its clock is ${Math.abs(seconds)} seconds ${seconds > 0 ? 'ahead of' : 'behind'} ours.`,
    remedy: 'Let both set their clocks by the network: where both sides changed, the newer wins.',
  };
}

const paths = ({ stashes }: Settings, pathHere: (path: string) => string): Promise<Finding> =>
  foundHere(
    stashes.map(({ path }) => path),
    pathHere,
  );

export async function foundHere(
  folders: readonly string[],
  pathHere: (path: string) => string,
): Promise<Finding> {
  const reached = await Promise.allSettled(folders.map(async (path) => access(pathHere(path))));
  const missing = folders.filter((_, i) => reached[i]?.status === 'rejected');
  if (missing.length === 0)
    return ok('paths', `Its folders are found here: ${folders.join(', ')}.`);
  return {
    name: 'paths',
    state: 'warn',
    message: `Its folders are not found here: ${missing.join(', ')}.`,
    remedy: 'A migration does not need them. Files are played through the server until they are.',
  };
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
