import { databaseSchema } from '../contract/tables.ts';
import { StowageError } from '../model/errors.ts';
import type { Reading, RoadName } from '../model/reading.ts';
import { freeBytes } from './freeBytes.ts';
import { openGraphql } from './graphql/graphql.ts';
import type { StashServer } from './server.ts';
import { openServerSnapshot } from './snapshot/snapshot.ts';
import type { KeptMirror } from './tables/keptMirror.ts';
import { sizeSelect } from './tables/selects.ts';
import { askOf, openTables } from './tables/tablesRoad.ts';

export interface RoadOptions {
  /** A folder for a copy of the database, or of its tables. */
  tempDir: string;
  /** A mirror that is kept from one reading to the next. */
  mirror?: KeptMirror | undefined;
  /** How it is compared with what the server has now: by digests, or by all that its tables hold, which is the default. */
  compare?: 'quick' | 'full' | undefined;
  /** Whether this library was read before. */
  again?: boolean | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, total: number | null, unit: 'bytes' | 'rows') => void) | undefined;
}

export interface Opened {
  reading: Reading;
  /** For people: by which road, and why by that one. */
  how: string;
}

/**
 * Opens a server's library on the road asked for, or on the best that it allows: for a first reading the snapshot,
 * one moment and perhaps with the pictures; for a later one the tables, which are quickest; GraphQL where it refuses
 * these, or where its tables are newer than we know (design.md §3).
 */
export async function openRoad(
  server: StashServer,
  via: 'auto' | RoadName,
  options: RoadOptions,
): Promise<Opened> {
  if (via !== 'auto') {
    return { reading: await open(server, via, options), how: names[via] };
  }
  const { choices, because } = await choose(server, options);
  for (const [road, merit] of choices) {
    try {
      const reading = await open(server, road, options);
      return { reading, how: [`${names[road]}: ${merit}`, ...because].join('; ') };
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof StowageError && refusals.has(error.code)) || road === 'graphql') {
        throw error;
      }
      because.push(`not from ${names[road]}: ${error.message.replace(/\.$/, '')}`);
    }
  }
  throw new Error('GraphQL is always among the choices');
}

/** For people: a library is read from … */
const names = { snapshot: 'a snapshot', tables: 'its tables', graphql: 'GraphQL' } as const;

type Choice = [road: RoadName, merit: string];

const snapshot: Choice = ['snapshot', 'the whole library at one moment'];
const tables: Choice = ['tables', 'every change, in seconds'];
const graphql: Choice = ['graphql', 'what every server allows'];

/** What makes another road worth trying. Wrong keys, lost connections and the like it would meet as well. */
const refusals = new Set<StowageError['code']>([
  'source.refused',
  'source.forbidden',
  'source.unsupported',
  'source.failed',
  'source.timeout',
  'source.too-large',
  'source.moving',
  // A web page in the place of a download: what answers GraphQL is a Stash.
  'source.not-a-stash',
  'disk.full',
]);

async function choose(
  server: StashServer,
  { again, tempDir, signal }: RoadOptions,
): Promise<{ choices: Choice[]; because: string[] }> {
  const { schema } = server.profile;
  if (schema > databaseSchema.newer) {
    return {
      choices: [graphql],
      because: [`its tables (schema ${schema}) are newer than we know`],
    };
  }
  if (again) return { choices: [tables, snapshot, graphql], because: [] };
  const size = await sizeOf(server, signal);
  if (size === undefined || size <= (await freeBytes(tempDir))) {
    return { choices: [snapshot, tables, graphql], because: [] };
  }
  const because = [`a snapshot of ${Math.ceil(size / 1e6)} MB would not fit in ${tempDir}`];
  return { choices: [tables, graphql], because };
}

/** How large a snapshot would be, where the server lets us ask. */
async function sizeOf(server: StashServer, signal?: AbortSignal): Promise<number | undefined> {
  try {
    const [row] = await askOf(server, signal)(sizeSelect);
    return Number(row?.[0]);
  } catch (error) {
    if (error instanceof StowageError && refusals.has(error.code)) return undefined;
    throw error;
  }
}

async function open(server: StashServer, road: RoadName, options: RoadOptions): Promise<Reading> {
  const { tempDir, mirror, compare, signal, onProgress } = options;
  switch (road) {
    case 'snapshot':
      return openServerSnapshot(server, {
        tempDir,
        signal,
        onProgress: (done, total) => onProgress?.(done, total, 'bytes'),
      });
    case 'tables':
      return openTables(server, {
        tempDir,
        mirror,
        compare,
        signal,
        onProgress: (done, total) => onProgress?.(done, total, 'rows'),
      });
    case 'graphql':
      return openGraphql(server);
  }
}
