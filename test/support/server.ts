import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPostmaster } from '../../src/library/embedded/postmaster.ts';
import { places, startEmbedded } from '../../src/library/embedded/server.ts';

/** Names the server that the tests of a run share: an address that may create databases. */
export const serverVariable = 'STOWAGE_TEST_SERVER';

interface TestServer {
  url: string;
  /** Ends all connections, and is back at the same address. */
  restart: () => Promise<void>;
  stop: () => Promise<void>;
}

/** An embedded server in a temporary place, which is gone with it. */
export async function startTestServer(): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'stowage-test-'));
  const server = await startEmbedded(folder);
  // The first one holds on to the server, and finds it again.
  const users = [server];
  return {
    url: server.url,
    restart: async () => {
      const { directory } = places(folder);
      process.kill((await readPostmaster(directory))?.pid as number, 'SIGINT'); // its quick way to end
      while (await readPostmaster(directory)) await sleep(10);
      users.push(await startEmbedded(folder));
    },
    stop: async () => {
      for (const user of users) await user.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
