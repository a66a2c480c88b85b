import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { emptyDatabase, testDatabase, withClient } from '../../test/support/database.ts';
import type { ErrorCode, StowageError } from '../model/errors.ts';
import { places, startEmbedded } from './embedded/server.ts';
import { knownMigrations } from './migrations.ts';
import { type OpenOptions, openLibrary } from './open.ts';

const secret = 'a-secret-word';
const nowhere = join(tmpdir(), 'not-used');

/** Opening fails with this code and says what to do, and nothing in the error tells the password. */
async function refuses(databaseUrl: string, code: ErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(openLibrary({ databaseUrl, dataDir: nowhere }), (error: StowageError) => {
    assert.equal(error.code, code, String(error));
    assert.match(error.message, message);
    assert.ok(error.remedy);
    for (let part: unknown = error; part instanceof Error; part = part.cause)
      assert.ok(!JSON.stringify([part, part.message, part.stack]).includes(secret));
    return true;
  });
}

const changed = (url: string, parts: Partial<URL>): string =>
  Object.assign(new URL(url), parts).href;

async function newFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stowage-open-'));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

test('a new library is made in an empty database', async (t) => {
  const databaseUrl = await emptyDatabase(t);
  const library = await openLibrary({ databaseUrl, dataDir: nowhere });
  const { rows } = await library.pool.query('SELECT count(*)::int AS count FROM qar.cargo');
  assert.deepEqual(rows, [{ count: 0 }]);
  await library.close();
});

test('without an address, the library is in an embedded server below the data directory', async (t) => {
  const dataDir = await newFolder(t);
  const library = await openLibrary({ dataDir });
  await library.pool.query('SELECT FROM qar.cargo');
  assert.equal(library.where, dataDir);
  await library.close();
});

test('an embedded library is copied before its schema is changed, and only then', async (t) => {
  const dataDir = await newFolder(t);
  const log: string[] = [];
  const open = async (options: Partial<OpenOptions> = {}) => {
    const library = await openLibrary({ dataDir, log: (line) => log.push(line), ...options });
    await library.pool.query('SELECT FROM qar.cargo');
    await library.close();
  };
  const copies = async () => (await readdir(dataDir)).filter((name) => name.includes('.before-'));
  await open();
  await open();
  assert.deepEqual(await copies(), []);

  const known = await knownMigrations();
  const next = { number: 9999, file: '9999_next.sql', sql: 'CREATE TABLE qar.next (id int)' };
  const other = await startEmbedded(dataDir);
  await assert.rejects(open({ migrations: [...known, next] }), { code: 'library.busy' });
  await other.stop();

  await open({ migrations: [...known, next] });
  assert.deepEqual(await copies(), ['postgres-18.before-9999']);
  assert.match(log.join('\n'), /postgres-18\.before-9999/);
  await assert.rejects(open(), { code: 'library.too-new' });
});

test('an embedded server that nobody uses any more is stopped, also after a failure', async (t) => {
  const dataDir = await newFolder(t);
  const broken = { number: 1, file: '0001_broken.sql', sql: 'SELECT 1/0' };
  await assert.rejects(openLibrary({ dataDir, migrations: [broken] }), { code: 'library.failed' });
  assert.equal((await readdir(places(dataDir).directory)).includes('postmaster.pid'), false);
});

test('a library of a newer Stowage is refused', async (t) => {
  const url = await testDatabase(t);
  await withClient(url, (client) =>
    client.query(`INSERT INTO stowage.migrations (number, file) VALUES (9999, '9999_later.sql')`),
  );
  await refuses(url, 'library.too-new', /newer Stowage/);
});

test('a database that is not there, or whose server is not, is called unreachable', async (t) => {
  const url = await emptyDatabase(t);
  await refuses(changed(url, { pathname: '/stowage_none' }), 'library.unreachable', /no such/);
  const port = await closedPort();
  await refuses(`postgresql://me:${secret}@127.0.0.1:${port}/x`, 'library.unreachable', /REFUSED/);
  await refuses(`postgresql://me:${secret}@stowage.invalid/x`, 'library.unreachable', /reached/);
});

test('what is no address of a database is wrong usage', async () => {
  for (const url of [`http://me:${secret}@host/x`, `postgresql://me:${secret}@[/x`, secret])
    await refuses(url, 'usage', /address/);
});

test('a wrong password is called that', async (t) => {
  const server = await startEmbedded(await newFolder(t), { tcp: true });
  try {
    await refuses(changed(server.url, { password: secret }), 'library.forbidden', /let/);
    await refuses(changed(server.url, { password: '' }), 'library.forbidden', /let/);
  } finally {
    await server.stop();
  }
});

test('a user who may not make schemas is told so', async (t) => {
  const url = await emptyDatabase(t);
  const user = `stowage_test_weak_${process.pid}`;
  await withClient(url, (client) => client.query(`CREATE ROLE ${user} LOGIN PASSWORD 'weak'`));
  await refuses(
    changed(url, { username: user, password: 'weak' }),
    'library.forbidden',
    /permission denied/,
  );
  await withClient(url, (client) => client.query(`DROP ROLE ${user}`));
});

test('a database that can only be read is told to be one', async (t) => {
  const url = await emptyDatabase(t);
  const name = new URL(url).pathname.slice(1);
  await withClient(url, (client) =>
    client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`),
  );
  await refuses(url, 'library.forbidden', /only be read/);
});

test('a database that cannot hold every text is refused', async (t) => {
  const url = await emptyDatabase(t, `ENCODING 'SQL_ASCII' LOCALE 'C' LOCALE_PROVIDER libc`);
  await refuses(url, 'library.failed', /SQL_ASCII/);
});

test('PostgreSQL 14 is refused', async (t) => {
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.write(Buffer.concat([message('R', int32(0)), message('Z', Buffer.from('I'))]));
      socket.on('data', (data) => {
        if (data[0] === 'X'.charCodeAt(0)) return socket.end();
        return socket.write(answer({ version: '14.9', major: '14', encoding: 'UTF8' }));
      });
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  await refuses(`postgresql://me@127.0.0.1:${port}/x`, 'library.too-old', /14\.9/);
});

// The little of PostgreSQL's protocol that an answer of one row needs.
const int32 = (value: number) => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
};
const int16 = (value: number) => int32(value).subarray(2);
const message = (type: string, ...body: Buffer[]) => {
  const content = Buffer.concat(body);
  return Buffer.concat([Buffer.from(type), int32(content.length + 4), content]);
};
function answer(row: { [column: string]: string }): Buffer {
  const columns = Object.keys(row).map((name) =>
    Buffer.concat([
      Buffer.from(`${name}\0`),
      int32(0),
      int16(0),
      int32(25),
      int16(-1),
      int32(-1),
      int16(0),
    ]),
  );
  const values = Object.values(row).map((value) =>
    Buffer.concat([int32(value.length), Buffer.from(value)]),
  );
  return Buffer.concat([
    message('T', int16(columns.length), ...columns),
    message('D', int16(values.length), ...values),
    message('C', Buffer.from('SELECT 1\0')),
    message('Z', Buffer.from('I')),
  ]);
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
