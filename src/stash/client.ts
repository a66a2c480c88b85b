import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { StowageError } from '../model/errors.ts';
import { jsonText, parseJson } from '../model/records.ts';
import { patternOf } from '../model/secrets.ts';
import { onBase, parseAddress, shown } from './http/address.ts';
import { beginningOf, Memory, paced } from './http/body.ts';
import { type DispatcherOptions, openDispatcher } from './http/dispatcher.ts';
import {
  answerFailure,
  type Caller,
  circleFailure,
  compressedFailure,
  connectionFailure,
  type GraphqlError,
  graphqlFailure,
  StashFailure,
} from './http/failure.ts';
import { withRetries } from './http/retry.ts';
import type { TypedDocumentString } from './types.ts';

export interface ClientOptions extends DispatcherOptions {
  /** As a person gives it: `stash:9999`, `https://home.example/stash/`. */
  address: string;
  apiKey?: string;
  /** For a gateway in front of the server. Secret, as the key is. */
  headers?: { [name: string]: string };
  /** How long the server may stay silent, in milliseconds. */
  timeout?: number;
  /** Before the second try of what failed, in milliseconds. */
  firstPause?: number;
  /** Told of a failure that is waited out, again at each further try. */
  onWaiting?: (failure: StashFailure) => void;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** How long the server may take to begin its answer this time, in milliseconds. */
  timeout?: number;
}

export interface RequestOptions extends CallOptions {
  /** A mutation that changes nothing, so that it may be sent again; queries always may. */
  repeatable?: boolean;
}

/** What came of a mutation of several parts, each of which happens or does not. */
export interface Outcome<R> {
  data: R | null;
  /** What failed, by the name that the part goes by in the request. */
  failures: Map<string, StashFailure>;
}

export interface MediaOptions extends CallOptions {
  /** The ETag of what we hold already: an answer may be 304, without a body. */
  etag?: string | undefined;
  /** `bytes=0-1023` */
  range?: string | undefined;
}

export interface Media {
  /** 200, 206 (a range) or 304 (still what `etag` named). */
  status: number;
  headers: { [name: string]: string | string[] | undefined };
  /** Without quotes: for pictures the MD5 of the bytes. */
  etag: string | null;
  /** Read it or destroy it: until then it holds a connection. */
  body: Readable;
}

const silence = 60_000;
/** Of an answer that is not ours so many characters are looked at; what stands last may be the half of a secret. */
const beginning = 16_384;
const lastLeftOut = 2048;

/** A Stash server: sends GraphQL, fetches media. Everything it throws is a StowageError, or the signal's reason. */
export class StashClient {
  readonly base: URL;
  readonly onWaiting: ClientOptions['onWaiting'];
  readonly #dispatcher: Dispatcher;
  readonly #headers: { [name: string]: string };
  readonly #timeout: number;
  readonly #firstPause: number;
  readonly #caller: Caller;
  readonly #memory = new Memory();
  #clockOffset: number | null = null;

  constructor(options: ClientOptions) {
    const { base, authorization, apiKey } = parseAddress(options.address);
    const key = (options.apiKey ?? apiKey)?.trim();
    const headers = { ...(authorization && { authorization }), ...options.headers };
    this.base = base;
    this.onWaiting = options.onWaiting;
    this.#dispatcher = openDispatcher(options);
    this.#headers = { ...headers, ...(key && { ApiKey: key }) };
    for (const [name, value] of Object.entries(this.#headers)) checkHeader(name, value);
    this.#timeout = options.timeout ?? silence;
    this.#firstPause = options.firstPause ?? 250;
    this.#caller = {
      base,
      hasKey: Boolean(key),
      answered: false,
      proxy: URL.parse(options.proxy ?? '')?.host,
      redact: redactor([
        key ?? '',
        decodeURIComponent(URL.parse(options.proxy ?? '')?.password ?? ''),
        // A short one is no secret, but may be part of any word.
        ...Object.values(headers).filter((value) => value.length >= 8),
      ]),
    };
  }

  /** Sends an operation and returns its data. */
  async request<R, V>(
    operation: TypedDocumentString<R, V>,
    variables: V,
    options: RequestOptions = {},
  ): Promise<R> {
    const [, type] = /(query|mutation)\s+\w+/.exec(operation.toString()) ?? [];
    return this.#try(options, options.repeatable ?? type === 'query', async () => {
      const { data, errors, name } = await this.#ask(operation, variables, options);
      if (errors.length > 0) throw graphqlFailure(errors, name, this.#caller);
      return data as R;
    });
  }

  /** Sends a mutation, once, and tells what came of each of its parts. */
  async attempt<R, V>(
    operation: TypedDocumentString<R, V>,
    variables: V,
    options: CallOptions = {},
  ): Promise<Outcome<R>> {
    const { data, errors, name } = await this.#ask(operation, variables, options);
    const failures = new Map<string, StashFailure>();
    for (const error of errors) {
      const [part] = error.path ?? [];
      const isOfPart = typeof part === 'string' && !error.extensions?.code?.startsWith('GRAPHQL_');
      if (!isOfPart) throw graphqlFailure(errors, name, this.#caller);
      failures.set(part, graphqlFailure([error], name, this.#caller));
    }
    return { data, failures };
  }

  /**
   * Opens a file that the server serves: a picture, a stream, a download. Takes a path, or an address that the server
   * gave. Null where the server has no such thing.
   */
  async media(pathOrAddress: string, options: MediaOptions = {}): Promise<Media | null> {
    return this.#try(options, true, () => this.#media(pathOrAddress, options));
  }

  /** The same for what fits in memory: read to its end, and fetched again where it breaks off. */
  async bytes(
    pathOrAddress: string,
    options: MediaOptions = {},
  ): Promise<{ media: Media; bytes: Buffer } | null> {
    return this.#try(options, true, async () => {
      const media = await this.#media(pathOrAddress, options);
      return media && { media, bytes: await this.whole(media.body) };
    });
  }

  /** A body to its end, as far as it fits in memory. */
  whole(body: Readable): Promise<Buffer> {
    return this.#memory.whole(body);
  }

  /** How far the server's clock is ahead of ours, in milliseconds, to the second; null while it has not said. */
  get clockOffset(): number | null {
    return this.#clockOffset;
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #media(pathOrAddress: string, options: MediaOptions): Promise<Media | null> {
    const answer = await this.#send(pathOrAddress, options, {
      method: 'GET',
      headers: {
        ...(options.etag && { 'if-none-match': `"${options.etag}"` }),
        ...(options.range && { range: options.range }),
      },
    });
    const { statusCode: status, headers, body } = answer;
    if ([200, 206, 304].includes(status)) {
      const etag = typeof headers.etag === 'string' ? headers.etag : '';
      return {
        status,
        headers,
        etag: /^(?:W\/)?"(.*)"$/.exec(etag)?.[1] ?? null,
        body: this.#readable(body, options),
      };
    }
    const text = await this.#text(answer, options);
    if (status === 404 || status === 410) return null;
    throw this.#notOurs(status, headers, text);
  }

  async #ask<R, V>(
    operation: TypedDocumentString<R, V>,
    variables: V,
    options: CallOptions,
  ): Promise<{ data: R | null; errors: GraphqlError[]; name: string }> {
    const query = operation.toString();
    const [, name = ''] = /(?:query|mutation)\s+(\w+)/.exec(query) ?? [];
    const answer = await this.#send('graphql', options, {
      method: 'POST',
      body: jsonText({ query, variables, operationName: name }),
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json',
      },
    });
    const { statusCode: status, headers } = answer;
    const text = await this.#text(answer, options);
    const { data = null, errors = [] } = graphqlAnswer(text) ?? {};
    if (errors.length > 0 || (status === 200 && data)) {
      return { data: data as R | null, errors, name };
    }
    if (status === 200 && text.startsWith('{')) {
      throw new StashFailure('source.incomplete', `The answer of ${shown(this.base)} is cut off.`, {
        item: name,
        remedy: 'Look at the server’s log, or at the proxy in between; then run it again.',
      });
    }
    throw this.#notOurs(status, headers, text);
  }

  #notOurs(status: number, headers: Media['headers'], text: string): StashFailure {
    const whole = text.length < beginning;
    const body = this.#caller.redact(text.slice(0, beginning));
    const told = { status, headers, body: whole ? body : body.slice(0, -lastLeftOut) };
    return answerFailure(told, this.#caller);
  }

  async #send(
    pathOrAddress: string,
    { signal, timeout = this.#timeout }: CallOptions,
    request: { method: 'GET' | 'POST'; headers: { [name: string]: string }; body?: string },
  ): Promise<Dispatcher.ResponseData> {
    let url = onBase(this.base, pathOrAddress);
    const ask = () =>
      this.#dispatcher.request({
        ...request,
        origin: url.origin,
        path: url.pathname + url.search,
        headers: { ...this.#headers, ...request.headers },
        signal: signal ?? null,
        headersTimeout: timeout,
        bodyTimeout: this.#timeout, // an answer that has begun has no reason to pause
      });
    try {
      let answer = await ask();
      for (let followed = 0; ; followed++) {
        const next = redirect(url, request.method, answer);
        if (!next) break;
        answer.body.on('error', () => {}).destroy();
        if (followed === mostRedirects) throw circleFailure(this.#caller);
        url = next;
        answer = await ask();
      }
      this.#caller.answered = true;
      const date = Date.parse(String(answer.headers.date));
      if (!Number.isNaN(date)) this.#clockOffset = date - Date.now();
      const coding = String(answer.headers['content-encoding'] ?? 'identity');
      if (coding === 'identity') return answer;
      answer.body.on('error', () => {}).destroy();
      throw compressedFailure(coding, this.#caller);
    } catch (error) {
      throw this.#failure(error, { signal });
    }
  }

  async #text({ headers, body }: Dispatcher.ResponseData, options: CallOptions): Promise<string> {
    const type = String(headers['content-type'] ?? 'json');
    const chunks = paced(body, this.#timeout);
    try {
      if (!type.includes('json')) return await beginningOf(chunks, beginning);
      return (await this.#memory.whole(chunks)).toString();
    } catch (error) {
      throw this.#failure(error, options);
    }
  }

  /** The same, failing in our words. */
  #readable(body: Readable, options: CallOptions): Readable {
    const failure = (error: unknown) => this.#failure(error, options);
    const timeout = this.#timeout;
    const chunks = async function* () {
      try {
        yield* paced(body, timeout);
      } catch (error) {
        throw failure(error);
      }
    };
    const readable = Readable.from(chunks(), { objectMode: false });
    // Where it is left early, undici makes an error of that.
    return readable.once('close', () => body.on('error', () => {}).destroy());
  }

  #failure(error: unknown, { signal }: CallOptions): unknown {
    if (signal?.aborted) return signal.reason;
    return error instanceof StashFailure ? error : connectionFailure(error, this.#caller);
  }

  async #try<T>(options: CallOptions, repeatable: boolean, once: () => Promise<T>): Promise<T> {
    options.signal?.throwIfAborted();
    return withRetries(once, {
      firstPause: this.#firstPause,
      signal: options.signal,
      waiting: this.onWaiting,
      // A server that never answered is more likely a wrong address than one that is just starting.
      worthwhile: ({ code }) =>
        repeatable && (this.#caller.answered || code !== 'source.unreachable'),
    });
  }
}

function graphqlAnswer(text: string): { data?: unknown; errors: GraphqlError[] } | null {
  if (!text.startsWith('{')) return null;
  try {
    // Reading exact integers takes several times as long, and hardly any answer has one.
    const answer = /[:,[]-?\d{16}/.test(text) ? parseJson(text) : JSON.parse(text);
    const { data, errors } = answer as { data?: unknown; errors?: unknown };
    return { data, errors: Array.isArray(errors) ? errors.map(errorOf) : [] };
  } catch {
    return null;
  }
}

/** Whatever stands there, in the form of an error. */
function errorOf(given: Partial<GraphqlError> | null): GraphqlError {
  const { message, path, extensions } = given ?? {};
  const code = extensions?.code;
  return {
    message: typeof message === 'string' ? message : '',
    ...(Array.isArray(path) && { path }),
    ...(typeof code === 'string' && { extensions: { code } }),
  };
}

const mostRedirects = 5;

/** Where an answer sends the same request on to, on the same server: nothing is sent to another one. */
function redirect(
  from: URL,
  method: 'GET' | 'POST',
  { statusCode, headers }: Dispatcher.ResponseData,
): URL | undefined {
  // By the others a POST becomes a GET.
  const again = method === 'GET' ? [301, 302, 303, 307, 308] : [307, 308];
  if (!again.includes(statusCode) || typeof headers.location !== 'string') return undefined;
  const to = URL.parse(headers.location, from.href);
  const isLogin = /\/login\/?$/.test(to?.pathname ?? '');
  return to?.origin === from.origin && !isLogin ? to : undefined;
}

function checkHeader(name: string, value: string): void {
  if (/^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return;
  throw new StowageError(
    'usage',
    `The ${name === 'ApiKey' ? 'API key' : `header ${name}`} holds what no header may.`,
    {
      remedy: 'Copy it again, without line breaks or quotes.',
    },
  );
}

/** Takes secrets out of a text, however they are written there. */
function redactor(secrets: string[]): (text: string) => string {
  const patterns = secrets.filter(Boolean).map(patternOf);
  return (text) =>
    patterns
      .reduce((rest, secret) => rest.replace(secret, '[hidden]'), text)
      .replace(/(apikey=)[^&\s"']+/gi, '$1[hidden]');
}
