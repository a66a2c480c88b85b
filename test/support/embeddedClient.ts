/**
 * A process that uses an embedded server until its input ends: `{ dataDir, uid?, gid?, tcp?, binaries? }` as its only
 * argument. It tells the address on its output, and with `uid` becomes that user first.
 */
import { startEmbedded } from '../../src/library/embedded/server.ts';

const { dataDir, uid, gid, ...options } = JSON.parse(process.argv[2] as string);
if (uid !== undefined) {
  process.setgroups?.([gid]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}
const server = await startEmbedded(dataDir, options);
process.stdout.write(`ready ${server.url}\n`);
process.stdin.resume().on('end', () => server.stop());
