import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import { generate, type LibraryPlan } from '../src/simulator/generate.ts';
import { type Simulator, startSimulator } from '../src/simulator/simulator.ts';
import { changed, ownLibrary } from './support/commands.ts';
import './support/database.ts';
import { temporaryFolder } from './support/pictures.ts';
import { eventsOf, stowage } from './support/program.ts';

/** A made-up database, with its pictures in a folder beside it. */
async function madeUp(t: TestContext, plan: Partial<LibraryPlan> = {}) {
  const folder = await temporaryFolder(t);
  const database = path.join(folder, 'stash.sqlite');
  const blobs = path.join(folder, 'blobs');
  generate(database, { scenes: 20, images: 20, pictures: 'all', blobs, ...plan });
  return { database, blobs };
}

async function served(t: TestContext): Promise<Simulator> {
  const { database, blobs: dir } = await madeUp(t);
  const simulator = await startSimulator({ database, blobs: { storage: 'FILESYSTEM', dir } });
  t.after(() => simulator.close());
  return simulator;
}

/** How often a picture's bytes were served. */
const picturesServed = ({ requests }: Simulator): number =>
  requests.filter(
    ({ path, status }) => /image$|screenshot$/.test(path.split('?')[0] ?? '') && status === 200,
  ).length;

describe('pictures', () => {
  test('are fetched once each, and not again', async (t) => {
    const simulator = await served(t);
    const library = await ownLibrary(t);
    const migrate = () => library.stowage('migrate', '--from', simulator.url, '--via', 'tables');
    assert.equal((await migrate()).exitCode, 0);
    const [{ held, used } = {}] = await library.query(
      `SELECT (SELECT count(*)::int FROM qar.pictures) AS held,
              (SELECT count(*)::int FROM qar.tags WHERE image IS NOT NULL)
                + (SELECT count(*)::int FROM qar.fleet WHERE image IS NOT NULL)
                + (SELECT count(*)::int FROM qar.crew WHERE image IS NOT NULL)
                + (SELECT count(front_image)::int + count(back_image)::int FROM qar.groups)
                + (SELECT count(*)::int FROM qar.cargo WHERE cover IS NOT NULL) AS used`,
    );
    assert.ok(held > 20 && used > held, 'some records share a picture');
    assert.equal(picturesServed(simulator), held);
    const stored = Object.keys(await library.contents()).filter((name) =>
      /^pictures\/.+\//.test(name),
    );
    assert.equal(stored.length, held);

    assert.equal((await migrate()).exitCode, 0);
    assert.equal(picturesServed(simulator), held);
  });

  test('may come later than the rest', async (t) => {
    const { database, blobs } = await madeUp(t);
    const library = await ownLibrary(t);
    const migrate = (...words: string[]) =>
      library.stowage('migrate', '--from', database, ...words);
    assert.equal((await migrate('--pictures', 'none')).exitCode, 0);
    assert.deepEqual(await library.query('SELECT md5 FROM qar.pictures'), []);
    assert.equal((await library.stowage('verify', '--from', database)).exitCode, 0);

    assert.equal((await migrate('--pictures', 'all', '--blobs', blobs)).exitCode, 0);
    const [{ held } = {}] = await library.query('SELECT count(*)::int AS held FROM qar.pictures');
    assert.ok(held > 20);
    assert.equal((await library.stowage('verify', '--from', database)).exitCode, 0);
    // Once they were wanted, a run without them is not the end of them.
    const before = await library.contents();
    assert.equal((await migrate('--pictures', 'none')).exitCode, 0);
    assert.deepEqual(changed(before, await library.contents()), []);
  });

  test('that cannot be had are listed, and the rest arrives', async (t) => {
    const { database, blobs } = await madeUp(t);
    using stash = new DatabaseSync(database);
    const lost = stash
      .prepare('select id, image_blob as md5 from performers where id in (2, 3)')
      .all() as { id: number; md5: string }[];
    for (const { md5 } of lost) {
      await rm(path.join(blobs, md5.slice(0, 2), md5.slice(2, 4), md5));
    }
    const library = await ownLibrary(t);
    for (const run of ['the first run', 'every later one']) {
      const { exitCode, troubles } = await library.stowage(
        ...['migrate', '--from', database, '--blobs', blobs],
      );
      assert.equal(exitCode, 3, run);
      assert.deepEqual(
        troubles.map(({ kind, id, field }) => `${kind} ${id} ${field}`),
        ['performer 2 image', 'performer 3 image'],
      );
    }
    const verified = await library.stowage('verify', '--from', database);
    assert.equal(verified.exitCode, 3);
    assert.equal(verified.summary.differences, 2);
  });

  test('on the disk of a server are out of reach of its database file alone', async (t) => {
    const { database } = await madeUp(t);
    const library = await ownLibrary(t);
    const { exitCode, troubles } = await library.stowage('migrate', '--from', database);
    assert.equal(exitCode, 3);
    assert.ok(troubles.every(({ field }) => /image|cover/i.test(String(field))));
    const [{ scenes } = {}] = await library.query('SELECT count(*)::int AS scenes FROM qar.cargo');
    assert.equal(scenes, 20);
  });
});

test('what is stored of a saved filter names records by the library’s ids only', async (t) => {
  const { database } = await madeUp(t, { pictures: 'none' });
  const library = await ownLibrary(t);
  assert.equal((await library.stowage('migrate', '--from', database)).exitCode, 0);
  const named = await library.query<{ id: string; kind: number }>(
    `SELECT item #>> '{}' AS id, l.kind FROM qar.saved_filters f
       CROSS JOIN LATERAL jsonb_path_query(f.object_filter, 'strict $.**.id') AS item
       LEFT JOIN stowage.links l ON l.library_id::text = item #>> '{}' ORDER BY l.kind, l.remote_id`,
  );
  // tags 2, 4 and 5, studio 1, performer 3
  assert.deepEqual(
    named.map(({ kind }) => kind),
    [1, 1, 1, 2, 3],
  );
});

describe('what this version does not know', () => {
  const tables = [
    `alter table scenes add column mood text; update scenes set mood = 'calm' where id < 4`,
    `create table weather (id integer primary key, scene_id integer); insert into weather values (1, 1)`,
  ];
  for (const sql of tables) {
    test(`is named, each time, and the rest arrives: ${sql.slice(0, 12)}`, async (t) => {
      const { database } = await madeUp(t, { pictures: 'none', version: 'newer' });
      using stash = new DatabaseSync(database);
      stash.exec(sql);
      const library = await ownLibrary(t);
      for (const command of ['migrate', 'migrate', 'verify']) {
        const { exitCode, warnings, troubles } = await library.stowage(command, '--from', database);
        assert.equal(exitCode, 3, command);
        assert.equal(warnings.length, 1);
        assert.match(String(warnings[0]), /column scenes\.mood \(3 filled\)|table weather/);
        assert.deepEqual(troubles, []);
      }
    });
  }

  test('and holds nothing is not worth a word', async (t) => {
    const { database } = await madeUp(t, { pictures: 'none', version: 'newer' });
    using stash = new DatabaseSync(database);
    stash.exec('alter table scenes add column mood text; create table weather (id integer)');
    const { stowage } = await ownLibrary(t);
    const { exitCode, warnings } = await stowage('migrate', '--from', database);
    assert.deepEqual([exitCode, warnings], [0, []]);
  });
});

describe('what a run may be told', () => {
  test('--dry-run counts, and writes nothing', async (t) => {
    const { database } = await madeUp(t, { pictures: 'none' });
    const library = await ownLibrary(t);
    const before = await library.contents();
    const dry = await library.stowage('migrate', '--from', database, '--dry-run');
    assert.equal(dry.exitCode, 0);
    assert.deepEqual(changed(before, await library.contents()), []);
    const { summary } = await library.stowage('migrate', '--from', database);
    assert.deepEqual(dry.summary.counts, summary.counts);
    assert.equal((summary.counts as { scene: number }).scene, 20);
  });

  test('--name says what the source is called', async (t) => {
    const { database } = await madeUp(t, { pictures: 'none' });
    const { stowage } = await ownLibrary(t);
    const named = ['--from', database, '--name', 'attic'];
    const out = await temporaryFolder(t);
    assert.equal((await stowage('migrate', ...named)).exitCode, 0);
    assert.equal((await stowage('verify', ...named)).exitCode, 0);
    assert.equal((await stowage('export', '--as', 'attic', '--out', out)).exitCode, 0);
    const other = await stowage('export', '--as', 'main', '--out', out);
    assert.equal(other.exitCode, 2);
    assert.match(String(other.error?.remedy), /attic/);
  });

  test('a second source with the same library is linked to it, and nothing is doubled', async (t) => {
    const { database } = await madeUp(t, { pictures: 'none' });
    const library = await ownLibrary(t);
    await library.stowage('migrate', '--from', database);
    const count = () => library.query('SELECT count(*)::int AS scenes FROM qar.cargo');
    const before = await count();
    const second = await library.stowage('migrate', '--from', database, '--name', 'second');
    assert.equal(second.exitCode, 0, second.error?.message);
    assert.deepEqual(await count(), before);
    const links = await library.query(
      'SELECT count(*)::int AS links FROM stowage.links WHERE kind = 7 GROUP BY source_id',
    );
    assert.deepEqual(links[0], links[1]);
    const exported = await library.stowage('verify', '--from', database, '--name', 'second');
    assert.equal(exported.summary.differences, 0);
  });

  test('a database file can be read by no server’s road', async (t) => {
    const { database } = await madeUp(t, { pictures: 'none' });
    const { stowage } = await ownLibrary(t);
    for (const via of ['tables', 'graphql']) {
      const { exitCode, error } = await stowage('migrate', '--from', database, '--via', via);
      assert.deepEqual([exitCode, error?.code], [2, 'usage']);
    }
  });

  test('--json tells everything as events, the summary last', async (t) => {
    const { database } = await madeUp(t, { hostile: true });
    const { url, data } = await ownLibrary(t);
    const at = ['--from', database, '--database', url, '--data', data];
    const migrated = await stowage(['migrate', ...at, '--json']);
    assert.equal(migrated.code, 3, migrated.stderr);
    const events = eventsOf(migrated.stdout);
    const troubles = events.filter(({ event }) => event === 'trouble').length;
    assert.ok(troubles > 20, 'texts that cannot be held, and pictures that are elsewhere');
    const { seconds, stages, peakRssMb, ...summary } = events.at(-1) as {
      [field: string]: unknown;
    };
    assert.deepEqual(summary, {
      event: 'summary',
      command: 'migrate',
      ok: false,
      exitCode: 3,
      counts: summary.counts,
      road: 'snapshot',
      troubles,
    });
    assert.ok(Number(seconds) > 0 && Number(peakRssMb) > 10);
    assert.deepEqual(Object.keys(stages as object), ['records', 'indexes', 'pictures']);
    assert.equal((summary.counts as { scene: number }).scene, 20);

    const verified = eventsOf((await stowage(['verify', ...at, '--json'])).stdout);
    const found = verified.filter(({ event }) => event === 'trouble');
    assert.equal(verified.at(-1)?.differences, found.length);
  });
});
