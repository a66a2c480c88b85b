/** A library as a whole: what it holds, byte for byte, and what was left lying about beside it. */
import { hash } from 'node:crypto';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openLibrary } from '../../src/library/open.ts';
import { call } from './commands.ts';

/** Where a library is: its data directory, and its database where that is not below it. */
export interface Place {
  data: string;
  url?: string | undefined;
}

/** The place as words of a command line. */
export const at = ({ data, url }: Place): string[] => [
  ...['--data', data],
  ...(url === undefined ? [] : ['--database', url]),
];

/** The MD5 of each file that it is exported as, and the pictures that it lists and that its store holds. */
export async function wholeLibrary(place: Place): Promise<{ [name: string]: unknown }> {
  const out = await mkdtemp(path.join(tmpdir(), 'stowage-export-'));
  try {
    const { exitCode, error } = await call('export', ...at(place), '--as', 'main', '--out', out);
    if (exitCode !== 0) throw error;
    const exported: { [file: string]: string } = {};
    for (const file of (await readdir(out)).sort()) {
      exported[file] = hash('md5', await readFile(path.join(out, file)));
    }
    return {
      ...exported,
      listed: await listedPictures(place),
      stored: await storedPictures(place),
    };
  } finally {
    await rm(out, { recursive: true });
  }
}

async function listedPictures({ data, url }: Place): Promise<unknown[]> {
  const library = await openLibrary({ dataDir: data, databaseUrl: url });
  try {
    const { rows } = await library.pool.query('SELECT md5, size FROM qar.pictures ORDER BY md5');
    return rows.map((row) => Object.values(row).join(' '));
  } finally {
    await library.close();
  }
}

/** Their names; of each it is made sure that the bytes are what it says. */
export async function storedPictures({ data }: Place): Promise<string[]> {
  const names: string[] = [];
  for (const file of await filesBelow(path.join(data, 'pictures'))) {
    const name = path.basename(file);
    if (name === 'token') continue;
    if (hash('md5', await readFile(file)) !== name) throw new Error(`${file} is not whole`);
    names.push(name);
  }
  return names.sort();
}

/** What no command may leave behind once it has ended well: half-written files, and processes. */
export async function leftovers({ data }: Place, temporary: string): Promise<string[]> {
  const half = /\.new-|\.part$/;
  return [
    ...(await filesBelow(path.join(data, 'temporary'))),
    ...(await filesBelow(path.join(data, 'pictures', 'incoming'))),
    ...(await filesBelow(temporary)),
    ...(await readdir(data).catch(() => [])).filter((name) => half.test(name)),
    ...(await processesIn(data)).map((pid) => `process ${pid}`),
  ];
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** The processes at work below a folder, as Linux lists them: a PostgreSQL works in its data directory. */
async function processesIn(folder: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc').catch(() => [])).map(Number).filter(Boolean)) {
    const place = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (place.startsWith(`${folder}/`)) found.push(pid);
  }
  return found;
}
