import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Fault, Trouble } from '../src/simulator/faults.ts';
import { ownLibrary } from './support/commands.ts';
import { meeting, type Road, roads, type StashOnDisk, stashOnDisk } from './support/faulty.ts';
import { shortenWaits } from './support/waits.ts';
import { wholeLibrary } from './support/wholeLibrary.ts';

shortenWaits();
let stored: StashOnDisk;
before(async () => {
  stored = await stashOnDisk();
});
after(() => stored.remove());

const status = (number: number, retryAfter?: number): Trouble => ({
  kind: 'status',
  status: number,
  ...(retryAfter !== undefined && { headers: { 'retry-after': String(retryAfter) } }),
});

/** The requests of each stage of reading. */
const stages: { [stage: string]: Pick<Fault, 'on' | 'nth'> & { via: Road } } = {
  'it connects': { via: 'graphql', on: 'ServerStatus' },
  'it asks for the schema': { via: 'graphql', on: 'IntrospectionQuery' },
  'the server makes a copy': { via: 'snapshot', on: 'backupDatabase' },
  // The first time only its beginning is looked at, which is too short for most of this.
  'the copy is downloaded': { via: 'snapshot', on: 'download', nth: 2 },
  'tables are read': { via: 'tables', on: 'querySQL', nth: 4 },
  'ids are listed': { via: 'graphql', on: /Ids$/, nth: 3 },
  'records are read': { via: 'graphql', on: 'Scenes' },
};

/** What may go wrong for good, and what the command then fails with; where a file comes, perhaps with something else. */
const lasting: { [name: string]: { trouble: Trouble; code: string; ofFile?: string | null } } = {
  '401': { trouble: status(401), code: 'source.unauthorized' },
  '403': { trouble: status(403), code: 'source.forbidden' },
  'a login page': { trouble: { kind: 'login' }, code: 'source.not-a-stash' },
  '413': { trouble: status(413), code: 'source.too-large' },
  '429': { trouble: status(429), code: 'source.throttled' },
  '429, come back in an hour': { trouble: status(429, 3600), code: 'source.throttled' },
  '502': { trouble: status(502), code: 'source.failed' },
  'a locked database': { trouble: { kind: 'locked' }, code: 'source.locked', ofFile: null },
  'no JSON': {
    trouble: { kind: 'garbage' },
    code: 'source.incomplete',
    ofFile: 'source.not-a-stash',
  },
  'a closed port': { trouble: { kind: 'refuse', ms: 30_000 }, code: 'source.unreachable' },
  'a reset': { trouble: { kind: 'reset', after: 20 }, code: 'source.incomplete' },
  'an end too soon': { trouble: { kind: 'truncate', after: 20 }, code: 'source.incomplete' },
};

for (const [stage, { via, ...when }] of Object.entries(stages)) {
  test(`a server that fails for good while ${stage} ends the command clearly, and harms nothing`, async (t) => {
    const stash = await stored.serve(t);
    const library = await ownLibrary(t);
    // Up to the records themselves, both commands go the same way.
    const commands = stage.endsWith('are read') ? ['migrate', 'verify'] : ['migrate'];
    for (const command of commands) {
      const run = () => library.stowage(command, '--from', stash.url, '--via', via);
      const held = await library.contents();
      const ends: { [name: string]: unknown } = {};
      const expected: { [name: string]: unknown } = {};
      for (const [name, { trouble, code, ofFile = code }] of Object.entries(lasting)) {
        const failure = when.on === 'download' ? ofFile : code;
        if (failure === null) continue;
        expected[name] = [1, failure];
        const { exitCode, error } = await meeting(stash, [{ ...trouble, ...when }], run);
        ends[name] = [exitCode, error?.code];
        assert.ok(error?.remedy, `${name}: what to do about ${error?.message}`);
      }
      assert.deepEqual(ends, expected, command);
      assert.deepEqual(await library.contents(), held);
      assert.equal((await run()).exitCode, 0);
    }
    assert.deepEqual(await wholeLibrary(library), await stored.whole(via));
  });
}

test('a server that falls silent is given up, and nothing is harmed', async (t) => {
  const stash = await stored.serve(t);
  const library = await ownLibrary(t);
  const held = await library.contents();
  for (const fault of [
    { kind: 'delay', ms: 200_000, on: 'IntrospectionQuery' },
    { kind: 'stall', after: 50_000, on: 'download' },
    { kind: 'stall', after: 20, on: 'Scenes' },
  ] as const) {
    const via = fault.on === 'download' ? 'snapshot' : 'graphql';
    const words = ['migrate', '--from', stash.url, '--via', via, '--timeout', '1'];
    const { exitCode, error } = await meeting(stash, [fault], () => library.stowage(...words));
    assert.deepEqual([exitCode, error?.code], [1, 'source.timeout'], fault.on);
    assert.match(error?.remedy ?? '', /--timeout/);
  }
  assert.deepEqual(await library.contents(), held);
});

/** What passes, two at a time: so that a request fails, and fails in another way when it is sent again. */
const passing: { [names: string]: readonly [Trouble, Trouble] } = {
  '429 and 503': [status(429, 1), status(503)],
  'a locked database and 500': [{ kind: 'locked' }, status(500)],
  'a reset and no JSON': [{ kind: 'reset', after: 30 }, { kind: 'garbage' }],
  'an end too soon and a closed port': [
    { kind: 'truncate', after: 30 },
    { kind: 'refuse', ms: 500 },
  ],
  'latency and silence': [
    { kind: 'stall', after: 30 },
    { kind: 'delay', ms: 90 },
  ],
};

for (const via of roads) {
  for (const [names, pair] of Object.entries(passing)) {
    test(`by ${via}, ${names} at every stage are survived`, async (t) => {
      const stash = await stored.serve(t);
      const library = await ownLibrary(t);
      const met = Object.values(stages).filter((stage) => stage.via === via);
      // A picture or a file that is no JSON is not sent again: nobody can tell that it is wrong in passing.
      const passes = (on: unknown, { kind }: Trouble) =>
        !(['garbage', 'locked'].includes(kind) && ['picture', 'download'].includes(`${on}`));
      const faults = [...met, { on: 'picture', nth: 5 }].flatMap(({ on, nth = 1 }) =>
        pair
          .filter((trouble) => passes(on, trouble))
          .map((trouble, i) => ({ ...trouble, on, nth: nth + i, times: 1 }) as Fault),
      );
      const run = (command: string) => () =>
        library.stowage(command, '--from', stash.url, '--via', via, '--timeout', '1');
      const migrated = await meeting(stash, faults, run('migrate'));
      assert.equal(migrated.exitCode, 0, migrated.error?.message);
      assert.deepEqual(await wholeLibrary(library), await stored.whole(via));
      if (names.includes('silence')) return; // once is long enough to wait
      // The tables tell what pictures there are; only through GraphQL each has to be looked at.
      const inVerify = faults.filter(({ on }) => via === 'graphql' || on !== 'picture');
      const verified = await meeting(stash, inVerify, run('verify'));
      assert.deepEqual([verified.exitCode, verified.summary.differences], [0, 0]);
    });
  }
}
