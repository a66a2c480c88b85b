import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { withClient } from '../../../test/support/client.ts';
import { type Program, root, start } from '../../../test/support/program.ts';
import type { StowageError } from '../../model/errors.ts';
import { accountFor } from './account.ts';
import { backUp } from './backup.ts';
import { bundledBinaries, reachable } from './binaries.ts';
import { readPostmaster, runningPostmaster } from './postmaster.ts';
import { places, startEmbedded } from './server.ts';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const rootOnly = isRoot ? false : 'needs root';

/** Everything of this file lies below one folder, which only its owner can enter. */
let folder: string;
let made: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stowage-embedded-'));
  made = join(folder, 'made');
  const server = await startEmbedded(made);
  await withClient(server.url, async (client) => {
    await client.query('CREATE TABLE kept (text text)');
    await client.query(`INSERT INTO kept VALUES ('here')`);
  });
  await server.stop();
});
after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

let count = 0;
const newPlace = () => join(folder, `place-${++count}`);

/** A data directory of a server that was used and stopped before: its table `kept` has a row. */
async function usedPlace(place = newPlace()): Promise<string> {
  await run('cp', ['-a', made, place]);
  return place;
}

const kept = (url: string): Promise<unknown> =>
  withClient(url, async (client) => (await client.query('SELECT text FROM kept')).rows[0].text);

const isRunning = async (place: string) =>
  (await runningPostmaster(places(place).directory)) !== undefined;

const pidOf = async (place: string) =>
  (await readPostmaster(places(place).directory))?.pid as number;

interface User extends Program {
  readonly url: string;
}

/** Another process that uses the server of a place. */
async function another(t: TestContext, place: string, options: object = {}): Promise<User> {
  const program = start(join(root, 'test/support/embeddedClient.ts'), [
    JSON.stringify({ dataDir: place, ...options }),
  ]);
  t.after(() => program.child.kill('SIGKILL'));
  const [line] = await Promise.all([once(program.child.stdout, 'data'), program.wrote('ready')]);
  return { ...program, url: String(line).trim().slice('ready '.length) };
}

async function endsWell(program: Program): Promise<void> {
  program.child.stdin.end();
  assert.equal((await program.ended).code, 0);
}

async function killed(program: Program): Promise<void> {
  program.child.kill('SIGKILL');
  await program.ended;
}

test('what was written is there after a stop and another start', async () => {
  const place = await usedPlace();
  const server = await startEmbedded(place);
  assert.equal(await kept(server.url), 'here');
  assert.equal(await isRunning(place), true);
  await server.stop();
  assert.equal(await isRunning(place), false);
});

test('it is PostgreSQL 18, knows every letter, and syncs what it writes', async () => {
  const place = await usedPlace();
  const server = await startEmbedded(place);
  const { rows } = await withClient(server.url, async (client) => {
    await client.query('CREATE EXTENSION pg_trgm');
    return client.query(
      `SELECT current_setting('server_version_num')::int / 10000 AS major, current_setting('server_encoding') AS encoding,
              current_setting('fsync') AS fsync, lower('ЮÉ') AS lower, cardinality(show_trgm('Юрий')) AS trigrams`,
    );
  });
  await server.stop();
  assert.deepEqual(rows, [{ major: 18, encoding: 'UTF8', fsync: 'on', lower: 'юé', trigrams: 5 }]);
});

test('two processes share a server, and the last one stops it', async (t) => {
  const place = await usedPlace();
  const first = await another(t, place);
  const second = await another(t, place);
  await endsWell(first);
  assert.equal(await isRunning(place), true);
  await endsWell(second);
  assert.equal(await isRunning(place), false);
});

test('of five processes that start at once in a new place, one makes the database and all use it', async (t) => {
  const place = newPlace();
  const programs = await Promise.all(Array.from({ length: 5 }, () => another(t, place)));
  const postmasters = (await readFile(places(place).log, 'utf8')).match(/ready to accept/g);
  assert.equal(postmasters?.length, 1);
  assert.deepEqual(
    (await readdir(place)).filter((name) => name.includes('.new-')),
    [],
  );
  await Promise.all(programs.map(endsWell));
  assert.equal(await isRunning(place), false);
});

test('users that come and go at once never find the server gone', async () => {
  const place = await usedPlace();
  const comeAndGo = async () => {
    for (let times = 0; times < 4; times++) {
      const server = await startEmbedded(place);
      assert.equal(await kept(server.url), 'here');
      await server.stop();
    }
  };
  await Promise.all([comeAndGo(), comeAndGo(), comeAndGo()]);
  assert.equal(await isRunning(place), false);
});

test('a server whose user was killed is adopted by the next, who stops it', async (t) => {
  const place = await usedPlace();
  await killed(await another(t, place));
  const orphan = await pidOf(place);
  const server = await startEmbedded(place);
  assert.equal(await pidOf(place), orphan);
  assert.equal(await kept(server.url), 'here');
  await server.stop();
  assert.equal(await isRunning(place), false);
});

test('a user that was killed does not count when the other one stops', async (t) => {
  const place = await usedPlace();
  const other = await another(t, place);
  const server = await startEmbedded(place);
  await killed(other);
  await server.stop();
  assert.equal(await isRunning(place), false);
});

test('after both user and server were killed, what was committed is there', async (t) => {
  const place = await usedPlace();
  const user = await another(t, place);
  await withClient(user.url, (client) => client.query(`UPDATE kept SET text = 'changed'`));
  const pid = await pidOf(place);
  await killed(user);
  process.kill(pid, 'SIGKILL');
  const server = await startEmbedded(place);
  assert.equal(await kept(server.url), 'changed');
  await server.stop();
});

test('a server in the middle of a statement of a killed user is brought back all the same', async (t) => {
  const place = await usedPlace();
  const user = await another(t, place);
  const busy = new pg.Client(user.url);
  busy.on('error', () => {});
  await busy.connect();
  const statement = assert.rejects(
    busy.query('SELECT count(*) FROM generate_series(1, 1000000000)'),
  );
  await sleep(100);
  const pid = await pidOf(place);
  await killed(user);
  process.kill(pid, 'SIGKILL');
  (busy as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  await statement;
  const server = await startEmbedded(place);
  assert.equal(await kept(server.url), 'here');
  await server.stop();
});

const leases = (url: string): Promise<number> =>
  withClient(url, async (client) => {
    const { rows } = await client.query(
      `SELECT count(*)::int AS count FROM pg_locks WHERE locktype = 'advisory'`,
    );
    return rows[0].count;
  });

test('users are still counted after a crash of the server dropped every connection', async (t) => {
  const place = await usedPlace();
  const other = await another(t, place);
  const server = await startEmbedded(place);
  const witness = new pg.Client(server.url);
  witness.on('error', () => {});
  await witness.connect();
  const dropped = new Promise<void>((resolve) => witness.once('end', resolve));
  await withClient(server.url, async (client) => {
    client.on('error', () => {});
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    process.kill(rows[0].pid, 'SIGKILL');
    await dropped;
  });
  while ((await leases(server.url).catch(() => 0)) < 2) await sleep(50);
  await server.stop();
  assert.equal(await isRunning(place), true);
  assert.equal(await kept(other.url), 'here');
  await endsWell(other);
  assert.equal(await isRunning(place), false);
});

test('what a killed server and its starter left behind does not keep it from starting', async () => {
  const place = await usedPlace();
  const { directory } = places(place);
  // As after a restart of a container: the number of the dead server now belongs to another process.
  const remains = `${process.pid}\n${directory}\n1700000000\n5432\n.\n\n\nready\n`;
  for (const name of ['postmaster.pid', '.s.PGSQL.5432.lock'])
    await writeFile(join(directory, name), remains);
  await writeFile(join(directory, 'probe'), '');
  const server = await startEmbedded(place);
  assert.match(server.url, /localhost/);
  assert.equal(await kept(server.url), 'here');
  await server.stop();
});

test('a file that lost its content with the power does not keep it from starting', async () => {
  const place = await usedPlace();
  await writeFile(join(places(place).directory, 'postmaster.pid'), '');
  const server = await startEmbedded(place);
  assert.equal(await kept(server.url), 'here');
  await server.stop();
});

test('killed while it makes the database, it makes it the next time', async (t) => {
  const place = newPlace();
  for (const patience of [150, 400, 700]) {
    const program = start(join(root, 'test/support/embeddedClient.ts'), [
      JSON.stringify({ dataDir: place }),
    ]);
    t.after(() => program.child.kill('SIGKILL'));
    await sleep(patience);
    await killed(program);
  }
  const server = await startEmbedded(place);
  assert.deepEqual((await readdir(place)).sort(), [
    'postgres-18',
    'postgres-18.lock',
    'postgres-18.log',
  ]);
  await server.stop();
});

test('interrupted while it makes or starts the database, it leaves nothing running', async () => {
  for (const [place, patience] of [
    [newPlace(), 300],
    [await usedPlace(), 30],
  ] as const) {
    const signal = AbortSignal.timeout(patience);
    await assert.rejects(startEmbedded(place, { signal }), { name: 'TimeoutError' });
    assert.equal(await isRunning(place), false);
    assert.equal(
      (await readdir(place)).some((name) => name.includes('.new-')),
      false,
    );
  }
});

test('a path that is too long for a socket will do', async () => {
  const place = join(newPlace(), 'deep'.repeat(30));
  await mkdir(join(place, '..'));
  const server = await startEmbedded(await usedPlace(place));
  assert.equal(await kept(server.url), 'here');
  await server.stop();
  assert.equal(await isRunning(place), false);
});

test('it listens to nothing but a socket that only its owner can reach', async () => {
  const place = await usedPlace();
  const server = await startEmbedded(place);
  const { rows } = await withClient(server.url, (client) => client.query('SHOW listen_addresses'));
  await server.stop();
  assert.deepEqual(rows, [{ listen_addresses: '' }]);
  assert.equal((await stat(places(place).directory)).mode & 0o777, 0o700);
});

test('over TCP, only on the loopback address and only with its password', async (t) => {
  const place = await usedPlace();
  const first = await another(t, place, { tcp: true });
  const server = await startEmbedded(place);
  assert.equal(server.url, first.url);
  assert.equal(await kept(server.url), 'here');
  const { hostname } = new URL(server.url);
  assert.equal(hostname, '127.0.0.1');
  for (const password of ['', 'guessed']) {
    const url = Object.assign(new URL(server.url), { password });
    await assert.rejects(kept(url.href), /password/);
  }
  await server.stop();
  await endsWell(first);
  assert.equal(await isRunning(place), false);
});

test('a data directory of another major version is refused, and left alone', async () => {
  const place = newPlace();
  await mkdir(join(place, 'postgres-17'), { recursive: true });
  await assert.rejects(startEmbedded(place), {
    code: 'library.embedded',
    message: /PostgreSQL 17/,
  });
  assert.equal((await readdir(place)).includes('postgres-18'), false);

  const marked = await usedPlace();
  await writeFile(join(places(marked).directory, 'PG_VERSION'), '19\n');
  await assert.rejects(startEmbedded(marked), {
    code: 'library.embedded',
    message: /PostgreSQL 19/,
  });
});

test('a place where it cannot write is named', async () => {
  const place = newPlace();
  await writeFile(place, '');
  await assert.rejects(startEmbedded(place), { code: 'library.embedded', item: place });
});

test('a server that cannot start says why, in its own words', async () => {
  const place = await usedPlace();
  await writeFile(join(places(place).directory, 'postgresql.conf'), 'nonsense = 1\n');
  await assert.rejects(startEmbedded(place), (error: StowageError) => {
    assert.equal(error.code, 'library.embedded');
    assert.match(error.message, /unrecognized configuration parameter "nonsense"/);
    assert.equal(error.item, places(place).log);
    return true;
  });
  assert.equal(await isRunning(place), false);
});

test('its log keeps no text of a statement that failed', async () => {
  const place = await usedPlace();
  const server = await startEmbedded(place);
  await withClient(server.url, async (client) => {
    await client.query('CREATE TABLE numbers (number int UNIQUE)');
    await assert.rejects(client.query(`INSERT INTO numbers VALUES ('a private text')`));
    await client.query('INSERT INTO numbers VALUES (4711)');
    await assert.rejects(client.query('INSERT INTO numbers VALUES (4711)'));
  });
  await server.stop();
  assert.doesNotMatch(await readFile(places(place).log, 'utf8'), /private|4711/);
});

test('a copy of the stopped database opens in its place', async () => {
  const place = await usedPlace();
  const copy = await backUp(place, 'before-0002');
  assert.equal(copy, join(place, 'postgres-18.before-0002'));
  const server = await startEmbedded(place);
  await withClient(server.url, (client) => client.query(`UPDATE kept SET text = 'changed'`));
  await assert.rejects(backUp(place, 'before-0003'), { code: 'library.busy' });
  await server.stop();

  const { directory } = places(place);
  await rm(directory, { recursive: true });
  await rename(copy, directory);
  const again = await startEmbedded(place);
  assert.equal(await kept(again.url), 'here');
  await again.stop();
});

test('an ordinary user can use it, and so can root after them', { skip: rootOnly }, async (t) => {
  // Root's own checkout may be out of reach for them; the programs then come from where root puts them.
  const user = await someUser();
  const binaries = await reachable(await bundledBinaries(), user);
  const place = await mkdtemp(join(tmpdir(), 'stowage-ordinary-'));
  t.after(() => rm(place, { recursive: true, force: true }));
  await chown(place, user.uid, user.gid);
  const ordinary = await another(t, place, { ...user, binaries });
  const server = await startEmbedded(place);
  assert.equal((await stat(`/proc/${await pidOf(place)}`)).uid, user.uid);
  await endsWell(ordinary);
  await withClient(server.url, (client) => client.query('SELECT 1'));
  await server.stop();
  assert.equal(await isRunning(place), false);
  await endsWell(await another(t, place, { ...user, binaries }));
});

test('root runs it as another user, below a folder of its own and with programs out of reach', {
  skip: rootOnly,
}, async (t) => {
  const hidden = join(folder, 'hidden');
  const { home, version } = await bundledBinaries();
  await mkdir(hidden, { mode: 0o700 });
  await cp(home, join(hidden, 'native'), { recursive: true, verbatimSymlinks: true });
  const binaries = { home: join(hidden, 'native'), version: `${version}-test-${process.pid}` };
  const user = await someUser();
  const copied = await reachable(binaries, user);
  t.after(() => rm(copied.home, { recursive: true, force: true }));
  assert.notEqual(copied.home, binaries.home);

  const place = join(hidden, 'library');
  const server = await startEmbedded(place, { binaries });
  await withClient(server.url, (client) => client.query('CREATE TABLE proof (x int)'));
  assert.notEqual((await stat(`/proc/${await pidOf(place)}`)).uid, 0);
  assert.equal((await stat(join(copied.home, 'bin/postgres'))).uid, 0);
  await server.stop();
  assert.equal(await isRunning(place), false);
});

test('nobody else on the machine gets in', { skip: rootOnly }, async () => {
  const place = await usedPlace();
  await chmod(folder, 0o755);
  await chmod(place, 0o755);
  const server = await startEmbedded(place);
  const socket = join(places(place).directory, '.s.PGSQL.5432');
  const attempt = `
    process.setgroups([]); process.setgid(54321); process.setuid(54321);
    require('node:net').connect(${JSON.stringify(socket)}).on('error', (error) => console.log(error.code))`;
  const { stdout } = await run(process.execPath, ['-e', attempt]);
  await server.stop();
  await chmod(folder, 0o700);
  assert.equal(stdout.trim(), 'EACCES');
});

test('a full disk is called one, and what was begun is cleared away', {
  skip: rootOnly,
}, async (t) => {
  const place = newPlace();
  await mkdir(place);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'stowage-test', place]);
  t.after(() => run('umount', [place]));
  await assert.rejects(startEmbedded(place), { code: 'disk.full' });
  assert.deepEqual((await readdir(place)).sort(), ['postgres-18.lock', 'postgres-18.log']);
});

async function someUser() {
  const user = await accountFor(newPlace());
  assert.ok(user);
  return user;
}
