import type { ClientBase } from 'pg';
import { StowageError } from '../model/errors.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import type { RoadName, Trouble } from '../model/reading.ts';
import type { PutBackProgress } from './bareTables.ts';
import type { CopyTarget } from './copy.ts';
import { ImportIds } from './ids.ts';
import { tableOf } from './layout.ts';
import { Load } from './load.ts';
import { beginRun, finishRun } from './runs.ts';
import {
  addSource,
  findSource,
  type Known,
  listSources,
  type Source,
  setKnown,
} from './sources.ts';
import { keepTroubles } from './troubles.ts';

/** Everything that turns records into rows needs to know, in a form that crosses to a worker thread. */
export interface ImportIdentity {
  sourceId: number;
  runId: number;
  milliseconds: number;
  salt: number;
}

export interface Fed {
  counts: { [K in Kind]: number };
  known: Known;
  troubles: Trouble[];
}

/** Reads all records, encodes them, and hands over finished COPYs; waits where `send` makes it wait. */
export type Feed = (
  identity: ImportIdentity,
  send: (...copy: Parameters<CopyTarget['send']>) => Promise<void>,
  signal: AbortSignal,
) => Promise<Fed>;

export interface FirstImport {
  client: ClientBase;
  source: Pick<Source, 'name' | 'profile' | 'pictures'>;
  road: RoadName;
  feed: Feed;
  /** While indexes and constraints are put back. */
  progress: PutBackProgress;
  signal: AbortSignal;
}

/**
 * Fills an empty library from one source, in one transaction: it either happened or it did not.
 *
 * @throws StowageError `library.occupied` where the library holds a source already.
 */
export async function firstImport(options: FirstImport): Promise<Fed & { source: Source }> {
  const { client, feed, signal } = options;
  await client.query('BEGIN');
  try {
    if ((await listSources(client)).length > 0 || (await holdsRecords(client))) {
      throw occupied(options.source.name);
    }
    const sourceId = await addSource(client, options.source);
    const identity = {
      sourceId,
      runId: await beginRun(client, { sourceId, command: 'migrate', road: options.road }),
      milliseconds: Date.now(),
      salt: ImportIds.salt(),
    };
    const load = await Load.begin(client);
    const fed = await feed(identity, (...copy) => load.copy(...copy), signal);
    signal.throwIfAborted();
    const dangling = await load.finish(options.progress, signal);
    const troubles = [...fed.troubles, ...dangling];
    await setKnown(client, sourceId, fed.known);
    await finishRun(client, identity.runId, 'done', fed.counts);
    await keepTroubles(client, identity.runId, troubles);
    const source = (await findSource(client, options.source.name)) as Source;
    signal.throwIfAborted();
    await client.query('COMMIT');
    return { ...fed, troubles, source };
  } catch (error) {
    // The connection may be what failed: then PostgreSQL has rolled back by itself.
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

/** The load empties the tables: whatever is in them, from wherever, must not go that way. */
export async function holdsRecords(client: ClientBase): Promise<boolean> {
  const any = kindNames.map((kind) => `EXISTS (SELECT FROM qar.${tableOf(kind)})`);
  const { rows } = await client.query(`SELECT ${any.join(' OR ')} AS any`);
  return rows[0].any;
}

const occupied = (name: string) =>
  new StowageError('library.occupied', 'the library holds records already', {
    item: `source ${name}`,
    remedy: 'a library that is filled is brought up to date by `stowage sync`, which comes later',
  });
