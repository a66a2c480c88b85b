import { StowageError } from '../model/errors.ts';
import { type ClientOptions, StashClient } from './client.ts';
import { defaultPort, shown } from './http/address.ts';
import { ServerStatusDocument } from './types.ts';

const patience = 5000;

/**
 * Addresses on the same host at which a Stash answers: with the other scheme, Stash's own port, another path. Asked
 * without the key and the headers, which were meant for the address that was given.
 */
export async function stashesNear(
  base: URL,
  { ca, proxy }: ClientOptions,
  signal?: AbortSignal,
): Promise<string[]> {
  const late = AbortSignal.timeout(patience);
  const either = signal ? AbortSignal.any([signal, late]) : late;
  const found = await Promise.all(
    candidates(base).map(async (address) => {
      const client = new StashClient({
        address,
        ...(ca !== undefined && { ca }),
        ...(proxy !== undefined && { proxy }),
      });
      try {
        await client.request(ServerStatusDocument, {}, { signal: either });
        return [address];
      } catch (error) {
        signal?.throwIfAborted();
        // One that asks for a key is most likely a Stash.
        const asks = error instanceof StowageError && error.code === 'source.unauthorized';
        return asks ? [address] : [];
      } finally {
        await client.close();
      }
    }),
  );
  return found.flat();
}

function candidates(base: URL): string[] {
  const addresses = new Set<string>();
  for (const protocol of new Set([base.protocol, 'http:', 'https:'])) {
    for (const port of new Set([base.port, defaultPort])) {
      for (const pathname of new Set([base.pathname, '/', '/stash/'])) {
        addresses.add(shown(Object.assign(new URL(base), { protocol, port, pathname })));
      }
    }
  }
  addresses.delete(shown(base));
  return [...addresses];
}
