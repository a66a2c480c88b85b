import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { generate } from '../src/simulator/generate.ts';
import { startSimulator } from '../src/simulator/simulator.ts';
import { temporaryFolder } from './support/pictures.ts';
import { start, stowageProgram } from './support/program.ts';

test('whatever the umask, nothing in the data directory is for others: database, mirrors, pictures, plans, exports', {
  skip: process.platform === 'win32' && 'it has no such modes',
}, async (t) => {
  const folder = await temporaryFolder(t);
  const database = path.join(folder, 'stash.sqlite');
  generate(database, { scenes: 20, images: 20, seed: 3, pictures: 'few' });
  const stash = await startSimulator({ database, apiKey: 'the-key' });
  t.after(() => stash.close());
  const data = path.join(folder, 'data');
  for (const words of [
    ['migrate', '--from', stash.url],
    ['sync'],
    ['plan', '--out', path.join(data, 'plan.sqlite')],
    ['export', '--as', 'main', '--out', path.join(data, 'exported'), '--pictures'],
  ]) {
    const shell = ['-c', 'umask 000; exec "$0" "$@"', process.execPath, stowageProgram];
    const { code, stderr } = await start('sh', [...shell, ...words, '--data', data], {
      env: { STOWAGE_API_KEY: 'the-key' },
    }).ended;
    assert.equal(code, 0, stderr);
  }
  const names = await readdir(data, { recursive: true });
  const held = ['secret', 'mirrors/main.sqlite', 'plan.sqlite', 'exported/scenes.jsonl'];
  for (const name of held) assert.ok(names.includes(name), name);
  assert.ok(names.some((name) => /pictures\/..\/..\/[0-9a-f]{32}$/.test(name)));
  const forOthers: string[] = [];
  for (const name of ['', ...names]) {
    const { mode } = await stat(path.join(data, name));
    if ((mode & 0o077) !== 0) forOthers.push(`${(mode & 0o777).toString(8)} ${name}`);
  }
  assert.deepEqual(forOthers, []);
});
