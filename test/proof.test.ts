import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { Trouble } from '../src/model/reading.ts';
import { generate, type LibraryPlan } from '../src/simulator/generate.ts';
import {
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../src/simulator/simulator.ts';
import { shared, skipWithoutShared } from './shared.ts';
import { differences, dump } from './support/check.ts';
import { ownLibrary } from './support/commands.ts';
import { temporaryFolder } from './support/pictures.ts';
import './support/database.ts';

const kindFiles = [
  'galleries.jsonl',
  'groups.jsonl',
  'images.jsonl',
  'markers.jsonl',
  'performers.jsonl',
  'saved_filters.jsonl',
  'scenes.jsonl',
  'studios.jsonl',
  'tags.jsonl',
];

describe('a recorded library that was migrated', { skip: skipWithoutShared }, () => {
  for (const version of ['v0.25.1', 'v0.28.1', 'v0.30.1']) {
    const database = shared(`fixtures/stash-${version}.sqlite`);
    const recorded = shared(`fixtures/stash-${version}.dump.json`);
    // Of the first two, the pictures' bytes were on a disk that was not recorded.
    const pictures = version === 'v0.30.1' ? 'all' : 'none';

    test(`from a file of ${version} is exported as that server served it`, async (t) => {
      const library = await ownLibrary(t);
      const { exitCode } = await library.stowage(
        ...['migrate', '--from', database, '--pictures', pictures],
      );
      assert.equal(exitCode, 0);
      const exported = await library.exported();
      assert.deepEqual(await differences(recorded, exported), []);
      assert.deepEqual((await readdir(exported)).sort(), kindFiles);
    });

    for (const via of ['snapshot', 'tables', 'graphql']) {
      test(`through ${via} of a ${version} is exported as that server served it`, async (t) => {
        const simulator = await startSimulator({ database });
        t.after(() => simulator.close());
        const library = await ownLibrary(t);
        const { exitCode, summary } = await library.stowage(
          ...['migrate', '--from', simulator.url, '--via', via, '--pictures', pictures],
        );
        assert.equal(exitCode, 0);
        assert.equal(summary.road, via);
        const found = await differences(recorded, await library.exported());
        const untold = via === 'graphql' ? await unknowable(recorded, pictures) : [];
        assert.deepEqual(
          found.map((line) => line.split(':')[0]),
          untold,
        );
      });
    }
  }
});

describe('a made-up library that was migrated', { skip: skipWithoutShared }, () => {
  const sources: MadeUp[] = [
    {
      title: 'v0.25 with pictures in a folder',
      via: 'tables',
      plan: { version: 'v0.25' },
      server: { blobs: 'FILESYSTEM' },
    },
    {
      title: 'v0.28 behind an API key',
      via: 'graphql',
      plan: { version: 'v0.28' },
      server: { apiKey: 'key-of-the-proof' },
      untold: ['gallery.cover', 'file.format'],
    },
    {
      title: 'v0.30 on Windows, below a base path',
      via: 'snapshot',
      plan: { windows: true },
      server: { basePath: '/below/stash', blobs: 'FILESYSTEM' },
    },
    { title: 'newer one', via: 'auto', plan: { version: 'newer' }, server: {} },
  ];
  for (const { title, via, plan, server, untold = [] } of sources) {
    test(`from a ${title} is verified, and exported as that server serves it`, async (t) => {
      const simulator = await simulated(t, plan, server);
      const library = await ownLibrary(t);
      const from = ['--from', simulator.url, '--via', via];
      if (server.apiKey) from.push('--api-key', server.apiKey);
      const migrated = await library.stowage('migrate', ...from);
      assert.deepEqual(migrated.troubles, []);
      assert.equal(migrated.exitCode, 0);

      const verified = await library.stowage('verify', ...from, '--via', 'auto');
      assert.deepEqual([...new Set(verified.troubles.map(neverTold))], untold);
      assert.equal(verified.exitCode, untold.length > 0 ? 3 : 0);
      assert.notEqual(verified.summary.road, migrated.summary.road);

      const dumped = await dump(t, simulator, server.apiKey);
      const found = await differences(dumped, await library.exported());
      assert.deepEqual(
        found.map((line) => line.split(':')[0]),
        via === 'graphql' ? await unknowable(dumped, 'all') : [],
      );
    });
  }
});

interface MadeUp {
  title: string;
  via: string;
  plan: Partial<LibraryPlan>;
  server: Server;
  /** What its road does not tell, and another one does: verifying finds that it never came. */
  untold?: string[];
}

interface Server extends Pick<SimulatorOptions, 'apiKey' | 'basePath'> {
  blobs?: 'DATABASE' | 'FILESYSTEM';
}

/** A server with a made-up library, all hard cases in it. */
async function simulated(
  t: TestContext,
  plan: Partial<LibraryPlan>,
  { blobs: storage = 'DATABASE', ...server }: Server = {},
): Promise<Simulator> {
  const folder = await temporaryFolder(t);
  const database = path.join(folder, 'stash.sqlite');
  const dir = path.join(folder, 'blobs');
  generate(database, {
    scenes: 60,
    images: 120,
    pictures: 'few',
    ...(storage === 'FILESYSTEM' && { blobs: dir }),
    ...plan,
  });
  const simulator = await startSimulator({
    database,
    ...server,
    blobs: storage === 'FILESYSTEM' ? { storage, dir } : { storage },
  });
  t.after(() => simulator.close());
  return simulator;
}

/** The field of something that is not in the library for no other reason than that its road did not tell it. */
function neverTold({ kind, id, field, why }: Trouble): string {
  assert.match(why, /library was never told$/, `${kind} ${id} ${field}`);
  return `${kind}.${field}`;
}

/** What GraphQL does not tell: which cover was set for a gallery; and of pictures, only where they are. */
async function unknowable(dumped: string, pictures: 'all' | 'none'): Promise<string[]> {
  const dump: { [kind: string]: { [field: string]: unknown }[] } = JSON.parse(
    await readFile(dumped, 'utf8'),
  );
  const found: string[] = [];
  for (const [kind, records] of Object.entries(dump)) {
    if (!Array.isArray(records)) continue;
    for (const record of records) {
      for (const [field, value] of Object.entries(record)) {
        const untold =
          (kind === 'galleries' && field === 'cover') ||
          (pictures === 'none' && field.endsWith('_md5'));
        if (untold && value !== null) found.push(`${kind} ${record.id}.${field}`);
      }
    }
  }
  return found;
}
