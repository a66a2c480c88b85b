/** Kills migrations at random moments, and looks at what a run after that makes of it. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPostmaster } from '../../src/library/embedded/postmaster.ts';
import { places } from '../../src/library/embedded/server.ts';
import { generate } from '../../src/simulator/generate.ts';
import { randomFrom } from '../../src/simulator/random.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { eventsOf, type Program, start, stowageProgram } from './program.ts';
import { at, leftovers, type Place, wholeLibrary } from './wholeLibrary.ts';

/** `opening` is all that comes before the first stage: starting, connecting, making the database. */
type Moment = 'opening' | 'fetch' | 'records' | 'indexes' | 'pictures';

export interface Kill {
  /** It strikes so long after this began as chance has it, at most as long as it takes. */
  during: Moment;
  /** `group` is what a closed terminal does, `postgres` kills the embedded server as well. */
  what?: 'process' | 'group' | 'postgres';
}

/** Where it all happens: a Stash with pictures on its disk, and a folder for libraries and temporary files. */
export interface Scene extends AsyncDisposable {
  stash: Simulator;
  temporary: string;
  newFolder(): string;
}

export async function setScene(): Promise<Scene> {
  const folder = await mkdtemp(path.join(tmpdir(), 'stowage-kill-'));
  const [database, blobs, temporary] = ['stash.sqlite', 'blobs', 'tmp'].map((name) =>
    path.join(folder, name),
  ) as [string, string, string];
  await mkdir(temporary);
  generate(database, { scenes: 120, images: 60, seed: 3, pictures: 'all', blobs });
  const stash = await startSimulator({ database, blobs: { storage: 'FILESYSTEM', dir: blobs } });
  let count = 0;
  return {
    stash,
    temporary,
    newFolder: () => path.join(folder, `library-${++count}`),
    async [Symbol.asyncDispose]() {
      await stash.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A migration in a process of its own, which leads a group. */
export function migrating({ stash, temporary }: Scene, place: Place, via: string): Program {
  const words = ['migrate', ...at(place), '--from', stash.url, '--via', via, '--json'];
  return start(stowageProgram, words, { env: { TMPDIR: temporary }, group: true });
}

/** Lets a migration end well, with nothing left lying about: the seconds of its stages, and the library. */
export async function undisturbed(scene: Scene, place: Place, via: string) {
  const began = performance.now();
  const program = migrating(scene, place, via);
  const opened = program.wrote('"event":"stage"').then(() => performance.now() - began);
  const { code, stdout, stderr } = await program.ended;
  assert.equal(code, 0, stdout + stderr);
  assert.deepEqual(await leftovers(place, scene.temporary), []);
  const { stages } = eventsOf(stdout).at(-1) as unknown as { stages: { [stage: string]: number } };
  const seconds: { [moment: string]: number } = { ...stages, opening: (await opened) / 1000 };
  return { seconds, whole: await wholeLibrary(place) };
}

/**
 * Kills migrations into one library, the next one taking up what the last one left, and then lets one end: the
 * library has to be the same as one that was never disturbed.
 */
export async function survives(
  t: TestContext,
  scene: Scene,
  { via, newPlace, kills }: { via: string; newPlace: () => Promise<Place>; kills: Kill[] },
): Promise<void> {
  const seed = Number(process.env.STOWAGE_TEST_SEED ?? Math.floor(Math.random() * 1e9));
  t.diagnostic(`STOWAGE_TEST_SEED=${seed} kills at the same moments, as far as the machine does`);
  const random = randomFrom(seed);
  const { seconds, whole } = await undisturbed(scene, await newPlace(), via);
  let place = await newPlace();
  for (const kill of kills) {
    while (!(await killed(migrating(scene, place, via), kill))) {
      // It was quicker than the last one, and ended: then it is the next one's turn, from the beginning.
      assert.deepEqual(await wholeLibrary(place), whole);
      place = await newPlace();
    }
  }
  assert.deepEqual((await undisturbed(scene, place, via)).whole, whole);

  async function killed(program: Program, { during, what }: Kill): Promise<boolean> {
    const began = during === 'opening' ? Promise.resolve() : program.wrote(`"stage":"${during}"`);
    const reached = await began.then(
      () => true,
      () => false,
    );
    const wait = random() * (seconds[during] ?? 0) * 1000;
    await Promise.race([program.ended, sleep(wait)]);
    const pid = program.child.pid as number;
    if (reached && program.child.exitCode === null) {
      process.kill(what === undefined ? pid : -pid, 'SIGKILL');
      if (what === 'postgres') await killPostgres(place);
    }
    const { code, signal, stdout, stderr } = await program.ended;
    assert.ok(signal === 'SIGKILL' || code === 0, stdout + stderr);
    t.diagnostic(`${signal ? 'killed' : 'too late'} ${Math.round(wait)} ms after ${during} began`);
    return signal !== null;
  }
}

async function killPostgres({ data }: Place): Promise<void> {
  const server = await readPostmaster(places(data).directory);
  if (server === undefined) return;
  try {
    process.kill(server.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
