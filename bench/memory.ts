import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * The memory of a process and, where it keeps an embedded PostgreSQL, of that one's processes, in MB: the sum of
 * their proportional set sizes, which counts a page that several share once. Linux only.
 */
export function pssMb(pid: number, dataDirectory?: string): number {
  const pids = [pid, ...(dataDirectory ? postgresOf(dataDirectory) : [])];
  return pids.reduce((sum, each) => sum + pssOf(each), 0) / 1024;
}

function pssOf(pid: number): number {
  const rollup = read(`/proc/${pid}/smaps_rollup`);
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0);
}

/** The postmaster and its children. */
function postgresOf(dataDirectory: string): number[] {
  const folder = safely(() => readdirSync(dataDirectory), []).find((name) =>
    /^postgres-\d+$/.test(name),
  );
  const postmaster = Number.parseInt(
    read(path.join(dataDirectory, folder ?? '', 'postmaster.pid')),
    10,
  );
  if (!postmaster) return [];
  const children = safely(() => readdirSync('/proc'), []).filter(
    (name) => /^\d+$/.test(name) && parentOf(name) === postmaster,
  );
  return [postmaster, ...children.map(Number)];
}

const parentOf = (pid: string): number =>
  Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);

/** Processes come and go while they are looked at. */
const read = (file: string): string => safely(() => readFileSync(file, 'utf8'), '');

function safely<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
