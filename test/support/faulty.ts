/** A Stash that things go wrong with. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import type { Fault } from '../../src/simulator/faults.ts';
import { generate } from '../../src/simulator/generate.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { type Ended, ownLibrary } from './commands.ts';
import type { Scope } from './database.ts';
import { wholeLibrary } from './wholeLibrary.ts';

export type Road = 'snapshot' | 'tables' | 'graphql';
export const roads: readonly Road[] = ['snapshot', 'tables', 'graphql'];

/** A Stash's database, with its pictures beside it. */
export interface StashOnDisk {
  database: string;
  /** A server of it, as it was in the beginning. */
  serve(scope: Scope): Promise<Simulator>;
  /** What a library of it is, read by that road, if nothing goes wrong. */
  whole(via: Road): Promise<unknown>;
  remove(): Promise<void>;
}

/** Made in the `before` of a test file. */
export async function stashOnDisk(): Promise<StashOnDisk> {
  const folder = await mkdtemp(path.join(tmpdir(), 'stowage-faults-'));
  const database = path.join(folder, 'stash.sqlite');
  const dir = path.join(folder, 'blobs');
  generate(database, { scenes: 60, images: 60, seed: 5, pictures: 'all', blobs: dir });
  const serve: StashOnDisk['serve'] = async (scope) => {
    const stash = await startSimulator({ database, blobs: { storage: 'FILESYSTEM', dir } });
    scope.after(() => stash.close());
    return stash;
  };
  const whole = async (via: Road) => {
    const stash = await serve({ after });
    const library = await ownLibrary({ after });
    const { exitCode } = await library.stowage('migrate', '--from', stash.url, '--via', via);
    assert.equal(exitCode, 0);
    return wholeLibrary(library);
  };
  const made: { [V in Road]?: Promise<unknown> } = {};
  return {
    database,
    serve,
    whole: (via) => {
      made[via] ??= whole(via);
      return made[via];
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Does something while these go wrong, each of them at least once. */
export async function meeting(
  stash: Simulator,
  faults: readonly Fault[],
  work: () => Promise<Ended>,
): Promise<Ended> {
  for (const fault of faults) stash.faults.add(fault);
  try {
    const ended = await work();
    assert.ok(stash.faults.fired >= faults.length, 'not all of it went wrong');
    return ended;
  } finally {
    stash.faults.clear();
    await opened(stash);
  }
}

/** Waits until the port takes connections. */
async function opened(stash: Simulator): Promise<void> {
  while (!(await fetch(stash.url).catch(() => undefined))) {
    await new Promise((soon) => setTimeout(soon, 10));
  }
}
