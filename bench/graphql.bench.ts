import type { Bench } from './bench.ts';
import { Setting } from './setting.ts';

/**
 * How long a real server takes for a batch of 500, where two are asked for at a time: 640 to 930 scenes and 2,100
 * images a second were measured. The simulator answers in a tenth of it.
 */
const asSlowAsReal = ['--delay', 'Scenes=1250', '--delay', 'Images=400'];

/** The road that every server allows, against only fetching the same pages. */
export const bench: Bench = async function* ({ short }) {
  await using setting = await Setting.make();
  for (const [pace, words, whole] of [
    ['as a real server', short ? [] : asSlowAsReal, 100_000],
    ['flat out', [], 20_000],
  ] as const) {
    const size = short ? 300 : whole;
    const named = `${size.toLocaleString('en')} scenes + ${size.toLocaleString('en')} images`;
    const database = setting.library(size, size);
    const { url, stop } = await setting.simulator(database, ...words);
    if (words.length === 0) await setting.script('fetch.ts', url); // warms the simulator up
    const before = await setting.script('fetch.ts', url);
    const data = setting.data(pace);
    const { seconds } = await setting.stowage([
      ...['migrate', '--from', url, '--data', data, '--via', 'graphql', '--pictures', 'none'],
    ]);
    const after = await setting.script('fetch.ts', url);
    await stop();
    const mean = (what: string) => ((before[what] ?? 0) + (after[what] ?? 0)) / 2;
    const bound = pace === 'flat out' ? {} : { limit: 1.15 };
    const rate = size / mean('scene');
    yield { what: `${pace}: scenes`, value: rate, unit: '/s', limit: 640, least: true };
    yield { what: `${pace}: fetching ${named} only`, value: mean('seconds'), unit: 's' };
    yield { what: `${pace}: migrate --via graphql`, value: seconds, unit: 's' };
    yield {
      what: `${pace}: against fetching`,
      value: seconds / mean('seconds'),
      unit: '×',
      ...bound,
    };
  }
};
