import { copyFileSync } from 'node:fs';
import pg from 'pg';
import { renumber } from '../test/support/renumbered.ts';
import type { Bench, Measurement } from './bench.ts';
import { Setting } from './setting.ts';

/**
 * A second server with the same library under other numbers: each of its records is found again, none is doubled. On the
 * embedded PostgreSQL, and on that of STOWAGE_TEST_DATABASE_URL where it is set.
 */
export const bench: Bench = async function* ({ short }) {
  await using setting = await Setting.make();
  const size = short ? 500 : 100_000;
  const first = setting.library(size, size);
  const second = setting.data('second.sqlite');
  copyFileSync(first, second);
  renumber(second);
  const both = { first, second, size };
  yield* measured(setting, both, 'embedded', []);
  const server = process.env.STOWAGE_TEST_DATABASE_URL;
  if (server === undefined) return;
  await using database = await madeOn(server);
  yield* measured(setting, both, database.version, ['--database', database.url]);
};

async function* measured(
  setting: Setting,
  { first, second, size }: { first: string; second: string; size: number },
  where: string,
  words: readonly string[],
): AsyncGenerator<Measurement> {
  const data = ['--data', setting.data(`library-${where}`), '--pictures', 'none', ...words];
  const brought = await setting.stowage(['migrate', '--from', first, ...data]);
  const came = await setting.stowage(['migrate', '--from', second, '--name', 'second', ...data]);
  const named = `${size.toLocaleString('en')} scenes + ${size.toLocaleString('en')} images`;
  yield { what: `${where}: migrate ${named}`, value: brought.seconds, unit: 's' };
  yield { what: `${where}: a second source of the same`, value: came.seconds, unit: 's' };
  yield {
    what: `${where}: that against the migration`,
    value: came.seconds / brought.seconds,
    unit: '×',
    limit: 3,
  };
  yield { what: `${where}: peak memory of it`, value: came.peakRssMb, unit: 'MB', limit: 250 };
  const doubled = (came.changes ?? []).filter(({ action }) => action === 'create');
  yield {
    what: `${where}: records of it that were doubled`,
    value: doubled.reduce((sum, { count }) => sum + count, 0),
    unit: 'records',
    limit: 0,
  };
}

/** A database of its own there, for as long as the benchmark takes. */
async function madeOn(server: string): Promise<AsyncDisposable & { url: string; version: string }> {
  const name = `stowage_bench_${process.pid}`;
  const client = new pg.Client(server);
  await client.connect();
  const { rows } = await client.query(
    `SELECT 'PostgreSQL ' || current_setting('server_version_num')::int / 10000 AS version`,
  );
  await client.query(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    version: rows[0].version,
    async [Symbol.asyncDispose]() {
      await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await client.end();
    },
  };
}
