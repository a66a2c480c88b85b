import { createHash, randomBytes } from 'node:crypto';
import { after } from 'node:test';
import type pg from 'pg';
import { knownMigrations, migrateSchema } from '../../src/library/migrations.ts';
import { withClient } from './client.ts';
import { serverVariable, startTestServer } from './server.ts';

export { withClient };

/** The run's server; where a test file is run by itself, one of its own. */
const given = process.env[serverVariable];
let own: ReturnType<typeof startTestServer> | undefined;
after(async () => (await own)?.stop());

async function serverUrl(): Promise<string> {
  if (given !== undefined) return given;
  own ??= startTestServer();
  return (await own).url;
}

/** A test, or `{ after }` of `node:test` for a whole file: what is made for it is gone after it. */
export type Scope = { after: (done: () => Promise<void>) => void };

/** The address of a new database with an empty library in it. */
export function testDatabase(test: Scope): Promise<string> {
  return newDatabase(test, templateOf);
}

/** The address of a new database with nothing in it, made with these options of CREATE DATABASE. */
export function emptyDatabase(test: Scope, options = ''): Promise<string> {
  return newDatabase(test, async () => `template0 ${options}`);
}

async function newDatabase(
  test: Scope,
  template: (server: string) => Promise<string>,
): Promise<string> {
  const url = await serverUrl();
  const name = `stowage_test_${process.pid}_${randomBytes(6).toString('hex')}`;
  const from = await template(url);
  await withClient(url, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${from}`));
  test.after(() => withClient(url, (client) => drop(client, name)));
  return inDatabase(url, name);
}

/** The address of a new database that holds what another one holds now, as a restored dump of it does. */
export function restoredFrom(test: Scope, url: string): Promise<string> {
  return newDatabase(test, async () => new URL(url).pathname.slice(1));
}

let template: Promise<string> | undefined;
const templateOf = (url: string): Promise<string> => {
  template ??= makeTemplate(url);
  return template;
};

/** A database with the schema in it, made once for a server and schema: cloning it is faster than migrating. */
async function makeTemplate(url: string): Promise<string> {
  const migrations = await knownMigrations();
  // Each role has its own: it could not write in another's.
  const role = new URL(url).username;
  const digest = createHash('sha256').update([role, ...migrations.map(({ sql }) => sql)].join());
  const name = `stowage_template_${digest.digest('hex').slice(0, 16)}`;
  await withClient(url, async (client) => {
    // Test files run side by side; who comes later finds it made.
    await client.query(`SELECT pg_advisory_lock(hashtext('stowage'), hashtext('test template'))`);
    const { rows } = await client.query<{ name: string; ready: boolean }>(
      `SELECT datname AS name, datname = $1 AND datistemplate AS ready FROM pg_database
       WHERE datname ~ '^stowage_(template|test)_' AND datdba = current_user::regrole`,
      [name],
    );
    if (rows.some(({ ready }) => ready)) return;
    for (const row of rows) if (isAbandoned(row.name)) await drop(client, row.name);
    await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
    await withClient(inDatabase(url, name), (inside) => migrateSchema(inside, migrations));
    await client.query(`ALTER DATABASE ${name} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`);
  });
  return name;
}

/** Templates of another schema, or half made; databases of a test process that was killed. */
function isAbandoned(name: string): boolean {
  const pid = /^stowage_test_(\d+)_/.exec(name)?.[1];
  if (pid === undefined) return true;
  try {
    return !process.kill(Number(pid), 0);
  } catch {
    return true;
  }
}

async function drop(client: pg.Client, name: string): Promise<void> {
  await client.query(`ALTER DATABASE ${name} WITH IS_TEMPLATE false`);
  await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
}

function inDatabase(url: string, name: string): string {
  const address = new URL(url);
  address.pathname = `/${name}`;
  return address.href;
}
