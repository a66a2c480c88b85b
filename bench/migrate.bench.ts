import type { Bench } from './bench.ts';
import { floor } from './floor.ts';
import { Setting } from './setting.ts';

/** A whole library, from a server into the embedded PostgreSQL, and its proof through the tables. */
export const bench: Bench = async function* ({ short }) {
  await using setting = await Setting.make();
  const size = short ? 500 : 100_000;
  const migrated = async (count: number) => {
    const simulator = await setting.simulator(setting.library(count, count));
    const data = setting.data(`migrated-${count}`);
    const from = ['--from', simulator.url, '--data', data];
    const migrate = await setting.stowage(['migrate', ...from, '--pictures', 'none']);
    return { data, from, simulator, migrate };
  };
  const tenth = await migrated(size / 10);
  await tenth.simulator.stop();
  const { data, from, simulator, migrate } = await migrated(size);
  const named = `${size.toLocaleString('en')} scenes + ${size.toLocaleString('en')} images`;
  yield {
    what: `migrate ${named}, reading included`,
    value: migrate.seconds,
    unit: 's',
    limit: 30,
  };
  const { fetch = 0, records = 0, indexes = 0 } = migrate.stages;
  yield { what: 'of that: fetching the snapshot', value: fetch, unit: 's' };
  yield { what: 'of that: reading and loading records', value: records, unit: 's' };
  yield { what: 'of that: indexes and constraints', value: indexes, unit: 's' };

  const least = await floor(data, setting.data('floor'), setting.data('rows'));
  yield {
    what: 'the floor: the same rows by bare COPY, the same indexes',
    value: least,
    unit: 's',
  };
  const load = records + indexes;
  yield { what: 'load against the floor', value: load / least, unit: '×', limit: 1.4 };
  yield { what: 'peak memory of our process', value: migrate.peakRssMb, unit: 'MB', limit: 250 };
  yield {
    what: 'peak memory against a tenth of the library',
    value: migrate.peakRssMb / tenth.migrate.peakRssMb,
    unit: '×',
    limit: 1.4,
  };
  const verify = await setting.stowage(['verify', ...from, '--via', 'tables']);
  yield { what: 'verify through the tables', value: verify.seconds, unit: 's', limit: 30 };
  yield { what: 'peak memory of that', value: verify.peakRssMb, unit: 'MB' };
  await simulator.stop();
};
