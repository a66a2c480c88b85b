/** The real commands, called in this process: tests of what they do, not of how that is shown. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type pg from 'pg';
import { apply } from '../../src/cli/apply.ts';
import { type Commands, exitCodes } from '../../src/cli/command.ts';
import { conflicts } from '../../src/cli/conflicts/conflicts.ts';
import { Events } from '../../src/cli/display/events.ts';
import { doctor } from '../../src/cli/doctor.ts';
import { exportCommand } from '../../src/cli/export.ts';
import { asStowageError, exitCodeOf } from '../../src/cli/failure.ts';
import { backup } from '../../src/cli/keeping/backup.ts';
import { library } from '../../src/cli/keeping/library.ts';
import { restoreLibrary } from '../../src/cli/keeping/restoreLibrary.ts';
import { matches } from '../../src/cli/matches/matches.ts';
import { migrate } from '../../src/cli/migrate.ts';
import { move } from '../../src/cli/move.ts';
import { Output } from '../../src/cli/output.ts';
import { parse } from '../../src/cli/parse.ts';
import { plan } from '../../src/cli/plan.ts';
import { create } from '../../src/cli/records/create.ts';
import { deleteCommand } from '../../src/cli/records/delete.ts';
import { edit } from '../../src/cli/records/edit.ts';
import { find } from '../../src/cli/records/find.ts';
import { lock } from '../../src/cli/records/lock.ts';
import { merge } from '../../src/cli/records/merge.ts';
import { restore } from '../../src/cli/records/restore.ts';
import { show } from '../../src/cli/records/show.ts';
import { unlock } from '../../src/cli/records/unlock.ts';
import { Redactor } from '../../src/cli/redactor.ts';
import { runs } from '../../src/cli/runs/runs.ts';
import { sources } from '../../src/cli/sources/sources.ts';
import { status } from '../../src/cli/status.ts';
import { sync } from '../../src/cli/sync.ts';
import { undo } from '../../src/cli/undo.ts';
import { verify } from '../../src/cli/verify.ts';
import type { StowageError } from '../../src/model/errors.ts';
import type { Trouble } from '../../src/model/reading.ts';
import { settle } from '../../src/settings.ts';
import { type Scope, testDatabase, withClient } from './database.ts';
import { temporaryFolder } from './pictures.ts';

const commands: Commands = {
  doctor: { summary: 'Doctor', load: async () => doctor },
  show: { summary: 'Show', load: async () => show },
  find: { summary: 'Find', load: async () => find },
  edit: { summary: 'Edit', load: async () => edit },
  create: { summary: 'Create', load: async () => create },
  delete: { summary: 'Delete', load: async () => deleteCommand },
  restore: { summary: 'Restore', load: async () => restore },
  merge: { summary: 'Merge', load: async () => merge },
  lock: { summary: 'Lock', load: async () => lock },
  unlock: { summary: 'Unlock', load: async () => unlock },
  migrate: { summary: 'Migrate', load: async () => migrate },
  move: { summary: 'Move', load: async () => move },
  verify: { summary: 'Verify', load: async () => verify },
  export: { summary: 'Export', load: async () => exportCommand },
  sync: { summary: 'Sync', load: async () => sync },
  sources: { summary: 'Sources', load: async () => sources },
  plan: { summary: 'Plan', load: async () => plan },
  apply: { summary: 'Apply', load: async () => apply },
  status: { summary: 'Status', load: async () => status },
  matches: { summary: 'Matches', load: async () => matches },
  conflicts: { summary: 'Conflicts', load: async () => conflicts },
  runs: { summary: 'Runs', load: async () => runs },
  undo: { summary: 'Undo', load: async () => undo },
  backup: { summary: 'Backup', load: async () => backup },
  'restore-library': { summary: 'Restore a library', load: async () => restoreLibrary },
  library: { summary: 'Library', load: async () => library },
};

/** As it is told: with the name of a record that was to be written. */
type ToldTrouble = Trouble & { name?: string };

/** How a command ended, and what it said. */
export interface Ended {
  exitCode: number;
  error?: StowageError;
  /** Of a command that did not fail. */
  summary: { [field: string]: unknown };
  troubles: ToldTrouble[];
  warnings: string[];
  /** Everything that it told, one event a line. */
  events: { event: string; [field: string]: unknown }[];
  /** What a person would have read. */
  lines: string[];
}

export async function call(...words: string[]): Promise<Ended> {
  const events: { event: string; message?: string }[] = [];
  const lines: string[] = [];
  const streams = {
    out: (line: string) => void events.push(JSON.parse(line)),
    err: (line: string) => void lines.push(line),
    terminal: undefined,
  };
  const { definition, options } = await parse(commands, words, streams);
  const { signal } = new AbortController();
  const said = () => ({
    troubles: events.filter(({ event }) => event === 'trouble') as unknown as ToldTrouble[],
    warnings: events.flatMap(({ event, message }) => (event === 'warning' ? [message ?? ''] : [])),
    events,
    lines,
  });
  try {
    const { complete, summary = {} } = await definition.run(
      {
        settings: settle({}, options),
        output: new Output(new Events(streams, false)),
        signal,
        redactor: new Redactor(),
      },
      options as never,
    );
    return { exitCode: complete ? exitCodes.done : exitCodes.incomplete, summary, ...said() };
  } catch (thrown) {
    const error = asStowageError(thrown, signal);
    if (error.code === 'internal') throw thrown;
    return { exitCode: exitCodeOf(error), error, summary: {}, ...said() };
  }
}

export type Contents = { [name: string]: string };

/** The names of what is not as it was. */
export const changed = (before: Contents, after: Contents): string[] =>
  Object.keys({ ...before, ...after }).filter((name) => before[name] !== after[name]);

/** A library of a test's own, and the commands on it. */
export interface OwnLibrary {
  url: string;
  data: string;
  stowage(...words: string[]): Promise<Ended>;
  /** `export --as main`; the folder that it wrote. */
  exported(): Promise<string>;
  query<R extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<R[]>;
  /** Everything that it holds: each table with its rows' versions, each file with its time. */
  contents(): Promise<Contents>;
}

export async function ownLibrary(t: Scope): Promise<OwnLibrary> {
  const url = await testDatabase(t);
  const data = await temporaryFolder(t);
  const stowage = (...words: string[]) => call(...words, '--database', url, '--data', data);
  return {
    url,
    data,
    stowage,
    async exported() {
      const out = await temporaryFolder(t);
      const { exitCode, error } = await stowage('export', '--as', 'main', '--out', out);
      if (exitCode !== exitCodes.done) throw error;
      return out;
    },
    query: (sql, values) =>
      withClient(url, async (client) => (await client.query(sql, values)).rows as never),
    contents: async () => ({ ...(await tables(url)), ...(await files(data)) }),
  };
}

const tables = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT oid::regclass::text AS name FROM pg_class
        WHERE relnamespace IN ('qar'::regnamespace, 'stowage'::regnamespace) AND relkind = 'r' ORDER BY 1`,
    );
    const found: Contents = {};
    for (const { name } of rows) {
      const { rows: digest } = await client.query(
        `SELECT count(*) || ' ' || md5(string_agg(xmin || ' ' || t::text, '\n' ORDER BY t::text)) AS digest
           FROM ${name} t`,
      );
      found[name] = digest[0].digest;
    }
    return found;
  });

async function files(folder: string): Promise<Contents> {
  const found: Contents = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile()) found[path.relative(folder, file)] = String((await stat(file)).mtimeMs);
  }
  return found;
}
