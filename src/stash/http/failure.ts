import { type ErrorCode, StowageError } from '../../model/errors.ts';
import { otherAddresses, shown } from './address.ts';

/** A part of an answer that a server refused, and its own reason. */
export interface RefusedPart {
  /** `findTags`, `tags`, 3, `created_at`; empty where the server does not say. */
  path: readonly (string | number)[];
  why: string;
}

/** A failure of the server or of the way to it. */
export class StashFailure extends StowageError {
  /** How long the server asked us to wait, in milliseconds. */
  readonly retryAfter: number | undefined;
  /** What of the answer was refused; empty where the failure is of another kind. */
  readonly refused: readonly RefusedPart[];

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      remedy?: string;
      item?: string;
      cause?: unknown;
      retryAfter?: number;
      refused?: readonly RefusedPart[];
    } = {},
  ) {
    super(code, message, options);
    this.retryAfter = options.retryAfter;
    this.refused = options.refused ?? [];
  }
}

/** What the messages need to know of the client; `redact` takes secrets out of whatever a server echoes. */
export interface Caller {
  base: URL;
  hasKey: boolean;
  /** The host and port of the proxy in between. */
  proxy: string | undefined;
  /** Whether the server has answered before. */
  answered: boolean;
  redact: (text: string) => string;
}

interface Answer {
  status: number;
  headers: { [name: string]: string | string[] | undefined };
  /** The beginning of the body. */
  body: string;
}

/** No answer: what the connection said. */
export function connectionFailure(error: unknown, caller: Caller): StashFailure {
  const fault = deepest(error);
  const code = String((fault as { code?: unknown }).code ?? '');
  const { base, proxy } = caller;
  const at = shown(base);
  // Not the error itself: those of proxies carry the proxy's password.
  const cause = Object.assign(new Error(caller.redact(String(fault.message))), { code });
  const instead = `Is the address right? ${tryInstead(base)}`.trim();
  switch (true) {
    // Then it is the proxy that we connect to. A SOCKS5 one fails without a code.
    case proxy !== undefined &&
      /\b(ECONNREFUSED|ENOTFOUND|EAI_AGAIN)\b/.test(`${code} ${cause.message}`):
      return new StashFailure('source.unreachable', `The proxy ${proxy} cannot be reached.`, {
        remedy: 'Check what --proxy says.',
        cause,
      });
    case code === 'ECONNREFUSED' && caller.answered:
      return new StashFailure('source.unreachable', `${at} does not answer any more.`, {
        remedy: 'Has Stash stopped? Start it, then run the same command again.',
        cause,
      });
    case code === 'ECONNREFUSED':
      return new StashFailure('source.unreachable', `Nothing answers at ${at}.`, {
        remedy: `Is Stash running there? ${tryInstead(base)}`.trim(),
        cause,
      });
    case code === 'ENOTFOUND' || code === 'EAI_AGAIN':
      return new StashFailure('source.unreachable', `The host ${base.hostname} is not known.`, {
        remedy: 'Check how its name is spelt, or use its IP address.',
        cause,
      });
    case /TIMEOUT|ETIMEDOUT/.test(code):
      return new StashFailure('source.timeout', `${at} does not answer in time.`, {
        remedy: code.includes('CONNECT')
          ? instead
          : 'The server may be busy: wait, or give it more time with --timeout.',
        cause,
      });
    case /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNKNOWN_PROTOCOL/.test(code):
      return new StashFailure('source.tls', `${at} does not speak HTTPS.`, {
        remedy: `Try ${shown(base).replace(/^https/, 'http')}.`,
        cause,
      });
    case /CERT|SIGNATURE|^ERR_(TLS|SSL|OSSL)|^EPROTO$/.test(code):
      return new StashFailure('source.tls', `No safe connection to ${at}: ${cause.message}.`, {
        remedy:
          'Give the certificate that signed the server’s with --ca, or use the name it was made for.',
        cause,
      });
    case /^HPE_/.test(code) || fault.name === 'HTTPParserError':
      return new StashFailure('source.not-a-stash', `What answers at ${at} does not speak HTTP.`, {
        remedy: instead,
        cause,
      });
    case /CONTENT_LENGTH_MISMATCH|UND_ERR_SOCKET|ECONNRESET|EPIPE|UND_ERR_ABORTED/.test(code):
      return new StashFailure('source.incomplete', `${at} hung up in the middle.`, {
        remedy: 'Look at the server’s log, or at the proxy in between; then run it again.',
        cause,
      });
    default:
      return new StashFailure('source.unreachable', `No connection to ${at}: ${cause.message}`, {
        remedy: instead,
        cause,
      });
  }
}

/** What was compressed can grow without end. We ask for nothing such, so that nobody has reason to send it. */
export const compressedFailure = (coding: string, { base, redact }: Caller): StashFailure =>
  new StashFailure(
    'source.not-a-stash',
    `${shown(base)} answers compressed (${redact(coding).slice(0, 40)}), which we did not ask for.`,
    { remedy: 'Turn that off in the proxy in front of it; a Stash does not do it by itself.' },
  );

/** An answer that is not the one we asked for. */
export function answerFailure({ status, headers, body }: Answer, caller: Caller): StashFailure {
  const at = shown(caller.base);
  const said = sentence(caller.redact(body));
  if (status >= 300 && status < 400) return redirection(String(headers.location ?? ''), caller);
  switch (status) {
    case 401:
      return new StashFailure(
        'source.unauthorized',
        caller.hasKey ? `${at} does not accept the API key.` : `${at} asks for an API key.`,
        {
          remedy:
            'Copy it from Stash: Settings → Security → API Key. Give it with STOWAGE_API_KEY or --api-key-file.',
        },
      );
    case 403:
      return new StashFailure('source.forbidden', `${at} refuses to answer us.${said}`, {
        remedy:
          'A Stash without a password refuses callers from the internet; a gateway may want a header (--header) or a certificate (--cert).',
      });
    case 407:
      return new StashFailure('source.unreachable', 'The proxy asks for a user and password.', {
        remedy: 'Give them in its address: http://USER:PASSWORD@HOST:PORT.',
      });
    case 408:
      return new StashFailure('source.timeout', `${at} does not answer in time.`);
    case 413:
      return new StashFailure('source.too-large', `${at} takes no request of this size.`, {
        remedy: 'Raise the limit of the proxy in front of it (nginx: client_max_body_size).',
      });
    case 429:
      return new StashFailure('source.throttled', `${at} asks us to slow down.`, {
        remedy: 'Wait and run it again, or raise the limit of the proxy in front of it.',
        ...retryAfter(headers['retry-after']),
      });
    default:
      break;
  }
  if (status >= 500) {
    return new StashFailure('source.failed', `${at} failed (HTTP ${status}).${said}`, {
      remedy: 'Look at the server’s log.',
      ...retryAfter(headers['retry-after']),
    });
  }
  if (/HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS/i.test(body)) {
    return new StashFailure('source.tls', `${at} speaks HTTPS only.`, {
      remedy: `Try ${at.replace(/^http:/, 'https:')}.`,
    });
  }
  return new StashFailure('source.not-a-stash', `What answers at ${at} is not a Stash.`, {
    remedy: isPage(headers, body)
      ? `It is a web page, perhaps a login in front of Stash: that may want a header (--header) or a certificate (--cert). Or the address lacks its path. ${tryInstead(caller.base)}`
      : `Check the address, its port and its path. ${tryInstead(caller.base)}`,
  });
}

export interface GraphqlError {
  message: string;
  path?: (string | number)[];
  extensions?: { code?: string };
}

/** `errors` in an answer, with HTTP 200 (a resolver failed) or 400 (the query is invalid there). */
export function graphqlFailure(
  errors: GraphqlError[],
  operation: string,
  caller: Caller,
): StashFailure {
  const messages = new Set(errors.map((error) => error.message));
  const said = sentence(caller.redact([...messages].join('; ')));
  if (errors.some((error) => error.extensions?.code?.startsWith('GRAPHQL_'))) {
    return new StashFailure('source.unsupported', `Stash does not know ${operation}.${said}`, {
      item: operation,
      remedy: 'Please report this, with the version of your Stash.',
    });
  }
  if (errors.some((error) => /database (table )?is locked|SQLITE_BUSY/i.test(error.message))) {
    return new StashFailure('source.locked', 'Stash’s database is locked by another task.', {
      item: operation,
      remedy: 'Wait until its running tasks are done (Settings → Tasks), then run it again.',
    });
  }
  return new StashFailure('source.refused', `Stash refused ${operation}.${said}`, {
    item: operation,
    remedy: 'Look at the server’s log.',
    refused: errors.map(({ message, path = [] }) => ({
      path,
      why: short(caller.redact(message)),
    })),
  });
}

/** One that is not followed: a key is sent only to the server that it was given for. */
function redirection(location: string, { base, redact }: Caller): StashFailure {
  const target = URL.parse(location, base.href);
  const at = shown(base);
  if (target?.hostname !== base.hostname) {
    return new StashFailure(
      'source.redirect',
      `${at} sends us to another host: ${redact(target?.host ?? 'none')}.`,
      {
        remedy:
          'If that is a login in front of Stash, it may want a header (--header) or a certificate (--cert).',
      },
    );
  }
  if (/\/login\/?$/.test(target.pathname)) {
    return new StashFailure('source.unauthorized', `${at} asks us to log in.`, {
      remedy:
        'Give the API key with STOWAGE_API_KEY or --api-key-file (Stash: Settings → Security → API Key).',
    });
  }
  target.search = '';
  target.pathname = target.pathname.replace(/\/graphql\/?$/, '/');
  return new StashFailure('source.redirect', `${at} sends us on to ${redact(shown(target))}.`, {
    remedy: 'Use that address.',
  });
}

export const circleFailure = ({ base }: Caller): StashFailure =>
  new StashFailure('source.redirect', `${shown(base)} sends us round and round.`, {
    remedy: 'Look at the redirections of the proxy in front of it.',
  });

function retryAfter(header: string | string[] | undefined): { retryAfter?: number } {
  if (typeof header !== 'string') return {};
  const milliseconds = /^\d+$/.test(header)
    ? Number(header) * 1000
    : Date.parse(header) - Date.now();
  return Number.isNaN(milliseconds) ? {} : { retryAfter: Math.max(0, milliseconds) };
}

/** Errors come wrapped: in `cause`, or several (one an address of the host) in an AggregateError. */
function deepest(error: unknown): Error {
  let fault = error;
  while (fault instanceof Error) {
    const inner = fault instanceof AggregateError ? fault.errors[0] : fault.cause;
    if (!(inner instanceof Error)) return fault;
    fault = inner;
  }
  return new Error(String(fault));
}

const isPage = (headers: Answer['headers'], body: string): boolean =>
  String(headers['content-type']).startsWith('text/html') || body.trimStart().startsWith('<');

function tryInstead(base: URL): string {
  const others = otherAddresses(base);
  return others.length ? `Try ${others.join(' or ')}.` : '';
}

/** What the server said, to follow a message; nothing where it said nothing readable. */
function sentence(text: string): string {
  const line = short(text);
  return !line || line.startsWith('<') ? '' : ` It says: ${line}`;
}

/** Short, and on one line. */
function short(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  // Of a statement that failed the reason stands at the end.
  return line.length > 300 ? `${line.slice(0, 180)} … ${line.slice(-118)}` : line;
}
