import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Asks the person at the terminal for something that is not to be seen there. */
export async function promptSecret(question: string, signal: AbortSignal): Promise<string> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: process.stdin, output: unseen, terminal: true });
  // Reading key by key, the terminal sends no signal for Ctrl-C.
  prompt.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  process.stderr.write(question);
  try {
    return (await prompt.question('', { signal })).trim();
  } finally {
    prompt.close();
    process.stderr.write('\n');
  }
}
