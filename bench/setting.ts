import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { generate } from '../src/simulator/generate.ts';
import { pssMb } from './memory.ts';

const root = path.join(import.meta.dirname, '..');

/** What `stowage … --json` says in its last line. */
export interface Summary {
  ok: boolean;
  seconds: number;
  stages: { [stage: string]: number };
  peakRssMb: number;
  /** Of a sync. */
  changes?: readonly { action: string; count: number }[];
}

/**
 * What a benchmark of whole commands works with: a folder, a generated library in it, a simulator in a process of its
 * own, and commands in theirs. All of it is gone with it.
 */
export class Setting implements AsyncDisposable {
  readonly folder: string;
  readonly #running = new Set<ChildProcess>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Setting> {
    return new Setting(await mkdtemp(path.join(tmpdir(), 'stowage-bench-')));
  }

  /** A generated library without pictures, as a Stash database file. */
  library(scenes: number, images: number): string {
    const file = path.join(this.folder, `${scenes}-${images}.sqlite`);
    // Two benchmarks of a setting may be of one size, in a short run.
    if (!existsSync(file)) generate(file, { scenes, images, seed: 1, pictures: 'none' });
    return file;
  }

  /** Starts a simulator on a database; returns its address, and what stops it. */
  async simulator(
    database: string,
    ...words: string[]
  ): Promise<{ url: string; stop: () => Promise<void> }> {
    const child = this.#spawn(['src/simulator/main.ts', database, ...words], 'pipe');
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const { value } = await lines[Symbol.asyncIterator]().next();
    return { url: JSON.parse(value ?? '').url, stop: () => this.#stop(child) };
  }

  /** A data directory's path. */
  data(name: string): string {
    return path.join(this.folder, name);
  }

  /** Runs a command to its end; `watch` is called four times a second with the memory of all its processes. */
  async stowage(words: string[], watch?: (pss: number) => void): Promise<Summary> {
    const child = this.#spawn(['bin/stowage.js', ...words, '--json'], 'pipe');
    const data = words[words.indexOf('--data') + 1];
    const timer = watch && setInterval(() => watch(pssMb(child.pid as number, data)), 250);
    let summary: Summary | undefined;
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      const event = JSON.parse(line);
      if (event.event === 'summary') summary = event;
    }
    clearInterval(timer);
    if (!summary?.ok) throw new Error(`stowage ${words[0]} did not succeed`);
    return summary;
  }

  /** Runs a file of this folder; what it prints is JSON. */
  async script(file: string, ...words: string[]): Promise<{ [name: string]: number }> {
    const child = this.#spawn([path.join('bench', file), ...words], 'pipe');
    let text = '';
    for await (const chunk of child.stdout as NodeJS.ReadableStream) text += chunk;
    return JSON.parse(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map((child) => this.#stop(child)));
    await rm(this.folder, { recursive: true, force: true });
  }

  #spawn(words: string[], stdout: 'pipe'): ChildProcess {
    const child = spawn(process.execPath, words, {
      cwd: root,
      stdio: ['ignore', stdout, 'ignore'],
    });
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    return child;
  }

  async #stop(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
  }
}
