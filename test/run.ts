/**
 * `npm test`: every test file of the project, or those whose path contains one of the words given. The tests that
 * use PostgreSQL run on the embedded one, and once more on that of STOWAGE_TEST_DATABASE_URL where it is set.
 */
import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { serverVariable, startTestServer } from './support/server.ts';

const root = path.join(import.meta.dirname, '..');
const words = process.argv.slice(2);
const environment = { ...process.env };
const failures: string[] = [];

const files: string[] = [];
for await (const file of glob('{src,test,bench,scripts}/**/*.test.ts', { cwd: root })) {
  if (words.length === 0 || words.some((word) => file.includes(word))) files.push(file);
}
files.sort();
const onPostgres: string[] = [];
for (const file of files) {
  const source = await readFile(path.join(root, file), 'utf8');
  if (/support\/(changing|database|filled|inStep|threeSides)\.ts/.test(source))
    onPostgres.push(file);
}

// Interrupted, the run still stops the server that it started.
const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort());

const embedded = onPostgres.length > 0 ? await startTestServer() : undefined;
try {
  await runFiles('everything, on the embedded PostgreSQL', files, embedded?.url);
} finally {
  await embedded?.stop();
}
const other = environment.STOWAGE_TEST_DATABASE_URL;
if (other && onPostgres.length > 0) {
  await runFiles('what uses PostgreSQL, on that of STOWAGE_TEST_DATABASE_URL', onPostgres, other);
}
for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;

async function runFiles(title: string, chosen: string[], server: string | undefined) {
  console.log(`\n${title}`);
  if (chosen.length === 0) {
    failures.push('There is no such test file.');
    return;
  }
  const skipped: string[] = [];
  const tests = run({
    files: chosen.map((file) => path.join(root, file)),
    cwd: root,
    concurrency: 2,
    signal: interruption.signal,
    env: { ...environment, ...(server !== undefined && { [serverVariable]: server }) },
  });
  tests.on('test:pass', ({ name, skip }) => {
    if (skip !== undefined) skipped.push(`${name}: ${skip}`);
  });
  tests.on('test:summary', ({ file, counts, success }) => {
    if (file !== undefined) return; // one file's; the last one is of all
    if (!success) failures.push(`There are failures: ${title}.`);
    if (counts.passed === 0) failures.push(`No test ran: ${title}.`);
  });
  for await (const text of tests.compose(new spec())) process.stdout.write(text);
  // CI has everything that a test may need: there a skipped test is one that nobody noticed.
  if (environment.CI) failures.push(...skipped.map((test) => `Skipped in CI: ${test}`));
}
