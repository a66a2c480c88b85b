import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import pg from 'pg';
import { startEmbedded } from '../../src/library/embedded/server.ts';
import { knownMigrations, migrateSchema } from '../../src/library/migrations.ts';

/** Names the server that the tests of a run share: an address that may create databases. */
export const serverVariable = 'STOWAGE_TEST_SERVER';

/** An embedded server in a temporary place, which is gone with it. */
export async function startTestServer(): Promise<{ url: string; stop: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'stowage-test-'));
  const server = await startEmbedded(folder);
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The run's server; where a test file is run by itself, one of its own. */
let server: Promise<string> | undefined;
export function testServer(): Promise<string> {
  // biome-ignore lint/style/noProcessEnv: a test's own switch
  const given = process.env[serverVariable];
  server ??= given === undefined ? startForThisFile() : Promise.resolve(given);
  return server;
}

async function startForThisFile(): Promise<string> {
  const own = await startTestServer();
  after(() => own.stop());
  return own.url;
}

/** The address of a new database with an empty library in it, dropped when the test (or file) has ended. */
export function testDatabase(test: { after: (done: () => Promise<void>) => void }): Promise<string> {
  return newDatabase(test, templateOf);
}

/** The address of a new database with nothing in it. */
export function emptyDatabase(test: { after: (done: () => Promise<void>) => void }): Promise<string> {
  return newDatabase(test, async () => 'template0');
}

async function newDatabase(
  test: { after: (done: () => Promise<void>) => void },
  template: (server: string) => Promise<string>,
): Promise<string> {
  const url = await testServer();
  const name = `stowage_test_${process.pid}_${randomBytes(6).toString('hex')}`;
  const from = await template(url);
  await withClient(url, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${from}`));
  test.after(() =>
    withClient(url, async (client) => {
      await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
    }),
  );
  return inDatabase(url, name);
}

let template: Promise<string> | undefined;
const templateOf = (url: string): Promise<string> => {
  template ??= makeTemplate(url);
  return template;
};

/** A database with the schema in it, made once a server and schema: cloning it is faster than migrating. */
async function makeTemplate(url: string): Promise<string> {
  const migrations = await knownMigrations();
  const digest = createHash('sha256').update(migrations.map(({ sql }) => sql).join()).digest('hex');
  const name = `stowage_template_${digest.slice(0, 16)}`;
  await withClient(url, async (client) => {
    await client.query(`SELECT pg_advisory_lock(hashtext('stowage'), hashtext('test template'))`);
    const { rows } = await client.query<{ datname: string; ready: boolean }>(
      `SELECT datname, datname = $1 AND datistemplate AS ready FROM pg_database WHERE datname ~ '^stowage_te(mplate|st)_'`,
      [name],
    );
    for (const { datname, ready } of rows) if (!ready && isAbandoned(datname)) await drop(client, datname);
    if (rows.some(({ ready }) => ready)) return;
    await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
    await withClient(inDatabase(url, name), (inside) => migrateSchema(inside, migrations));
    await client.query(`ALTER DATABASE ${name} IS_TEMPLATE true ALLOW_CONNECTIONS false`);
  });
  return name;
}
