import { type ErrorCode, StowageError } from '../model/errors.ts';

interface Advice {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
}

/**
 * What PostgreSQL, or the way to it, says went wrong, in words that tell what to do. `where` names the database
 * without its password.
 */
export function libraryError(error: unknown, where: string): StowageError {
  if (error instanceof StowageError) return error;
  const { code = '', message } = error as Error & { code?: string };
  const known = bySqlState(code, message) ?? byConnection(code, message);
  return new StowageError(
    known?.code ?? 'library.failed',
    known?.message ?? `PostgreSQL: ${message}`,
    {
      item: where,
      ...(known && { remedy: known.remedy }),
      cause: error,
    },
  );
}

function bySqlState(state: string, message: string): Advice | undefined {
  switch (state) {
    case '28P01':
    case '28000':
      return {
        code: 'library.forbidden',
        message: 'PostgreSQL does not let this user in.',
        remedy:
          'Check user and password in --database (or STOWAGE_DATABASE_URL), and pg_hba.conf there.',
      };
    case '3D000':
      return {
        code: 'library.unreachable',
        message: 'There is no such database.',
        remedy: 'Create it (CREATE DATABASE …), or correct the name in --database.',
      };
    case '42501':
      return {
        code: 'library.forbidden',
        message: `The user lacks a right in the database: ${message}`,
        remedy: 'Let the user own the database: ALTER DATABASE … OWNER TO …',
      };
    case '25006':
      return {
        code: 'library.forbidden',
        message: 'The database can only be read.',
        remedy: 'It may be a standby: give the address of the primary server.',
      };
    case '53100':
      return {
        code: 'disk.full',
        message: 'The disk of the database is full.',
        remedy: 'Make room there and run this again; what was not finished has been rolled back.',
      };
    case '53300':
      return {
        code: 'library.busy',
        message: 'PostgreSQL takes no more connections.',
        remedy: 'Close some, or raise max_connections there.',
      };
    case '57P01':
    case '57P02':
    case '57P03':
      return {
        code: 'library.unreachable',
        message: 'PostgreSQL is stopping or starting.',
        remedy: 'Run this again when it is up; what was not finished has been rolled back.',
      };
  }
  return undefined;
}

const unreachable = /^(ECONN|EHOST|ENET|ETIMEDOUT|ENOTFOUND|EAI_|ENOENT|EACCES|EPIPE)/;

function byConnection(code: string, message: string): Advice | undefined {
  if (message.startsWith('SASL')) return bySqlState('28P01', message);
  if (/SSL|TLS|certificate/i.test(message) || /CERT|TLS|SSL/.test(code))
    return {
      code: 'library.unreachable',
      message: `No secure connection to PostgreSQL: ${message}`,
      remedy: 'Set sslmode (and sslrootcert) in --database to what the server offers.',
    };
  if (unreachable.test(code) || /timeout|terminated unexpectedly|ended by/i.test(message))
    return {
      code: 'library.unreachable',
      message: `PostgreSQL cannot be reached: ${message || code}`,
      remedy: 'Check that it runs, and the host and port in --database.',
    };
  return undefined;
}
