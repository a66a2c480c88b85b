import os from 'node:os';
import path from 'node:path';
import { StowageError } from './model/errors.ts';

/** What the person settled outside a command's own options. A flag wins over the environment. */
export interface Settings {
  /** A PostgreSQL of the person's own; undefined where the embedded one under the data directory serves. */
  readonly databaseUrl: string | undefined;
  readonly dataDirectory: string;
  /** Whether the person said where the library is. */
  readonly isChosen: boolean;
  /** The source's API key. */
  readonly apiKey: string | undefined;
  /** That of the server that something is moved to. */
  readonly toApiKey: string | undefined;
  /** What sources' keys are encrypted with; undefined where a file in the data directory holds it. */
  readonly secret: string | undefined;
}

/** The variables that Stowage reads, and nothing else of the environment. */
export interface Environment {
  readonly STOWAGE_DATABASE_URL?: string;
  readonly STOWAGE_DATA?: string;
  readonly STOWAGE_API_KEY?: string;
  readonly STOWAGE_TO_API_KEY?: string;
  readonly STOWAGE_SECRET?: string;
  /** `1` adds the stack to an error. */
  readonly STOWAGE_DEBUG?: string;
  readonly XDG_DATA_HOME?: string;
}

/** The only place that reads the environment, once, when the command starts. */
export const readEnvironment = (): Environment => Object.freeze({ ...process.env });

export function settle(
  environment: Environment,
  flags: { database?: string; data?: string } = {},
): Settings {
  // An empty variable is how people unset one in a compose file.
  const databaseUrl = postgresUrl(
    flags.database ?? (environment.STOWAGE_DATABASE_URL || undefined),
  );
  const data = folder(flags.data) ?? (environment.STOWAGE_DATA || undefined);
  return Object.freeze({
    databaseUrl,
    dataDirectory: path.resolve(data ?? path.join(userData(environment), 'stowage')),
    isChosen: (databaseUrl ?? data) !== undefined,
    apiKey: environment.STOWAGE_API_KEY || undefined,
    toApiKey: environment.STOWAGE_TO_API_KEY || undefined,
    secret: environment.STOWAGE_SECRET || undefined,
  });
}

function folder(text: string | undefined): string | undefined {
  if (text !== '') return text;
  throw new StowageError('usage', '--data names no folder.', {
    remedy: 'Give the path of one, or leave --data out.',
  });
}

/** XDG Base Directory Specification: a relative path there is to be ignored. */
function userData({ XDG_DATA_HOME: home }: Environment): string {
  return home && path.isAbsolute(home) ? home : path.join(os.homedir(), '.local', 'share');
}

function postgresUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:') return text;
  throw new StowageError('usage', 'The database is not given as the URL of a PostgreSQL.', {
    remedy:
      'Write --database (or STOWAGE_DATABASE_URL) as postgres://user:password@host:5432/name.',
  });
}
