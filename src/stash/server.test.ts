import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { buildSchema } from 'graphql';
import { generate } from '../simulator/generate.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { connect, StashServer } from './server.ts';
import { answer, open, serve } from './testing.ts';
import { FilesDocument, GroupsDocument, MarkersDocument, ScenesDocument } from './types.ts';

const folder = mkdtempSync(join(tmpdir(), 'stowage-server-'));
const database = join(folder, 'stash.sqlite');
before(() => generate(database, { scenes: 3, images: 0, version: 'v0.25' }));
after(() => rmSync(folder, { recursive: true }));

async function simulate(t: TestContext) {
  const simulator = await startSimulator({ database, apiKey: 'key-of-the-simulator' });
  t.after(() => simulator.close());
  return { simulator, client: open(t, { address: simulator.url, apiKey: 'key-of-the-simulator' }) };
}

describe('connecting', () => {
  test('tells what the server is and what it can do', async (t) => {
    const { simulator, client } = await simulate(t);
    simulator.jobs = [
      { id: '1', status: 'RUNNING', description: 'Scanning...', progress: 0.5 },
      { id: '2', status: 'FINISHED', description: 'Cleaning...' },
    ];
    const server = await connect(client);
    const { version, schema, os, types } = server.profile;
    assert.deepEqual([version, schema, os], ['v0.25.1', 55, 'linux']);
    assert.ok(types.Movie?.includes('url'));
    assert.ok(!types.Group);
    assert.ok(!server.supports(GroupsDocument) && !server.supports(FilesDocument));
    assert.ok(server.lacks(MarkersDocument, 'Query.findSceneMarkers(ids:)'));
    assert.deepEqual(server.unknown, []);
    assert.deepEqual(
      (await server.jobs()).map(({ description }) => description),
      ['Scanning...'],
    );
  });

  for (const [status, message] of [
    ['SETUP', /not been set up/],
    ['NEEDS_MIGRATION', /migrate its database/],
  ] as const) {
    test(`says so where the server is in ${status}`, async (t) => {
      const { simulator, client } = await simulate(t);
      simulator.status = status;
      await assert.rejects(connect(client), { code: 'source.not-ready', message });
    });
  }

  test('says so where it is another GraphQL server', async (t) => {
    const error = {
      message: 'Cannot query field "systemStatus" on type "Query".',
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    };
    const { client } = await serve(t, answer(422, JSON.stringify({ errors: [error], data: null })));
    await assert.rejects(connect(client), {
      code: 'source.not-a-stash',
      message: /is not a Stash/,
    });
  });
});

test('what reading cannot do without is missed by name', async (t) => {
  const { client } = await simulate(t);
  const schema = buildSchema(`
    type Query { findScenes(ids: [ID!]): FindScenesResultType! }
    type FindScenesResultType { scenes: [Scene!]! }
    type Scene { id: ID!, title: String }
  `);
  const old = new StashServer(client, { version: 'v0.17.0', schema: 32, types: {} }, schema);
  await assert.rejects(old.request(ScenesDocument, { ids: ['1'], files: true }), {
    code: 'source.unsupported',
    message: /no .*Scene\.captions/,
  });
});
