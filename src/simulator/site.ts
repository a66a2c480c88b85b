import type { IncomingMessage } from 'node:http';
import { jsonText, parseJson } from '../model/records.ts';
import type { Backups } from './backup.ts';
import type { Context, ServerState } from './context.ts';
import type { Trouble } from './faults.ts';
import { type Endpoint, type GraphqlAnswer, type GraphqlRequest, rootFields } from './graphql.ts';
import { isUpTo25, type Library } from './library.ts';
import { pictureOf } from './pictures.ts';
import { notFound, plainText, type Reply, reply } from './reply.ts';
import { streamOf } from './streams.ts';

export interface Site {
  library: Library;
  endpoint: Endpoint;
  backups: Backups;
  apiKey: string | undefined;
  basePath: string;
  absoluteHost: string | undefined;
  scheme: 'http' | 'https';
  state: ServerState;
  requests: Logged[];
}

/** A request, as the simulator saw it. */
export interface Logged {
  method: string;
  /** Without the query. */
  path: string;
  /** What faults know it by: its kind, and of GraphQL the operation and its root fields. */
  names: readonly string[];
  /** The document, and its variables: `sql` of a `querySQL` is among them. */
  query?: string;
  variables?: { [name: string]: unknown };
  headers: IncomingMessage['headers'];
  /** 0 while it is under way, or where it was never answered. */
  status: number;
}

interface Asked {
  names: readonly string[];
  logged: Logged;
  answer: () => Reply | Promise<Reply>;
  instead: (trouble: Trouble) => () => Reply;
}

const html = 'text/html; charset=utf-8';
const page = (title: string) =>
  `<!DOCTYPE html><html><head><title>${title}</title></head><body></body></html>`;

/** Reads a request, and says what it is and what the answer would be. */
export async function answerTo(site: Site, request: IncomingMessage): Promise<Asked> {
  const address = new URL(request.url ?? '/', 'http://localhost');
  const inside = address.pathname.startsWith(`${site.basePath}/`) || address.pathname === '/';
  const path = inside ? address.pathname.slice(site.basePath.length) : '';
  const logged: Logged = {
    method: request.method ?? 'GET',
    path: address.pathname,
    names: [],
    headers: request.headers,
    status: 0,
  };
  site.requests.push(logged);
  const body = await bodyOf(request);
  const base = { logged, instead: instead(site, request) };
  const refusal = inside ? refusalOf(site, request, path, address.searchParams) : undefined;
  const named = (names: string[], answer: Asked['answer']): Asked => {
    logged.names = names;
    return { ...base, names, answer: refusal ? () => refusal : answer };
  };
  if (path === '/graphql') return graphql(site, request, body, named, logged);
  if (path.startsWith('/downloads/')) return named(['download'], () => download(site, path));
  const media = /^\/(\w+)\/(\d+)\/(.+)$/.exec(path);
  if (media) {
    const [, kind = '', id, which = ''] = media;
    if (kind === 'scene' && which.startsWith('stream')) {
      return named(['stream'], () =>
        stream(site, address.pathname, Number(id), which, address.searchParams),
      );
    }
    const standIn = kind !== 'scene' && address.searchParams.get('default') === 'true';
    return named(['picture'], () => picture(site, request, kind, Number(id), which, standIn));
  }
  // Below a path that it does not know, a download is the web app.
  const isPage = !/\.\w+$/.test(path) || path.includes('/downloads/');
  return named(['page'], () => (isPage ? reply(200, html, page('Stash')) : notFound()));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/**
 * Measured: no key, or a wrong one, is 401 with an empty body, and a redirect to the login page for addresses that look
 * like a page; v0.25.1 answers 500 to a wrong key. A key where none is set up counts as wrong.
 */
function refusalOf(
  site: Site,
  request: IncomingMessage,
  path: string,
  query: URLSearchParams,
): Reply | undefined {
  const key = request.headers.apikey ?? query.get('apikey') ?? '';
  if (key === (site.apiKey ?? '')) return undefined;
  if (key && isUpTo25(site.library.version)) return reply(500, plainText, 'unauthorized\n');
  if (!key && path !== '/graphql' && !/\.\w+$/.test(path) && !path.startsWith('/login')) {
    const returnTo = new URLSearchParams({ returnURL: path });
    return reply(302, html, '', { location: `/login?${returnTo}` });
  }
  if (path.startsWith('/login')) return undefined;
  return reply(401, '', '', { 'www-authenticate': 'FormBased' });
}

function graphql(
  site: Site,
  request: IncomingMessage,
  body: Buffer,
  named: (names: string[], answer: Asked['answer']) => Asked,
  logged: Logged,
): Asked {
  const respond = (answer: GraphqlAnswer) => graphqlReply(site, request, answer);
  let asked: GraphqlRequest;
  try {
    asked = parseJson(body.toString()) as unknown as GraphqlRequest;
  } catch {
    const message = `json request body could not be decoded: unexpected EOF body:${body}`;
    return named(['graphql'], () =>
      respond({ status: 400, body: { errors: [{ message }], data: null } }),
    );
  }
  if (!asked.query) {
    const extensions = { code: 'GRAPHQL_VALIDATION_FAILED' };
    const errors = [{ message: 'no operation provided', extensions }];
    return named(['graphql'], () => respond({ status: 400, body: { errors, data: null } }));
  }
  logged.query = asked.query;
  if (asked.variables) logged.variables = asked.variables;
  const document = site.endpoint.read(asked);
  if (!('definitions' in document)) return named(['graphql'], () => respond(document));
  const fields = rootFields(document, asked.operationName);
  const context: Context = {
    get library() {
      // What a real server's resolvers meet before its database is set up or migrated.
      if (site.state.status !== 'OK') throw new Error(unready);
      return site.library;
    },
    server: site.state,
    baseUrl: site.absoluteHost ?? `${site.scheme}://${request.headers.host}`,
    apiKey: site.apiKey,
    backup: (download) => site.backups.make(download),
  };
  const names = ['graphql', ...fields, ...(asked.operationName ? [asked.operationName] : [])];
  return named(names, async () => respond(await site.endpoint.answer(document, asked, context)));
}

const unready =
  'Internal system error. Error <runtime error: invalid memory address or nil pointer dereference>';

/** Measured: `application/json` from v0.25.1 and v0.28.1; v0.30.1 gives it only to those who ask for it. */
function graphqlReply(
  site: Site,
  request: IncomingMessage,
  { status, body }: GraphqlAnswer,
): Reply {
  const old = isUpTo25(site.library.version) || site.library.version === 'v0.28';
  const json = old || /\bapplication\/json\b/.test(request.headers.accept ?? '');
  const type = json ? 'application/json' : 'application/graphql-response+json';
  return reply(status, type, jsonText(body), {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
}

function download(site: Site, path: string): Reply {
  const file = site.backups.find(path);
  if (!file) return reply(404, plainText, '404 page not found\n');
  const headers = {
    'content-type': 'application/octet-stream',
    'cache-control': 'no-store',
    'accept-ranges': 'bytes',
  };
  return { status: 200, headers, body: file };
}

function picture(
  site: Site,
  request: IncomingMessage,
  kind: string,
  id: number,
  which: string,
  standIn: boolean,
): Reply {
  const found = pictureOf(site.library, kind, id, which, standIn);
  if (!found) return notFound();
  const etag = `"${found.etag}"`;
  const headers = { etag, 'cache-control': 'no-cache' };
  if (request.headers['if-none-match'] === etag) return reply(304, '', '', headers);
  return reply(200, found.type, found.bytes, { ...headers, 'accept-ranges': 'bytes' });
}

function stream(
  site: Site,
  path: string,
  id: number,
  which: string,
  query: URLSearchParams,
): Reply {
  const file = site.library.scalar('select file_id from scenes_files where scene_id = ?', id);
  const found = file === undefined ? undefined : streamOf(path, which, query);
  return found ? reply(200, found.type, found.bytes, { 'accept-ranges': 'bytes' }) : notFound();
}

/** The answers that take the place of the right one. */
function instead(site: Site, request: IncomingMessage) {
  return (trouble: Trouble) => (): Reply => {
    switch (trouble.kind) {
      case 'status':
        return reply(
          trouble.status,
          trouble.body ? plainText : '',
          trouble.body ?? '',
          trouble.headers,
        );
      case 'login':
        return reply(200, html, page('Log in'));
      case 'locked':
        return graphqlReply(site, request, {
          status: 200,
          body: { errors: [{ message: 'database is locked' }], data: null },
        });
      default:
        return reply(200, 'application/json', '{"data":{"find');
    }
  };
}
