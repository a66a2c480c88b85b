import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Recordings of real servers, kept beside the checkout: a user's own clone has none. */
const folder = new URL('../../shared/', import.meta.url);

/** The path of a recording: `contracts/stash-v0.30.1.introspection.json`. */
export const shared = (path: string): string => fileURLToPath(new URL(path, folder));

/** What to give `node:test` as `skip`: a reason where the recordings are missing. In CI they may not be. */
export const skipWithoutShared: string | false =
  !process.env.CI &&
  !existsSync(folder) &&
  'the recordings of real servers are not here (../shared)';
