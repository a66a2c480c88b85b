import { DatabaseSync } from 'node:sqlite';
import { StowageError } from '../../model/errors.ts';
import type { Reading, UnknownData } from '../../model/reading.ts';
import { FileReading } from '../fileReading.ts';
import type { StashServer } from '../server.ts';
import { QuerySqlDocument } from '../types.ts';
import { unknownIn } from './coverage.ts';
import { type KeptMirror, placeMirror } from './keptMirror.ts';
import type { Layout } from './layout.ts';
import { type Ask, mirror } from './mirror.ts';
import { isDamage } from './mirrorFile.ts';
import { rowsOf } from './rows.ts';
import { Touched } from './touched.ts';

export interface TablesOptions {
  /** A folder for the mirror. */
  tempDir: string;
  /** The mirror itself, where it is to be kept: next time it is only brought up to date. */
  mirror?: KeptMirror | undefined;
  /** How one that was kept is compared; see `MirrorOptions`. */
  compare?: 'quick' | 'full' | undefined;
  signal?: AbortSignal | undefined;
  /** Rows brought so far, and in all as far as is known. */
  onProgress?: ((rows: number, total: number) => void) | undefined;
}

/** Opens a server's tables, brought over through `querySQL` into a file laid out like its own. */
export async function openTables(server: StashServer, options: TablesOptions): Promise<Reading> {
  const { tempDir, mirror: kept, compare, signal, onProgress } = options;
  try {
    await using opened = new AsyncDisposableStack();
    const { file } = opened.use(await placeMirror(kept, tempDir));
    const ask = askOf(server, signal);
    const layout = await mirror(ask, file, { compare, signal, onProgress });
    const unknown = await unknownAt(ask, file, layout);
    const place = opened.move();
    return new FileReading({
      road: 'tables',
      item: server.client.base.origin,
      file,
      profile: server.profile,
      unknown,
      notes: kept === undefined ? null : new Touched(file),
      remove: () => place.disposeAsync(),
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (isNonsense(error)) throw nonsense(server.client.base.origin, error);
    if ((error as { errcode?: number }).errcode !== sqliteFull) throw error;
    throw new StowageError('disk.full', 'The disk is full.', {
      item: tempDir,
      remedy: 'Make room, or name a folder on another disk with --data.',
      cause: error,
    });
  }
}

const sqliteFull = 13;

/** What comes of answers that are no rows of the tables that were asked for: no JSON, values of no kind, keys twice. */
const isNonsense = (error: unknown): error is Error =>
  [SyntaxError, TypeError, RangeError].some((kind) => error instanceof kind) || isDamage(error);

const nonsense = (item: string, error: Error): StowageError =>
  new StowageError('source.unsupported', `The server’s tables cannot be read: ${error.message}.`, {
    item,
    remedy:
      'Look at what answers there, and at the proxy in between. Or read it otherwise: --via graphql.',
    cause: error,
  });

/** Columns that we do not know are in the mirror, tables are not. */
async function unknownAt(ask: Ask, file: string, layout: Layout): Promise<UnknownData[]> {
  using db = new DatabaseSync(file, { readOnly: true });
  const unknown: UnknownData[] = [];
  for (const { what, table, select } of unknownIn(layout)) {
    const [row] = table === null ? rowsOf(db, select) : await ask(select);
    const rows = Number(row?.[0]);
    if (rows > 0) unknown.push({ what, rows });
  }
  return unknown;
}

/** Sends one of the SELECTs in `tables/selects.ts`. They change nothing, so each may be sent again. */
export const askOf =
  (server: StashServer, signal?: AbortSignal): Ask =>
  async (sql, args = []) => {
    const { querySQL } = await server.request(
      QuerySqlDocument,
      { sql, args },
      { repeatable: true, signal },
    );
    return querySQL.rows as Awaited<ReturnType<Ask>>;
  };
