import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Trouble } from '../src/simulator/faults.ts';
import { ownLibrary } from './support/commands.ts';
import { meeting, type StashOnDisk, stashOnDisk } from './support/faulty.ts';
import { shortenWaits } from './support/waits.ts';
import { wholeLibrary } from './support/wholeLibrary.ts';

shortenWaits();
let stored: StashOnDisk;
before(async () => {
  stored = await stashOnDisk();
});
after(() => stored.remove());

const status = (number: number): Trouble => ({ kind: 'status', status: number });

/** What may go wrong with pictures for good: the failure, or undefined where each is told of by itself. */
const lasting: { [name: string]: { trouble: Trouble; code: string | undefined } } = {
  '401': { trouble: status(401), code: 'source.unauthorized' },
  '403': { trouble: status(403), code: 'source.forbidden' },
  '404': { trouble: status(404), code: undefined },
  'a login page': { trouble: { kind: 'login' }, code: 'source.not-a-stash' },
  '429': { trouble: status(429), code: 'source.throttled' },
  '502': { trouble: status(502), code: 'source.failed' },
  'a closed port': { trouble: { kind: 'refuse', ms: 30_000 }, code: 'source.unreachable' },
  'a reset': { trouble: { kind: 'reset', after: 20 }, code: 'source.incomplete' },
  'an end too soon': { trouble: { kind: 'truncate', after: 20 }, code: 'source.incomplete' },
};

/** By the tables each is known by its checksum; of GraphQL, only what says that it is an image is taken for one. */
const otherBytes: Trouble = { kind: 'garbage' };
const notTaken = { snapshot: undefined, graphql: 'source.not-a-stash' };

for (const via of ['snapshot', 'graphql'] as const) {
  test(`where no picture can be had, a migration by ${via} brings the rest, and pictures later`, async (t) => {
    const stash = await stored.serve(t);
    const library = await ownLibrary(t);
    const run = () => library.stowage('migrate', '--from', stash.url, '--via', via);
    const ends: { [name: string]: unknown } = {};
    const expected: { [name: string]: unknown } = {};
    const all = { ...lasting, 'other bytes': { trouble: otherBytes, code: notTaken[via] } };
    for (const [name, { trouble, code }] of Object.entries(all)) {
      const { exitCode, error, troubles } = await meeting(
        stash,
        [{ ...trouble, on: 'picture' }],
        run,
      );
      ends[name] = [exitCode, error?.code];
      expected[name] = code === undefined ? [3, undefined] : [1, code];
      assert.ok(error || troubles.length > 20, `${name}: each is told`);
    }
    assert.deepEqual(ends, expected);
    const [held] = await library.query('SELECT count(*)::int AS pictures FROM qar.pictures');
    assert.deepEqual(held, { pictures: 0 });
    assert.equal((await run()).exitCode, 0);
    assert.deepEqual(await wholeLibrary(library), await stored.whole(via));
  });
}
