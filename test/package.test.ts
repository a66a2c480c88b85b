import assert from 'node:assert/strict';
import { access, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { root, start } from './support/program.ts';

/** A folder with the package in its node_modules, as npm would lay it. */
let folder: string;
let program: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'stowage-package-'));
  const packed = await start('npm', ['pack', '--json', '--pack-destination', folder]).ended;
  assert.equal(packed.code, 0, packed.stderr);
  const [{ filename }] = JSON.parse(packed.stdout);
  const installed = path.join(folder, 'node_modules/stowage');
  await mkdir(installed, { recursive: true });
  const archive = path.join(folder, filename);
  await start('tar', ['-xzf', archive, '-C', installed, '--strip-components=1']).ended;
  await symlink(path.join(root, 'node_modules'), path.join(installed, 'node_modules'));
  program = path.join(installed, 'bin/stowage.js');
});
after(() => rm(folder, { recursive: true, force: true }));

test('the package runs without its sources, below node_modules', async () => {
  await assert.rejects(access(path.join(folder, 'node_modules/stowage/src')));
  const { code, stdout } = await start(program, ['--version'], { cwd: folder }).ended;
  assert.equal(code, 0);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

test('what the sources read from beside themselves is in the package too', async () => {
  const words = ['simulate', '--scenes', '20', '--images', '10', '--port', '0', '--json'];
  const simulating = start(program, words, { cwd: folder });
  await simulating.wrote('"listening"');
  simulating.child.kill('SIGTERM');
  assert.equal((await simulating.ended).code, 0);
});
