import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { generate } from './generate.ts';
import { type Simulator, startSimulator } from './simulator.ts';

const folder = mkdtempSync(join(tmpdir(), 'stowage-test-'));
let simulator: Simulator;

before(async () => {
  const database = join(folder, 'library.sqlite');
  generate(database, { scenes: 20, images: 20 });
  simulator = await startSimulator({ database });
});
afterEach(() => simulator.faults.clear());
after(async () => {
  await simulator.close();
  rmSync(folder, { recursive: true });
});

const ask = (query = '{findScenes{count}}') =>
  fetch(`${simulator.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });

describe('told to, the simulator', () => {
  test('answers with any status, and any header', async () => {
    const headers = { 'retry-after': '2' };
    simulator.faults.add({ kind: 'status', status: 429, headers });
    const response = await ask();
    assert.equal(response.status, 429);
    assert.equal(response.headers.get('retry-after'), '2');
  });

  test('shows the login page of a gateway', async () => {
    simulator.faults.add({ kind: 'login' });
    const response = await ask();
    assert.equal(response.status, 200);
    assert.match(await response.text(), /^<!DOCTYPE html>/);
  });

  test('finds its database locked', async () => {
    simulator.faults.add({ kind: 'locked' });
    const response = await ask();
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), {
      errors: [{ message: 'database is locked' }],
      data: null,
    });
  });

  test('answers what is no JSON', async () => {
    simulator.faults.add({ kind: 'garbage' });
    await assert.rejects((await ask()).json(), SyntaxError);
  });

  test('waits before it answers', async () => {
    simulator.faults.add({ kind: 'delay', ms: 120 });
    const before = performance.now();
    await ask();
    assert.ok(performance.now() - before >= 115);
  });

  test('closes its port for a while', async () => {
    simulator.faults.add({ kind: 'refuse', ms: 150, times: 1 });
    await assert.rejects(ask());
    const refused = (error: Error) =>
      (error.cause as NodeJS.ErrnoException).code === 'ECONNREFUSED';
    await assert.rejects(ask(), refused);
    for (;;) {
      const answer = await ask().catch(() => undefined);
      if (answer?.ok) break;
    }
  });

  for (const kind of ['reset', 'truncate'] as const) {
    test(`breaks off in the middle of an answer (${kind})`, async () => {
      simulator.faults.add({ kind, after: 10 });
      await assert.rejects(async () => (await ask()).text());
    });
  }

  test('stops half way through a download', async () => {
    const { data } = (await (
      await ask('mutation{backupDatabase(input:{download:true})}')
    ).json()) as {
      data: { backupDatabase: string };
    };
    simulator.faults.add({ kind: 'stall', after: 50_000, on: 'download' });
    const response = await fetch(data.backupDatabase, { signal: AbortSignal.timeout(300) });
    let received = 0;
    await assert.rejects(
      async () => {
        for await (const chunk of response.body ?? []) received += chunk.length;
      },
      { name: 'TimeoutError' },
    );
    assert.equal(received, 50_000);
  });

  test('changes its library while it is read', async () => {
    simulator.faults.add({
      kind: 'edit',
      sql: 'delete from scene_markers; delete from scenes where id = 20',
      nth: 2,
    });
    const counts = [];
    for (let n = 0; n < 3; n += 1) counts.push(await (await ask()).json());
    const count = (n: number) => ({ data: { findScenes: { count: n } } });
    assert.deepEqual(counts, [count(20), count(19), count(19)]);
  });
});

describe('a fault', () => {
  test('strikes only the operation it is meant for, from the nth on, so many times', async () => {
    simulator.faults.add({ kind: 'status', status: 500, on: 'findTags', nth: 2, times: 1 });
    const statuses = [];
    for (const query of [
      '{findScenes{count}}',
      '{findTags{count}}',
      '{findTags{count}}',
      '{findTags{count}}',
    ]) {
      statuses.push((await ask(query)).status);
    }
    assert.deepEqual(statuses, [200, 200, 500, 200]);
    assert.equal(simulator.faults.fired, 1);
  });

  test('strikes as likely as told, the same way for the same seed', async () => {
    const run = async () => {
      simulator.faults.clear();
      simulator.faults.add({ kind: 'status', status: 503, probability: 0.5, seed: 7 });
      const statuses = [];
      for (let n = 0; n < 12; n += 1) statuses.push((await ask()).status);
      return statuses;
    };
    const first = await run();
    assert.ok(first.includes(503) && first.includes(200));
    assert.deepEqual(await run(), first);
  });
});

test('every request is logged, with its names and status', async () => {
  await ask('query Counting{findScenes{count}}');
  const { method, path, names, status } = simulator.requests.at(-1) ?? {};
  assert.deepEqual(
    { method, path, names, status },
    { method: 'POST', path: '/graphql', names: ['graphql', 'findScenes'], status: 200 },
  );
});
