import type { Bench } from './bench.ts';
import { Setting } from './setting.ts';

/** The memory of a large migration, ours and that of the embedded PostgreSQL together. */
export const bench: Bench = async function* ({ short }) {
  await using setting = await Setting.make();
  const scenes = short ? 300 : 60_000;
  const simulator = await setting.simulator(setting.library(scenes, scenes * 10));
  let peak = 0;
  const { seconds, peakRssMb } = await setting.stowage(
    ['migrate', '--from', simulator.url, '--data', setting.data('library'), '--pictures', 'none'],
    (pss) => {
      peak = Math.max(peak, pss);
    },
  );
  const named = `${scenes.toLocaleString('en')} scenes + ${(scenes * 10).toLocaleString('en')} images`;
  yield { what: `migrate ${named}`, value: seconds, unit: 's' };
  yield { what: 'peak memory of our process', value: peakRssMb, unit: 'MB' };
  yield { what: 'peak of ours and PostgreSQL’s (PSS)', value: peak, unit: 'MB', limit: 700 };
};
