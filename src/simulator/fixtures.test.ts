import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { shared, skipWithoutShared } from '../../test/shared.ts';
import { startSimulator } from './simulator.ts';

const run = promisify(execFile);

describe('opened on a fixture', { skip: skipWithoutShared }, () => {
  for (const version of ['v0.25.1', 'v0.28.1', 'v0.30.1']) {
    test(`it serves exactly what a real ${version} does`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'stowage-dump-'));
      const simulator = await startSimulator({
        database: shared(`fixtures/stash-${version}.sqlite`),
      });
      try {
        const out = join(folder, 'dump.json');
        await run(process.execPath, [shared('check/dump.mjs'), `${simulator.url}/graphql`, out]);
        const served = JSON.parse(readFileSync(out, 'utf8'));
        const real = JSON.parse(
          readFileSync(shared(`fixtures/stash-${version}.dump.json`), 'utf8'),
        );
        assert.deepEqual(served, real);
      } finally {
        await simulator.close();
        rmSync(folder, { recursive: true });
      }
    });
  }
});
