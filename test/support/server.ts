import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '../../src/library/embedded/server.ts';

/** Names the server that the tests of a run share: an address that may create databases. */
export const serverVariable = 'STOWAGE_TEST_SERVER';

/** An embedded server in a temporary place, which is gone with it. */
export async function startTestServer(): Promise<{ url: string; stop: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'stowage-test-'));
  const server = await startEmbedded(folder);
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
