import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { start } from '../../../test/support/program.ts';

const sample = fileURLToPath(new URL('../../../test/support/sampleCommands.ts', import.meta.url));
const words = 'work --records 100 --pause 8';

/** util-linux's script(1) gives a program a terminal of its own. */
const atTerminal = (columns: number, env: { [name: string]: string } = {}) => {
  const command = `stty cols ${columns} rows 24; exec ${process.execPath} ${sample} ${words} --fail known`;
  return start('script', ['-qec', command, '/dev/null'], { env }).ended;
};
const esc = String.fromCharCode(27);

test('a terminal gets a bar for a stage, with rate and time left', async () => {
  const { stdout } = await atTerminal(120);
  assert.match(stdout, /scenes {2}█+░+ {2}\d+ of 100 · \d+\/s · \d\.\d s left/);
  assert.match(stdout, /scenes: stopped at 100 of 100/);
  assert.ok(stdout.includes(`${esc}[1m`), 'the error is emphasised');
  assert.ok(stdout.trimEnd().endsWith(`${esc}[?25h`), 'the cursor is shown again');
});

test('a narrow terminal gets the numbers without the bar, on one line', async () => {
  const { stdout } = await atTerminal(40);
  assert.match(stdout, /scenes {2}\d+ of 100 · \d+\/s · \d\.\d s left/);
  assert.doesNotMatch(stdout, /█/);
});

test('what is said breaks between words, an error too, but not for a program', async () => {
  const { stdout } = await atTerminal(24);
  assert.match(stdout, / The library is in\r?\nuse\.\r?\n {2}Wait for it\./);
  const { stdout: piped } = await start('script', [
    '-qec',
    `stty cols 24 rows 24; ${process.execPath} ${sample} work --data /tmp/a/folder/of/some/length | cat`,
    '/dev/null',
  ]).ended;
  assert.match(piped, /^worked in \/tmp\/a\/folder\/of\/some\/length\r?$/m);
});

test('NO_COLOR takes colours away', async () => {
  const { stdout } = await atTerminal(80, { NO_COLOR: '1' });
  assert.match(stdout, /error: The library is in use/);
  assert.ok(!stdout.includes(`${esc}[1m`) && !stdout.includes(`${esc}[31m`));
});

test('a file gets plain lines', async () => {
  const { stderr } = await start(sample, words.split(' ')).ended;
  assert.match(stderr, /^scenes: 100 in \d\.\d s\n/);
  assert.ok(!stderr.includes(esc));
});
