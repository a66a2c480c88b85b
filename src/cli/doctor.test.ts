import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { stowage } from '../../test/support/program.ts';
import { generate } from '../simulator/generate.ts';
import { type Simulator, startSimulator } from '../simulator/simulator.ts';

describe('doctor', () => {
  let folder: string;
  let stash: Simulator;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stowage-doctor-'));
    const database = join(folder, 'stash.sqlite');
    generate(database, { scenes: 10, images: 10 });
    stash = await startSimulator({ database, apiKey: 'the-key-of-this-test' });
  });
  after(async () => {
    await stash.close();
    await rm(folder, { recursive: true });
  });

  test('finds a server that is ready, with its folders here, and makes nothing', async () => {
    const [root] = stash.rows('select path from folders where parent_folder_id is null') as [
      { path: string },
    ];
    const data = join(folder, 'none');
    const { code, findings } = await examined('--data', data, '--map', `${root.path}=${folder}`);
    assert.equal(code, 0);
    assert.deepEqual(
      Object.entries(findings).filter(([, { state }]) => state !== 'ok'),
      [],
    );
    assert.deepEqual(Object.keys(findings).toSorted(), [
      ...['address', 'clock', 'coverage', 'database', 'disk', 'key', 'paths', 'pictures'],
      ...['roads', 'tasks', 'version'],
    ]);
    assert.ok(!(await readdir(folder)).includes('none'));
  });

  test('says what to do about a database that is not there, and of folders that are not here', async () => {
    const nowhere = 'postgres://nobody:secret-word@127.0.0.1:9/none';
    const { code, findings, written } = await examined('--database', nowhere);
    assert.equal(code, 3);
    assert.equal(findings.database?.state, 'fail');
    assert.equal(findings.paths?.state, 'warn');
    assert.doesNotMatch(written, /secret-word/);
  });

  test('says that the key is wrong', async () => {
    const { code, stdout } = await stowage(
      ['doctor', '--from', stash.url, '--data', join(folder, 'none')],
      { env: { STOWAGE_API_KEY: 'another-key' } },
    );
    assert.equal(code, 3);
    assert.match(stdout, /✗ key/);
    assert.match(stdout, /Not ready yet/);
  });

  async function examined(...words: string[]) {
    const { code, stdout, stderr } = await stowage(
      ['doctor', '--from', stash.url, '--json', ...words],
      {
        env: { STOWAGE_API_KEY: 'the-key-of-this-test' },
      },
    );
    const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    const findings: { [name: string]: { state: string } } = {};
    for (const finding of summary.findings) findings[finding.name] = finding;
    return { code, findings, written: stdout + stderr };
  }
});
