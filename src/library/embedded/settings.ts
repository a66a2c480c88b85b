/** The major version of the bundled PostgreSQL: data directories of one cannot be opened by another. */
export const postgresMajor = 18;

/** The role and the database of an embedded server. A role named like a schema would have that on its search path. */
export const role = 'postgres';
export const database = 'postgres';

/** Names the socket (`.s.PGSQL.5432`) rather than a port that anything listens on. */
export const socketPort = 5432;

/**
 * How `initdb` makes a data directory. The built-in locale sorts by code point and never changes with the
 * system's C library; pg_trgm and the text search parser still ask LC_CTYPE what a letter is, and under `C`
 * see no trigram in `Юрий` (measured, 18.4).
 */
export const initialisation: readonly string[] = [
  `--username=${role}`,
  '--encoding=UTF8',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--locale=C',
  `--lc-ctype=${process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8'}`,
  '--auth-local=trust', // the socket lies in a folder that only its owner can enter
  '--auth-host=scram-sha-256',
  '--no-instructions',
];

/**
 * For a bulk load on a home server of two cores and 4 GB with spinning disks, and silence when idle.
 * Given on the command line at every start, so that they follow the program and not the data directory.
 */
const tuning = {
  cluster_name: 'stowage',
  max_connections: 50,
  // Together with our own process at most 700 MB in a huge migration.
  shared_buffers: '128MB',
  maintenance_work_mem: '96MB',
  autovacuum_work_mem: '32MB',
  work_mem: '16MB',
  temp_buffers: '8MB',
  max_parallel_workers_per_gather: 0,
  max_parallel_maintenance_workers: 1,
  // Nothing replicates from here, so tables filled in the transaction that made them need no WAL.
  wal_level: 'minimal',
  max_wal_senders: 0,
  max_logical_replication_workers: 0,
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  io_method: 'sync', // three processes fewer
  jit: 'off',
  timezone: 'UTC',
  // The log is for the server's own fate. What goes wrong with a statement is told to the client;
  // here it would leave private texts behind.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
  log_timezone: 'UTC',
};

/** A client killed in the middle of a long statement gives up its locks within a second. */
const noticeLostClients =
  process.platform === 'win32' ? {} : { client_connection_check_interval: '1s' };

/** Settings as arguments of `postgres`. */
export const settings = (values: { readonly [name: string]: string | number }): string[] =>
  Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

export const serverSettings: readonly string[] = settings({ ...tuning, ...noticeLostClients });
