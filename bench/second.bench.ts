import { copyFileSync } from 'node:fs';
import { renumber } from '../test/support/renumbered.ts';
import type { Bench } from './bench.ts';
import { Setting } from './setting.ts';

/** A second server with the same library under other numbers: each of its records is found again, none is doubled. */
export const bench: Bench = async function* ({ short }) {
  await using setting = await Setting.make();
  const size = short ? 500 : 100_000;
  const first = setting.library(size, size);
  const second = setting.data('second.sqlite');
  copyFileSync(first, second);
  renumber(second);
  const data = ['--data', setting.data('library'), '--pictures', 'none'];
  await setting.stowage(['migrate', '--from', first, ...data]);
  const came = await setting.stowage(['migrate', '--from', second, '--name', 'second', ...data]);
  const named = `${size.toLocaleString('en')} scenes + ${size.toLocaleString('en')} images`;
  yield { what: `a second source of the same ${named}`, value: came.seconds, unit: 's' };
  yield { what: 'peak memory of that', value: came.peakRssMb, unit: 'MB' };
  const doubled = (came.changes ?? []).filter(({ action }) => action === 'create');
  yield {
    what: 'records of it that were doubled',
    value: doubled.reduce((sum, { count }) => sum + count, 0),
    unit: 'records',
    limit: 0,
  };
};
