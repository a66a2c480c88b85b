import type { Library } from './library.ts';

export interface Job {
  id: string;
  status: 'READY' | 'RUNNING' | 'FINISHED' | 'STOPPING' | 'CANCELLED' | 'FAILED';
  description: string;
  progress?: number | null;
}

/** What the server says of itself. */
export interface ServerState {
  version: string;
  /** The database's schema number. */
  schema: number;
  status: 'OK' | 'SETUP' | 'NEEDS_MIGRATION';
  os: string;
  jobs: Job[];
  stashes: { path: string; excludeVideo: boolean; excludeImage: boolean }[];
  databasePath: string;
  blobsPath: string;
  blobsStorage: 'DATABASE' | 'FILESYSTEM';
}

/** What a resolver is told beside the record. */
export interface Context {
  library: Library;
  server: ServerState;
  /** Makes a snapshot; the path to download it from, if it is to be. */
  backup: (download: boolean) => string | null;
  /** Scheme, host and prefix, without a slash at the end. */
  baseUrl: string;
  apiKey: string | undefined;
}

export type Resolver = (source: never, args: never, context: Context) => unknown;
export type Resolvers = { [type: string]: { [field: string]: Resolver } };
