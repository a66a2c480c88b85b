import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventsOf, type ProgramOptions, start } from '../../test/support/program.ts';

const sample = fileURLToPath(new URL('../../test/support/sampleCommands.ts', import.meta.url));
const last = (events: ReturnType<typeof eventsOf>) => events.at(-1) ?? { event: 'none' };
const call = (words: string, options?: ProgramOptions) =>
  start(sample, words.split(' '), options).ended;

test('what a person asked for is on standard output, what happened meanwhile on the other', async () => {
  const { code, stdout, stderr } = await call('work --data /tmp/x');
  assert.equal(code, 0);
  assert.equal(stdout, 'worked in /tmp/x\n');
  assert.match(stderr, /^scenes: 10 in 0\.\d s\na remark\n$/);
});

test('--quiet leaves only what went wrong', async () => {
  const fine = await call('work --quiet');
  assert.deepEqual([fine.code, fine.stdout, fine.stderr], [0, '', '']);
  const troubled = await call('work --quiet --troubles 1');
  assert.equal(troubled.code, 3);
  assert.equal(troubled.stderr, 'scene 1, title: too hard\nsome titles are too hard\n');
});

test('--json writes events, the last one the summary', async () => {
  const { code, stdout, stderr } = await call('work --json --records 30 --troubles 1 --pause 40');
  assert.equal(code, 3);
  const events = eventsOf(stdout);
  assert.deepEqual(events[0], {
    event: 'stage',
    stage: 'scenes',
    state: 'started',
    unit: 'records',
    total: 30,
  });
  assert.ok(events.some(({ event, done, total }) => event === 'progress' && done && total === 30));
  assert.ok(
    events.some(({ event, kind, id }) => event === 'trouble' && kind === 'scene' && id === 1),
  );
  const { seconds, stages, peakRssMb, ...summary } = last(events);
  assert.deepEqual(summary, {
    event: 'summary',
    command: 'work',
    ok: false,
    exitCode: 3,
    counts: { scene: 30 },
  });
  assert.ok(Number(seconds) > 1.1 && Number((stages as { scenes: number }).scenes) > 1.1);
  assert.ok(Number(peakRssMb) > 20 && Number(peakRssMb) < 400);
  assert.match(stderr, /a remark\nworked in/);
});

test('an error says what happened and what to do, and exits with 1', async () => {
  const person = await call('work --fail known');
  assert.equal(person.code, 1);
  assert.match(
    person.stderr,
    /scenes: stopped at 10 of 10\nerror: The library is in use\.\n {2}Wait for it\.\n$/,
  );
  const machine = await call('work --fail known --json');
  assert.equal(machine.code, 1);
  const [error, summary] = eventsOf(machine.stdout).slice(-2);
  assert.deepEqual(error, {
    event: 'error',
    code: 'library.busy',
    message: 'The library is in use.',
    remedy: 'Wait for it.',
  });
  assert.deepEqual([summary?.event, summary?.ok, summary?.exitCode], ['summary', false, 1]);
});

test('a stack is shown only to who asks for it, and without secrets', async () => {
  const calm = await call('work --fail unknown');
  assert.equal(calm.code, 1);
  assert.match(calm.stderr, /error: Something unforeseen happened: x is not y\n.*STOWAGE_DEBUG=1/);
  assert.doesNotMatch(calm.stderr, / at .*\.ts/);
  const env = { STOWAGE_DEBUG: '1', STOWAGE_API_KEY: 'sampleCommands' };
  const { stderr } = await call('work --fail unknown', { env });
  assert.match(stderr, / at .*\*\*\*\.ts/);
  assert.doesNotMatch(stderr, /sampleCommands/);
});

test('an error that nobody waited for ends the command like any other', async () => {
  const { code, stdout } = await call('work --fail later --json');
  assert.equal(code, 1);
  const [error, summary] = eventsOf(stdout).slice(-2);
  assert.deepEqual([error?.code, summary?.ok], ['internal', false]);
});

test('a full disk is called that', async () => {
  const { code, stderr } = await call('work --fail full');
  assert.equal(code, 1);
  assert.match(stderr, /error: The disk is full\.\n {2}Make room/);
});

test('wrong words exit with 2, a clear line, and what may have been meant', async () => {
  const said: { [words: string]: RegExp } = {
    'work --recrods 3':
      /^error: Unknown option '--recrods'\n {2}Did you mean --records\? `stowage work --help`/,
    wrok: /^error: Unknown command 'wrok'\n {2}Did you mean work\? `stowage --help`/,
    'work --records': /^error: Option '--records <n>' argument missing/,
    'work --records many': /'many' is invalid\. It is to be a whole number, 1 or more/,
    'work --database mysql://x': /^error: The database is not given as the URL of a PostgreSQL/,
    'questions answer 1 --tak x':
      /^error: Unknown option '--tak'\n {2}Did you mean --take\? `stowage questions answer --help`/,
    'questions --take=x 1':
      /^error: Unknown option '--take'\n {2}Did you mean `stowage questions answer`\?/,
    'questions anwser 1':
      /^error: Too many arguments for 'list'\.\n {2}`stowage questions list --help`/,
    'questions answr 1':
      /^error: Too many arguments for 'list'\.\n {2}Did you mean `stowage questions answer`\?/,
    tell: /^error: Required option '--from <address>' not specified/,
    'tell --from http://h --timeout 0': /whole number, 1 or more/,
    'tell --from http://h --cert x.pem': /^error: A file cannot be read: ENOENT\. \(x\.pem\)/,
    'tell --from http://h --header nonsense': /^error: A --header is not of the form/,
  };
  for (const [words, expected] of Object.entries(said)) {
    const { code, stdout, stderr } = await call(words);
    assert.equal(code, 2, words);
    assert.equal(stdout, '');
    assert.match(stderr, expected);
  }
  const machine = eventsOf((await call('work --nonsense --json')).stdout);
  assert.deepEqual(
    machine.map(({ event, code, ok }) => [event, code, ok]),
    [
      ['error', 'usage', undefined],
      ['summary', undefined, false],
    ],
  );
});

test('no command at all is wrong usage, and shows the help', async () => {
  const { code, stderr } = await start(sample, []).ended;
  assert.equal(code, 2);
  assert.match(stderr, /Usage: stowage .*\n[\s\S]*work +Works through some records\n/);
});

test('help is help, in each of its spellings, and loads no other command', async () => {
  assert.match((await call('--help')).stdout, /broken +Is not to be loaded/);
  for (const words of ['work --help', 'help work', 'work -h']) {
    const { code, stdout } = await call(words);
    assert.equal(code, 0);
    assert.match(stdout, /Usage: stowage work[\s\S]*--records <n>[\s\S]*--json/);
  }
});

test('settings come from the environment, and a flag wins', async () => {
  const env = { STOWAGE_DATA: '/tmp/from-environment' };
  assert.match((await call('work', { env })).stdout, /in \/tmp\/from-environment$/m);
  assert.match((await call('work --data /tmp/flag', { env })).stdout, /in \/tmp\/flag$/m);
  const xdg = { STOWAGE_DATA: '', XDG_DATA_HOME: '/tmp/xdg' };
  assert.match((await call('work', { env: xdg })).stdout, /in \/tmp\/xdg\/stowage$/m);
  const home = { XDG_DATA_HOME: 'not/absolute', HOME: '/tmp/home' };
  assert.match(
    (await call('work', { env: home })).stdout,
    /in \/tmp\/home\/\.local\/share\/stowage$/m,
  );
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} ends the work cleanly and says where it stopped`, async () => {
    const program = start(sample, ['work', '--records', '3000', '--pause', '5', '--json']);
    await program.wrote('"progress"');
    program.child.kill(signal);
    const { code, stdout } = await program.ended;
    assert.equal(code, 130);
    const [stage, error, summary] = eventsOf(stdout).slice(-3);
    assert.equal(stage?.state, 'stopped');
    assert.equal(error?.code, 'interrupted');
    assert.match(String(error?.message), /^Stopped, scenes at \d+ of 3,000\.$/);
    assert.deepEqual([summary?.ok, summary?.exitCode], [false, 130]);
  });
}

test('a second interruption ends what does not listen to the first', async () => {
  const program = start(sample, ['deaf']);
  await program.wrote('working');
  program.child.kill('SIGINT');
  program.child.kill('SIGINT'); // as `npx` passes on what the terminal has sent already: not a second one
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.equal(program.child.exitCode, null);
  program.child.kill('SIGINT');
  assert.equal((await program.ended).code, 130);
});

test('work goes on when nobody listens any more', async () => {
  const program = start(sample, ['work', '--records', '200', '--pause', '5', '--json']);
  await program.wrote('"started"');
  program.child.stdout.destroy();
  const { code, stderr } = await program.ended;
  assert.equal(code, 0);
  assert.match(stderr, /worked in/);
  assert.doesNotMatch(stderr, /EPIPE/);
});

test('at most twenty troubles are listed for a person, and all for a machine', async () => {
  const { stderr } = await call('work --records 50 --troubles 30');
  assert.equal(stderr.match(/title: too hard/g)?.length, 20);
  assert.match(stderr, /… and 10 more: --json lists them all\.\n$/);
  const { stdout } = await call('work --records 50 --troubles 30 --json');
  assert.equal(eventsOf(stdout).filter(({ event }) => event === 'trouble').length, 30);
});
