import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, rename, stat } from 'node:fs/promises';
import { StowageError } from '../../model/errors.ts';
import type { Account } from './account.ts';

/** One of PostgreSQL's programs, at work in a directory. */
export interface Task {
  readonly command: string;
  /** Its arguments, given the name that it can open the directory by. */
  readonly args: (directory: string) => readonly string[];
  readonly directory: string;
  readonly account: Account | undefined;
  /** The file that its output is appended to. A pipe would break with us, and take the server along. */
  readonly log: string;
}

export interface RunningTask {
  readonly child: ChildProcess;
  /** The error that tells why it failed, from what it wrote. */
  failure(): Promise<StowageError>;
}

/**
 * Starts it in a session of its own, so that Ctrl-C in a terminal reaches only us. A less privileged account may not
 * be able to walk to the directory, below `/root` for example; a descriptor opened by root takes it straight there.
 */
export async function start(task: Task): Promise<RunningTask> {
  const { command, directory, account } = task;
  await keepSmall(task.log);
  const output = await open(task.log, 'a', 0o600);
  const door =
    account !== undefined && process.platform === 'linux' ? await open(directory) : undefined;
  try {
    const began = (await output.stat()).size;
    const child = spawn(command, task.args(door ? '/proc/self/fd/3' : directory), {
      ...account,
      cwd: '/',
      env: { LC_ALL: 'C' },
      detached: true,
      stdio: ['ignore', output.fd, output.fd, ...(door ? [door.fd] : [])],
    });
    await once(child, 'spawn');
    return { child, failure: async () => explain(await writtenSince(task.log, began), task.log) };
  } catch (cause) {
    throw new StowageError(
      'library.embedded',
      `${command} cannot be run: ${(cause as Error).message}`,
      {
        remedy: 'Name a PostgreSQL with --database, if this system cannot run the bundled one.',
        cause,
      },
    );
  } finally {
    await door?.close();
    await output.close();
  }
}

/** What a program wrote last, as an error: by what it says where we know better advice than to read it. */
function explain(written: string, log: string): StowageError {
  const lines = written.trim().split('\n').slice(-8).join('\n');
  const known = advice.find(({ says }) => says.test(lines));
  return new StowageError(
    known?.code ?? 'library.embedded',
    `PostgreSQL did not start:\n${lines}`,
    {
      item: log,
      remedy:
        known?.remedy ??
        `Its log, ${log}, tells more. With --database another PostgreSQL can be used.`,
    },
  );
}

const advice = [
  {
    says: /No space left on device|Disk quota exceeded|wrote only \d+ of \d+ bytes/,
    code: 'disk.full',
    remedy: 'Make room where the data directory lies, or choose another with --data.',
  },
  {
    says: /could not look up effective user ID/,
    code: 'library.embedded',
    remedy:
      'PostgreSQL needs a user that is listed in /etc/passwd; run Stowage as one (or as root).',
  },
] as const;

async function writtenSince(path: string, offset: number): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size - offset, 16_384));
    await file.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString();
  } finally {
    await file.close();
  }
}

/** A log of a megabyte makes room for a new one; the one before it is kept. */
async function keepSmall(path: string): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > 1_000_000) await rename(path, `${path}.old`);
}
