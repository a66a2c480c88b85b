import assert from 'node:assert/strict';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { backToV24 } from '../src/contract/tables.ts';
import { generate } from '../src/simulator/generate.ts';
import { startSimulator } from '../src/simulator/simulator.ts';
import { ownLibrary } from './support/commands.ts';
import { withClient } from './support/database.ts';
import { temporaryFolder } from './support/pictures.ts';

/** The file of a v0.24, which counts plays and Os; and what its own upgrade to v0.25 makes of it. */
async function files(t: TestContext): Promise<{ before: string; after: string }> {
  const folder = await temporaryFolder(t);
  const [before, after] = ['before', 'after'].map((name) => path.join(folder, `${name}.sqlite`));
  for (const file of [before, after] as string[]) {
    generate(file, { scenes: 40, images: 20, version: 'v0.25' });
    using db = new DatabaseSync(file);
    if (file === before) backToV24(db);
    else db.exec(upgraded);
  }
  return { before: before as string, after: after as string };
}

/** Of every play and O only the number is known, and when the last play was, to the second. */
const upgraded = `
  create temp table plays as select scene_id, count(*) n, max(view_date) last from scenes_view_dates group by 1;
  create temp table os as select scene_id, count(*) n from scenes_o_dates group by 1;
  delete from scenes_view_dates; delete from scenes_o_dates;
  insert into scenes_view_dates
    with recursive number(i) as (select 1 union all select i + 1 from number where i < 1000)
    select p.scene_id, iif(number.i = p.n, p.last, s.created_at)
      from plays p join scenes s on s.id = p.scene_id join number on number.i <= p.n;
  insert into scenes_o_dates
    with recursive number(i) as (select 1 union all select i + 1 from number where i < 1000)
    select o.scene_id, s.created_at
      from os o join scenes s on s.id = o.scene_id join number on number.i <= o.n;`;

async function simulated(t: TestContext, database: string) {
  const simulator = await startSimulator({ database });
  t.after(() => simulator.close());
  return simulator;
}

const counted = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ what: string; n: number }>(
      'SELECT what::text AS what, count(*)::int AS n FROM qar.voyage_log GROUP BY 1 ORDER BY 1',
    );
    return rows.map(({ n }) => n);
  });

for (const via of ['snapshot', 'tables', 'graphql']) {
  test(`a v0.24 is brought with its plays and Os by ${via}, as its upgrade dates them`, async (t) => {
    const { before, after } = await files(t);
    const old = await simulated(t, before);
    assert.equal(old.version, 'v0.24');
    const library = await ownLibrary(t);
    const migrated = await library.stowage('migrate', '--from', old.url, '--via', via);
    assert.equal(migrated.summary.road, via);
    assert.deepEqual(
      migrated.events.filter(({ event }) => event === 'warning' && via !== 'graphql'),
      [],
    );
    for (const other of ['tables', 'graphql']) {
      const proof = await library.stowage('verify', '--from', old.url, '--via', other);
      assert.equal(
        proof.summary.differences,
        via === 'graphql' && other === 'tables' ? proof.summary.differences : 0,
      );
      assert.ok(!(proof.summary.untold as string[]).includes('scene.plays'));
    }
    assert.ok((await counted(library.url)).every((n) => n > 10));

    const upgraded = await simulated(t, after);
    const synced = await library.stowage(
      'sync',
      '--from',
      upgraded.url,
      '--name',
      'main',
      '--via',
      'tables',
    );
    const changed = synced.summary.counts as { kind: string; side: string }[] | undefined;
    assert.deepEqual(changed?.filter(({ kind }) => kind === 'scene') ?? [], []);
  });
}

test('a v0.24 is read as a file, and not written to', async (t) => {
  const { before } = await files(t);
  const library = await ownLibrary(t);
  assert.equal(
    (await library.stowage('migrate', '--from', before, '--pictures', 'none')).exitCode,
    0,
  );
  const old = await simulated(t, before);
  assert.equal((await library.stowage('verify', '--from', old.url)).summary.differences, 0);
});

test('what is older still is refused, as a file and as a server', async (t) => {
  const { before } = await files(t);
  {
    using db = new DatabaseSync(before);
    db.exec('update schema_migrations set version = 52');
  }
  const library = await ownLibrary(t);
  const { error } = await library.stowage('migrate', '--from', before);
  assert.equal(error?.code, 'source.unsupported');
  assert.match(error.message, /schema 52.* older than v0\.24/);
});
