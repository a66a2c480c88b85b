import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { migrating, type Scene, setScene, undisturbed } from './support/killing.ts';
import { eventsOf } from './support/program.ts';
import { leftovers } from './support/wholeLibrary.ts';

let scene: Scene;
before(async () => {
  scene = await setScene();
});
after(() => scene[Symbol.asyncDispose]());

const moments = [
  ['SIGINT', 'connecting', /^Stopped\.$/],
  ['SIGTERM', 'records', /^Stopped, records at [\d,]+ of [\d,]+\.$/],
  ['SIGINT', 'indexes', /^Stopped, (indexes|pictures) at \d+ of \d+\.$/],
  ['SIGHUP', 'pictures', /^Stopped, pictures at \d+( of \d+)?\.$/],
] as const;

test('interrupted, a migration stops cleanly, says where, and goes on when it is run again', async (t) => {
  const { stash, temporary } = scene;
  const { whole } = await undisturbed(scene, { data: scene.newFolder() }, 'graphql');
  const place = { data: scene.newFolder() };
  // Slow enough that it is met at work.
  for (const on of ['ServerStatus', 'Scenes', 'picture']) {
    stash.faults.add({ kind: 'delay', ms: 300, on });
  }
  t.after(() => stash.faults.clear());
  for (const [name, during, words] of moments) {
    const program = migrating(scene, place, 'graphql');
    await (during === 'connecting' ? asked() : program.wrote(`"stage":"${during}"`));
    program.child.kill(name);
    const { code, stdout, stderr } = await program.ended;
    const [error, summary] = eventsOf(stdout).slice(-2);
    assert.equal(code, 130, stdout + stderr);
    assert.match(String(error?.message), words);
    assert.deepEqual(
      [error?.event, error?.code, error?.remedy, summary?.exitCode],
      ['error', 'interrupted', 'Run the same command again to go on.', 130],
    );
    assert.deepEqual(await leftovers(place, temporary), []);
  }
  stash.faults.clear();
  assert.deepEqual((await undisturbed(scene, place, 'graphql')).whole, whole);

  async function asked(): Promise<void> {
    const before = stash.requests.length;
    while (stash.requests.length === before) await new Promise((soon) => setTimeout(soon, 10));
  }
});
