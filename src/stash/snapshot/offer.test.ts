import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { generate } from '../../simulator/generate.ts';
import { type SimulatorOptions, startSimulator } from '../../simulator/simulator.ts';
import { openRoad } from '../roads.ts';
import { connect } from '../server.ts';
import { open } from '../testing.ts';
import { openServerSnapshot } from './snapshot.ts';

const folder = mkdtempSync(join(tmpdir(), 'stowage-offer-'));
const database = join(folder, 'stash.sqlite');
before(() => generate(database, { scenes: 10, images: 5 }));
after(() => rmSync(folder, { recursive: true }));

async function serving(t: TestContext, options: Partial<SimulatorOptions>) {
  const simulator = await startSimulator({ database, ...options });
  t.after(() => simulator.close());
  return { simulator, server: await connect(open(t, { address: simulator.url })) };
}

describe('the copy that a server offers is found below our base', () => {
  for (const [how, options] of Object.entries({
    'an external host': { absoluteHost: 'https://host.example' },
    'an external host with a path': { absoluteHost: 'https://host.example/sub' },
    'a base path': { basePath: '/stash' },
    'a base path, and an external host with the same': {
      basePath: '/sub',
      absoluteHost: 'https://host.example/sub',
    },
    'a base path, and an external host with another': {
      basePath: '/stash',
      absoluteHost: 'https://host.example/sub/deeper',
    },
  })) {
    test(`behind ${how}`, async (t) => {
      const { server } = await serving(t, options);
      const reading = await openServerSnapshot(server, { tempDir: folder });
      t.after(() => reading.close());
      assert.equal((await reading.counts()).scene, 10);
    });
  }
});

test('where a web page comes in its place, the tables are read, and that is said', async (t) => {
  const { simulator, server } = await serving(t, {});
  simulator.faults.add({ kind: 'login', on: 'download' });
  const { reading, how } = await openRoad(server, 'auto', { tempDir: folder });
  t.after(() => reading.close());
  assert.equal(reading.road, 'tables');
  assert.match(how, /not from a snapshot: What came is not a copy/);
  await assert.rejects(openRoad(server, 'snapshot', { tempDir: folder }), {
    code: 'source.not-a-stash',
  });
});
