import { StowageError } from '../../model/errors.ts';
import type { CallOptions, StashClient } from '../client.ts';
import type { StashServer } from '../server.ts';
import { BackupDatabaseDocument } from '../types.ts';

/** Made by VACUUM INTO: 1.4 s for 236 MB, and the server says nothing meanwhile. */
const patience = 3_600_000;

/** Lets a server make a copy of its database, and finds out where below our base it can be had. */
export async function offeredCopy(
  server: StashServer,
  { signal }: CallOptions = {},
): Promise<string> {
  const { client } = server;
  const options = { signal, timeout: patience, repeatable: true };
  const { backupDatabase } = await server.request(BackupDatabaseDocument, {}, options);
  if (!backupDatabase) {
    throw new StowageError('source.refused', 'Stash made no copy of its database.', {
      item: client.base.origin,
      remedy: 'Look at the server’s log. Or read it otherwise: --via tables.',
    });
  }
  for (const place of placesOf(backupDatabase)) {
    if (await isDatabase(client, place, signal)) return place;
  }
  throw notThere(client);
}

/**
 * Where the copy may be. Each address that a Stash gives begins with the `external_host` of its settings, its path
 * included, though we may have come in by another: then only the end of it is right.
 */
function placesOf(address: string): string[] {
  const { pathname, search } = new URL(address, 'http://stash.invalid/');
  const own = /\/downloads\/.*$/.exec(pathname)?.[0];
  return [...new Set([address, ...(own === undefined ? [] : [`${own}${search}`])])];
}

const header = 'SQLite format 3\0';

/** Whether a place has a database, and no web page: looks at its first bytes, and leaves the rest. */
async function isDatabase(
  client: StashClient,
  place: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const media = await client.media(place, { signal, range: `bytes=0-${header.length - 1}` });
  if (!media) return false;
  let beginning = '';
  try {
    for await (const chunk of media.body) {
      beginning += (chunk as Buffer).toString('latin1');
      if (beginning.length >= header.length) break;
    }
  } finally {
    media.body.destroy();
  }
  return beginning.startsWith(header);
}

const notThere = ({ base }: StashClient): StowageError =>
  new StowageError('source.not-a-stash', 'What came is not a copy of the server’s database.', {
    item: base.origin,
    remedy:
      'Is the external host in its settings (Settings → System) one that leads to it? Or a login or a proxy in between answered instead: it may want a header (--header) or a certificate (--cert). Or read it otherwise: --via tables.',
  });
