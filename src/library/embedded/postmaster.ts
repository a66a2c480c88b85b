import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { socketPort } from './settings.ts';

/** What a running server writes about itself into `postmaster.pid`, a line each. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** The address it listens on; null where there is only the socket, in the data directory itself. */
  readonly address: string | null;
  /** Whether it takes connections: not while it starts, recovers or stops. */
  readonly ready: boolean;
}

export async function readPostmaster(directory: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(directory, 'postmaster.pid'), 'utf8').catch(() => '');
  const [pid = '', , , port = '', , address = '', , status = ''] = text.split('\n');
  if (!/^[1-9]\d*$/.test(pid)) return undefined;
  return {
    pid: Number(pid),
    port: Number(port),
    address: address.trim() || null,
    ready: status.trim() === 'ready',
  };
}

/**
 * The server of this directory, if its process is there. PostgreSQL itself only asks whether any process has the
 * number, and so takes a zombie, or after a restart of a container whatever now has it, for a server.
 */
export async function runningPostmaster(directory: string): Promise<Postmaster | undefined> {
  const written = await readPostmaster(directory);
  return written && (await worksIn(directory, written.pid)) ? written : undefined;
}

async function worksIn(directory: string, pid: number): Promise<boolean> {
  if (process.platform === 'linux') {
    try {
      const [place, works] = await Promise.all([stat(directory), stat(`/proc/${pid}/cwd`)]);
      return place.dev === works.dev && place.ino === works.ino;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false; // gone, or a zombie
    }
  }
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/**
 * Removes what a dead server left behind, which PostgreSQL would take for a living one's. Only for who holds the lock
 * and has seen that it does not run. Where there is no `postmaster.pid` nothing is touched: a server whose starter was
 * killed may be about to write it.
 */
export async function clearRemains(directory: string): Promise<void> {
  const file = join(directory, 'postmaster.pid');
  const written = await stat(file).catch(() => undefined);
  if (written === undefined) return;
  // Empty, it was being written: a moment ago, or when the power failed.
  if (written.size === 0 && Date.now() - written.mtimeMs < 2000) return;
  const socket = join(directory, `.s.PGSQL.${socketPort}`);
  for (const path of [socket, `${socket}.lock`, file]) await rm(path, { force: true });
}

/**
 * Stops the server of this directory, if one runs here: open transactions are rolled back, and everything is on disk
 * when this returns.
 */
export async function shutDown(directory: string): Promise<void> {
  const server = await runningPostmaster(directory);
  if (server === undefined) return;
  process.kill(server.pid, 'SIGINT'); // what PostgreSQL calls a fast shutdown
  while (await worksIn(directory, server.pid)) await sleep(10);
}
