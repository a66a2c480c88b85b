import type { StashServer } from '../server.ts';
import { BackUpThereDocument } from '../types.ts';

/** Copying a large database takes a server minutes. */
const patience = 600_000;

/** Has the server put a copy of its database among its own backups. */
export async function backUpThere(server: StashServer, signal: AbortSignal): Promise<void> {
  await server.request(BackUpThereDocument, {}, { signal, timeout: patience });
}
