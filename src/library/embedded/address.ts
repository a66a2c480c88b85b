import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A name of a directory that is short enough for a socket inside it. */
export interface ShortPath {
  readonly path: string;
  remove(): Promise<void>;
}

/** A socket's path may take 107 bytes on Linux and 103 on macOS; `/.s.PGSQL.5432.lock` follows. */
const longest = 80;

export async function shortPath(directory: string): Promise<ShortPath> {
  if (Buffer.byteLength(directory) <= longest) return { path: directory, remove: async () => {} };
  // A folder that nobody else can enter: at a name known beforehand in /tmp, another user could lay their own.
  const folder = await mkdtemp(join(tmpdir(), 'stowage-'));
  const path = join(folder, 'd');
  await symlink(directory, path);
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Whether a socket can be made in a directory: not on every file system, and not for Node on Windows. */
export async function canHoldSocket(directory: string): Promise<boolean> {
  if (process.platform === 'win32') return false;
  const short = await shortPath(directory);
  const server = createServer();
  try {
    await rm(join(directory, 'probe'), { force: true }); // of one who was killed here
    server.listen(join(short.path, 'probe'));
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
    await short.remove();
  }
}

/** A port of the loopback address that nothing listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
