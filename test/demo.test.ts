import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from './support/pictures.ts';
import { eventsOf, stowage } from './support/program.ts';

test('the demo brings a made-up library over, proves it, and leaves nothing behind', async (t) => {
  const folder = await temporaryFolder(t);
  const [temporary, home] = [path.join(folder, 'tmp'), path.join(folder, 'home')];
  await Promise.all([mkdir(temporary), mkdir(home)]);
  const env = { TMPDIR: temporary, HOME: home, XDG_DATA_HOME: undefined };
  const { code, stdout, stderr } = await stowage(['demo', '--json'], { env });
  assert.equal(code, 0, stderr);
  const { ok, migrated, verified } = eventsOf(stdout).at(-1) as { [field: string]: unknown };
  assert.equal(ok, true);
  assert.equal((migrated as { counts: { scene: number } }).counts.scene, 500);
  assert.equal((verified as { differences: number }).differences, 0);
  assert.match(stderr, /npx stowage migrate --from/);
  assert.deepEqual(await readdir(temporary), []);
  assert.deepEqual(await readdir(home), []);
});
