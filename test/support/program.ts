import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** How a program ended and what it wrote. */
interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Program {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** What it has written so far. */
  readonly written: { readonly stdout: string; readonly stderr: string };
  /** Resolves once it has written this on either stream. */
  wrote(text: string): Promise<void>;
}

export interface ProgramOptions {
  env?: { [name: string]: string | undefined };
  cwd?: string;
  /** In a process group of its own, to be killed as one. */
  group?: boolean;
}

/** The project's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Starts a TypeScript file of the project, or another program, with none of the person's own settings. */
export function start(
  file: string,
  words: readonly string[],
  options: ProgramOptions = {},
): Program {
  const own = /^(STOWAGE_.*|NODE_TEST.*|NO_COLOR|FORCE_COLOR|CI)$/;
  const inherited = Object.entries(process.env).filter(([name]) => !own.test(name));
  // The same sources over and over: with a cache a start takes half the time.
  const cache = path.join(root, 'node_modules/.cache/stowage-test');
  const env = { ...Object.fromEntries(inherited), TERM: 'xterm', NODE_COMPILE_CACHE: cache };
  const typescript = file.endsWith('.ts') || file.endsWith('.js');
  const child = spawn(typescript ? process.execPath : file, typescript ? [file, ...words] : words, {
    cwd: options.cwd ?? root,
    env: { ...env, ...options.env },
    detached: options.group ?? false,
  });
  const written = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
      for (const look of waiting) look();
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...written }));
  });
  const wrote = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (`${written.stdout}${written.stderr}`.includes(text)) resolve();
      };
      waiting.add(look);
      look();
      ended.then(
        () => reject(new Error(`It ended without writing ${text}: ${JSON.stringify(written)}`)),
        reject,
      );
    });
  return { child, ended, written, wrote };
}

/** The command line of this checkout. */
export const stowageProgram = path.join(root, 'bin/stowage.js');

/** Runs `stowage` until it ends. */
export const stowage = (words: readonly string[], options?: ProgramOptions): Promise<Ended> =>
  start(stowageProgram, words, options).ended;

/** The events of a command that ran with `--json`. */
export const eventsOf = (stdout: string): { event: string; [field: string]: unknown }[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
