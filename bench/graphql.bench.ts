import type { Bench } from './bench.ts';
import { Setting } from './setting.ts';

/** The road that every server allows, against only fetching the same pages. */
export const bench: Bench = async function* ({ short }) {
  await using setting = await Setting.make();
  const size = short ? 300 : 20_000;
  const { url } = await setting.simulator(setting.library(size, size));
  await setting.script('fetch.ts', url); // warms the simulator up
  const fetched = await setting.script('fetch.ts', url);
  const { seconds } = await setting.stowage([
    ...['migrate', '--from', url, '--data', setting.data('library')],
    ...['--via', 'graphql', '--pictures', 'none'],
  ]);
  const again = await setting.script('fetch.ts', url);
  const fetching = ((fetched.seconds ?? 0) + (again.seconds ?? 0)) / 2;
  const rate = size / (((fetched.scene ?? 0) + (again.scene ?? 0)) / 2);
  const named = `${size.toLocaleString('en')} scenes + ${size.toLocaleString('en')} images`;
  yield { what: 'the simulator’s rate, scenes', value: rate, unit: '/s', limit: 640, least: true };
  yield { what: `fetching ${named} and throwing them away`, value: fetching, unit: 's' };
  yield { what: 'migrate --via graphql', value: seconds, unit: 's' };
  yield { what: 'migrate against fetching', value: seconds / fetching, unit: '×', limit: 1.15 };
};
