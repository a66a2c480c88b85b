import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { generate } from '../src/simulator/generate.ts';
import { startSimulator } from '../src/simulator/simulator.ts';
import { testDatabase } from './support/database.ts';
import { temporaryFolder } from './support/pictures.ts';

const run = promisify(execFile);
const root = path.join(import.meta.dirname, '..');
const program = path.join(root, 'bin/stowage.js');

/** What happens in Stash, in the guide's words. */
const inStash: [RegExp, (...found: string[]) => string][] = [
  [
    /^scene (\d+) is named “(.*)”$/,
    (id, title) => `sceneUpdate(input:{id:${id},title:"${title}"}){id}`,
  ],
  [/^tag (\d+) is deleted$/, (id) => `tagDestroy(input:{id:${id}})`],
];

/** A line of a block: something that is done, and what a person reads then. */
interface Step {
  does: string;
  reads: string[];
}

test('the guide’s examples do what it says, one after the other', async (t) => {
  const folder = await temporaryFolder(t);
  const database = path.join(folder, 'stash.sqlite');
  generate(database, { scenes: 40, images: 40 });
  const simulator = await startSimulator({ database });
  t.after(() => simulator.close());
  const environment = {
    ...process.env,
    STOWAGE_DATA: path.join(folder, 'data'),
    STOWAGE_DATABASE_URL: await testDatabase(t),
  };
  const steps = stepsOf(await readFile(path.join(root, 'docs/guide.md'), 'utf8'));
  assert.ok(steps.length > 20);
  for (const { does, reads } of steps) {
    if (does.startsWith('# in Stash: ')) {
      await change(simulator.url, does.slice('# in Stash: '.length));
      continue;
    }
    const words = wordsOf(does.replaceAll('http://127.0.0.1:9999', simulator.url));
    const { stdout, stderr } = await run(process.execPath, [program, ...words], {
      cwd: folder,
      env: environment,
    }).catch((failed) => failed);
    const read = withoutStages(`${stdout}${stderr}`);
    assert.match(read, asPattern(reads), `${does}\nsays\n${read}`);
  }
});

/** All that the guide's `console` blocks do, in their order. */
function stepsOf(guide: string): Step[] {
  const steps: Step[] = [];
  for (const [, block = ''] of guide.matchAll(/^```console\n(.*?)^```/gms)) {
    for (const line of block.trimEnd().split('\n')) {
      if (/^[$#] /.test(line)) steps.push({ does: line.replace(/^\$ stowage /, ''), reads: [] });
      else steps.at(-1)?.reads.push(line);
    }
  }
  return steps;
}

const wordsOf = (command: string): string[] =>
  [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

/** Stages tell how far they are and how long they took, which is another each time. */
const withoutStages = (text: string): string =>
  text
    .replace(/^(?:(?:[a-z]+: .* s(?: left)?)|(?:[a-z]+: \d.* of .*)|(?:Read from .*))\n?/gm, '')
    .trimEnd();

/** `…` on a line of its own stands for any lines. */
const asPattern = (lines: readonly string[]): RegExp =>
  new RegExp(
    `^${lines.map((line) => (line === '…' ? '[^]*' : line.split('…').map(escaped).join('.*'))).join('\\n')}$`,
  );

async function change(url: string, words: string): Promise<void> {
  for (const [pattern, mutation] of inStash) {
    const found = pattern.exec(words);
    if (!found) continue;
    const answer = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: `mutation{${mutation(...found.slice(1))}}` }),
    });
    const { errors } = (await answer.json()) as { errors?: unknown };
    assert.equal(errors, undefined, words);
    return;
  }
  assert.fail(`nobody knows how to do this: ${words}`);
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
