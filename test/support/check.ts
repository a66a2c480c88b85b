/** What a Stash serves held against what we export, by programs that are none of ours (../shared/check). */
import { execFile } from 'node:child_process';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { shared } from '../shared.ts';
import { temporaryFolder } from './pictures.ts';

const run = promisify(execFile);

/** Writes what a server serves into a file, the path of which is returned. */
export async function dump(
  t: TestContext,
  { url }: Pick<Simulator, 'url'>,
  apiKey?: string,
): Promise<string> {
  const out = path.join(await temporaryFolder(t), 'dump.json');
  await run(process.execPath, [shared('check/dump.mjs'), `${url}/graphql`, out], {
    env: { ...process.env, STASH_KEY: apiKey },
  });
  return out;
}

/** What differs between a dump and an export, a line each: `scenes 3.title: stash "a" library "b"`; order of ids, too. */
export async function differences(dumped: string, exported: string): Promise<string[]> {
  const words = [shared('check/compare.mjs'), dumped, exported];
  const env = { ...process.env, SHOW: '1000000' };
  const { stdout } = await run(process.execPath, words, { env, maxBuffer: 1 << 28 }).catch(
    (failed) => {
      if (failed.code !== 1 || failed.stderr) throw failed;
      return failed as { stdout: string };
    },
  );
  const lines = stdout.trimEnd().split('\n');
  const [, count] = /, (\d+) differences$/.exec(lines.pop() ?? '') ?? [];
  if (count !== String(lines.length)) throw new Error(`compare.mjs said: ${stdout}`);
  return lines;
}
