import type { Bench } from './bench.ts';
import { Setting } from './setting.ts';

/**
 * How long a real server takes for `scenesUpdate` with 300: 1,560 scenes a second were measured. The simulator takes ten
 * times as many, and whoever writes to it would be compared with nothing that exists.
 */
const asSlowAsReal = ['--delay', 'scenesUpdate=170'];

/** Keeping a library and a server in step. */
export const bench: Bench = async function* ({ short }) {
  await using setting = await Setting.make();
  const size = short ? 500 : 100_000;
  const edited = size / 10;
  const simulator = await setting.simulator(
    setting.library(size, size),
    ...(short ? [] : asSlowAsReal),
  );
  const data = setting.data('library');
  const from = ['--from', simulator.url, '--data', data];
  await setting.stowage(['migrate', ...from, '--pictures', 'none']);
  await setting.stowage(['sync', ...from]); // fills the mirror
  const named = `${size.toLocaleString('en')} scenes + ${size.toLocaleString('en')} images`;

  const full = await setting.stowage(['sync', ...from, '--full']);
  yield {
    what: `nothing to do, ${named} fetched and compared`,
    value: full.seconds,
    unit: 's',
    limit: 6,
  };
  yield {
    what: 'of that: fetching, and comparing with the mirror',
    value: full.stages.fetch ?? 0,
    unit: 's',
  };
  yield {
    what: 'of that: what the mirror leaves to compare',
    value: full.stages.compare ?? 0,
    unit: 's',
    limit: 2.5,
  };
  yield { what: 'peak memory of that', value: full.peakRssMb, unit: 'MB', limit: 250 };
  const quick = await setting.stowage(['sync', ...from]);
  yield { what: 'nothing to do, by digest', value: quick.seconds, unit: 's', limit: 1.5 };

  await setting.script('edits.ts', 'there', simulator.url, String(size / 100));
  const changed = await setting.stowage(['sync', ...from]);
  yield { what: '1 % changed at the source', value: changed.seconds, unit: 's', limit: 8 };
  yield { what: 'peak memory of that', value: changed.peakRssMb, unit: 'MB', limit: 250 };

  const bare = await setting.script('edits.ts', 'bare', simulator.url, String(edited));
  const rate = edited / (bare.seconds ?? 1);
  yield {
    what: 'scenes a second by bare scenesUpdate of 300',
    value: rate,
    unit: '/s',
    limit: 1500,
    least: true,
  };
  await setting.stowage(['sync', ...from]);
  await setting.script('edits.ts', 'here', data, String(edited));
  const pushed = await setting.stowage(['sync', ...from]);
  const pushing = edited / (pushed.stages.source ?? 1);
  yield {
    what: `${edited.toLocaleString('en')} scenes pushed, in all`,
    value: pushed.seconds,
    unit: 's',
  };
  yield { what: 'pushed', value: pushing, unit: '/s' };
  yield { what: 'against bare', value: pushing / rate, unit: '×', limit: 0.8, least: true };
  yield { what: 'peak memory of that', value: pushed.peakRssMb, unit: 'MB', limit: 250 };
  await simulator.stop();
};
