import { constants, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ServerVersion } from '../contract/schema.ts';
import { Backups } from './backup.ts';
import type { Job, ServerState } from './context.ts';
import { type Fault, Faults } from './faults.ts';
import { Endpoint } from './graphql.ts';
import { Library } from './library.ts';
import { natural } from './natural.ts';
import { type Break, send } from './reply.ts';
import { separatorOf } from './resolve/files.ts';
import { answerTo, type Logged, type Site } from './site.ts';

export interface SimulatorOptions {
  /** A SQLite file laid out as a Stash database. It is copied first: what happens here leaves it alone. */
  database: string;
  /** Which server to be; told by the file's schema number, if left out. */
  version?: ServerVersion;
  host?: string;
  /** A free one, if left out. */
  port?: number;
  /** Turns authentication on. */
  apiKey?: string;
  /** Serves below this path, as behind a proxy that takes it off: the server itself does not know of it. */
  basePath?: string;
  /** `https://elsewhere:9999`: what absolute URLs begin with, instead of the host the request was sent to. */
  absoluteHost?: string;
  /** Where pictures are kept; in the database, if left out. */
  blobs?: { storage: 'DATABASE' | 'FILESYSTEM'; dir?: string };
  /** Told by the look of the folders' paths, if left out. */
  os?: string;
  tls?: { key: string | Buffer; cert: string | Buffer };
  faults?: Iterable<Fault>;
}

export interface Simulator {
  /** Of the server, base path included: `http://127.0.0.1:40001/stash`. GraphQL is at `<url>/graphql`. */
  readonly url: string;
  readonly version: ServerVersion;
  readonly faults: Faults;
  /** Every request so far. */
  readonly requests: readonly Logged[];
  /** `OK`; change it to be a server in setup, or one that needs a migration. */
  status: ServerState['status'];
  /** What `jobQueue` shows. */
  jobs: Job[];
  /** Runs statements on the library, as tests need it changed. */
  sql(statements: string): void;
  /** The rows of a SELECT. */
  rows(select: string): unknown[];
  close(): Promise<void>;
}

const versions: { [V in ServerVersion]: string } = {
  'v0.24': 'v0.24.3',
  'v0.25': 'v0.25.1',
  'v0.28': 'v0.28.1',
  'v0.30': 'v0.30.1',
  newer: 'v0.31.0',
};

/** Starts a server that behaves as a real Stash does, and as badly as it is told to. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const folder = mkdtempSync(join(tmpdir(), 'stowage-simulator-'));
  const path = join(folder, 'stash-go.sqlite');
  copyFileSync(options.database, path, constants.COPYFILE_FICLONE);
  const library = new Library(path, { version: options.version, pictures: options.blobs?.dir });
  library.database.function('natural', { deterministic: true }, natural as never);
  const { host = '127.0.0.1', apiKey, basePath = '', absoluteHost, tls } = options;
  const root = library.scalar('select path from folders where parent_folder_id is null limit 1');
  const site: Site = {
    library,
    endpoint: new Endpoint(library.version),
    backups: new Backups(library, folder),
    apiKey,
    basePath: basePath.replace(/\/+$/, ''),
    absoluteHost,
    scheme: tls ? 'https' : 'http',
    state: {
      version: versions[library.version],
      schema: library.schema,
      status: 'OK',
      os: options.os ?? (separatorOf(library) === '\\' ? 'windows' : 'linux'),
      jobs: [],
      stashes: root ? [{ path: String(root), excludeVideo: false, excludeImage: false }] : [],
      databasePath: '/root/.stash/stash-go.sqlite',
      blobsPath: options.blobs?.storage === 'FILESYSTEM' ? '/root/.stash/blobs' : '',
      blobsStorage: options.blobs?.storage ?? 'DATABASE',
    },
    requests: [],
  };
  const faults = new Faults(options.faults);
  let port = options.port ?? 0;
  let closed = false;
  let server = listener();

  function listener(): Server {
    const handle = (request: IncomingMessage, response: ServerResponse) => {
      serve(request, response).catch((error: unknown) => {
        // A client that left, or an answer cut short on purpose; anything else is a bug worth seeing.
        if (!response.headersSent) response.writeHead(500).end(String((error as Error).stack));
        else response.destroy();
      });
    };
    return tls ? createTlsServer(tls, handle) : createServer(handle);
  }

  const listen = () =>
    new Promise<void>((done, failed) => {
      server.once('error', failed);
      server.listen(port, host, () => {
        port = (server.address() as AddressInfo).port;
        done();
      });
    });
  const hangUp = () =>
    new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });

  async function refuse(ms: number): Promise<void> {
    await hangUp();
    await wait(ms);
    if (closed) return;
    server = listener();
    await listen();
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = await answerTo(site, request);
    let answer = asked.answer;
    let broken: Break | undefined;
    for (const trouble of faults.for(asked.names)) {
      if (trouble.kind === 'delay') await wait(trouble.ms);
      else if (trouble.kind === 'edit') library.database.exec(trouble.sql);
      else if (trouble.kind === 'refuse') {
        asked.logged.status = 0;
        await refuse(trouble.ms);
        return;
      } else if (trouble.kind === 'lost') {
        await answer();
        answer = asked.instead({ kind: 'status', status: trouble.status });
      } else if ('after' in trouble) broken = trouble;
      else answer = asked.instead(trouble);
    }
    const reply = await answer();
    asked.logged.status = reply.status;
    await send(request, response, reply, broken);
  }

  const tidy = () => {
    library.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await listen();
  } catch (error) {
    tidy();
    throw error;
  }
  return {
    url: `${site.scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${site.basePath}`,
    version: library.version,
    faults,
    requests: site.requests,
    get status() {
      return site.state.status;
    },
    set status(status) {
      site.state.status = status;
    },
    get jobs() {
      return site.state.jobs;
    },
    set jobs(jobs) {
      site.state.jobs = jobs;
    },
    sql: (statements) => library.database.exec(statements),
    rows: (select) => library.objects(select),
    async close() {
      if (closed) return;
      closed = true;
      await hangUp();
      tidy();
    },
  };
}
