import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, type TestContext, test } from 'node:test';
import { generate } from '../simulator/generate.ts';
import { type SimulatorOptions, startSimulator } from '../simulator/simulator.ts';
import type { ClientOptions } from './client.ts';
import { type DoctorOptions, examine, type Finding, roomFinding } from './doctor.ts';
import { examineFile } from './doctorFile.ts';
import { answer, inFrontOf, serve } from './testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'stowage-doctor-'));
const database = join(folder, 'stash.sqlite');
before(() => generate(database, { scenes: 5, images: 5 }));
after(() => rmSync(folder, { recursive: true }));

async function simulate(t: TestContext, options: Partial<SimulatorOptions> = {}) {
  const simulator = await startSimulator({ database, ...options });
  t.after(() => simulator.close());
  return simulator;
}

async function examined(client: ClientOptions, options: Partial<DoctorOptions> = {}) {
  const findings: { [name: string]: Finding } = {};
  const all = { dataDirectory: join(folder, 'not', 'there', 'yet'), ...options };
  for await (const finding of examine({ firstPause: 1, ...client }, all)) {
    assert.equal(finding.state === 'ok', finding.remedy === undefined, finding.message);
    findings[finding.name] = finding;
  }
  return findings;
}

const states = (findings: { [name: string]: Finding }) =>
  Object.fromEntries(Object.entries(findings).map(([name, { state }]) => [name, state]));

describe('the doctor', () => {
  test('finds all well where it is', async (t) => {
    const simulator = await simulate(t, { apiKey: 'key' });
    mkdirSync(join(folder, 'media'));
    const findings = await examined(
      { address: simulator.url, apiKey: 'key' },
      { pathHere: () => join(folder, 'media') },
    );
    assert.deepEqual(states(findings), {
      address: 'ok',
      key: 'ok',
      version: 'ok',
      tasks: 'ok',
      roads: 'ok',
      coverage: 'ok',
      clock: 'ok',
      pictures: 'ok',
      disk: 'ok',
      paths: 'ok',
    });
    assert.match(findings.roads?.message ?? '', /a snapshot \(\d+ MB\), its tables, GraphQL/);
    // A download is tried: its first bytes.
    const [download] = simulator.requests.filter(({ names }) => names.includes('download'));
    assert.equal(download?.headers.range, 'bytes=0-15');
  });

  test('tells that a download leads nowhere', async (t) => {
    const simulator = await simulate(t);
    simulator.faults.add({ kind: 'login', on: 'download' });
    const { roads } = await examined({ address: simulator.url });
    assert.equal(roads?.state, 'warn');
    assert.match(roads.message, /its tables, GraphQL.*Not by a snapshot: What came is not/);
    const { roads: chosen } = await examined({ address: simulator.url }, { via: 'snapshot' });
    assert.equal(chosen?.state, 'fail');
  });

  test('warns of what will be in the way', async (t) => {
    const simulator = await simulate(t);
    simulator.jobs = [{ id: '1', status: 'RUNNING', description: 'Scanning...' }];
    simulator.sql('create table moods (id integer); insert into moods values (1)');
    const findings = await examined({ address: simulator.url });
    assert.equal(findings.tasks?.state, 'warn');
    assert.match(findings.tasks.message, /Scanning/);
    assert.equal(findings.coverage?.state, 'warn');
    assert.match(findings.coverage.message, /table moods \(1 filled\)/);
    assert.equal(findings.paths?.state, 'warn');
  });

  test('tells which roads are left where the quick ones are refused', async (t) => {
    const simulator = await simulate(t);
    simulator.faults.add({ kind: 'status', status: 403, on: 'querySQL' });
    const { roads } = await examined({ address: simulator.url });
    assert.equal(roads?.state, 'warn');
    assert.doesNotMatch(roads.message, /tables/);
    for (const [via, state] of [
      ['tables', 'fail'],
      ['graphql', 'ok'],
    ] as const) {
      const chosen = await examined({ address: simulator.url }, { via });
      assert.equal(chosen.roads?.state, state);
    }
  });

  test('tells a wrong key from a wrong address', async (t) => {
    const simulator = await simulate(t, { apiKey: 'key' });
    const findings = await examined({ address: simulator.url, apiKey: 'another' });
    assert.deepEqual(states(findings), { address: 'ok', key: 'fail' });
  });

  test('tells a Stash that is not ready', async (t) => {
    const simulator = await simulate(t);
    simulator.status = 'NEEDS_MIGRATION';
    const findings = await examined({ address: simulator.url });
    assert.deepEqual(states(findings), { address: 'ok', version: 'fail' });
  });

  test('looks around for the right address, and takes no key there', async (t) => {
    const simulator = await simulate(t, { basePath: '/stash', apiKey: 'key' });
    const wrong = new URL(simulator.url).origin;
    const { address } = await examined({
      address: wrong.replace('http:', 'https:'),
      apiKey: 'key',
    });
    assert.equal(address?.state, 'fail');
    assert.ok(address.remedy?.includes(simulator.url), address.remedy);
    assert.deepEqual(
      simulator.requests.filter(({ headers }) => headers.apikey),
      [],
    );
  });

  test('warns of a clock that is wrong', async (t) => {
    const simulator = await simulate(t);
    const date = new Date(Date.now() - 600_000).toUTCString();
    const { client } = await serve(
      t,
      inFrontOf(simulator.url, (told) => told, { date }),
    );
    const { clock } = await examined({ address: client.base.href });
    assert.equal(clock?.state, 'warn');
    assert.match(clock.message, /(599|6\d\d) seconds behind/);
  });

  test('says where nothing is', async (t) => {
    const { client } = await serve(t, answer(404, 'not found'));
    const { address } = await examined({ address: client.base.href });
    assert.equal(address?.state, 'fail');
  });
});

describe('of a file, the doctor', () => {
  async function examinedFile(t: TestContext, change: (db: DatabaseSync) => void) {
    const own = mkdtempSync(join(tmpdir(), 'stowage-doctor-file-'));
    t.after(() => rmSync(own, { recursive: true }));
    const file = join(own, 'stash.sqlite');
    copyFileSync(database, file);
    const db = new DatabaseSync(file);
    change(db);
    db.close();
    const findings: { [name: string]: Finding } = {};
    const options = { dataDirectory: join(own, 'none'), pathHere: () => own };
    for await (const finding of examineFile(file, options)) findings[finding.name] = finding;
    assert.deepEqual(readdirSync(own), ['stash.sqlite']);
    return findings;
  }

  test('finds all well where it is', async (t) => {
    const findings = await examinedFile(t, () => {});
    assert.deepEqual(states(findings), {
      ...{ file: 'ok', version: 'ok', coverage: 'ok', pictures: 'ok', disk: 'ok', paths: 'ok' },
    });
  });

  test('warns of unknown data, of pictures that are elsewhere, and of counted plays', async (t) => {
    const findings = await examinedFile(t, (db) => {
      db.exec(`create table moods (mood text); insert into moods values ('calm');
        insert into blobs (checksum, blob) values ('0123', null);
        update schema_migrations set version = 54`);
    });
    assert.match(findings.coverage?.message ?? '', /table moods \(1 filled\)/);
    assert.match(findings.pictures?.remedy ?? '', /--blobs/);
    assert.match(findings.version?.message ?? '', /keeps no times/);
  });

  test('says what is wrong with it', async (t) => {
    const findings = await examinedFile(t, (db) =>
      db.exec('pragma foreign_keys = off; drop table scenes'),
    );
    assert.deepEqual(states(findings), { file: 'fail' });
    assert.match(findings.file?.message ?? '', /not a Stash’s/);
  });
});

test('a disk on which the library does not fit fails; one on which it hardly does is named', () => {
  const found = (free: number, hasPictures: boolean) =>
    roomFinding({ free, directory: '/data', size: 1000, hasPictures }).state;
  assert.deepEqual(
    [3999, 4000, 5999, 6000].map((free) => found(free, false)),
    ['fail', 'warn', 'warn', 'ok'],
  );
  assert.deepEqual(
    [1999, 2000, 2999, 3000].map((free) => found(free, true)),
    ['fail', 'warn', 'warn', 'ok'],
  );
});
