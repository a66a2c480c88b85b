/**
 * Every failure that a person may meet is one of these: a stable code, what happened and to what, and what to do.
 * Only the outermost layer turns them into exit codes (or HTTP answers). Never put a key, a query string or a
 * private text into a message.
 */
export class StowageError extends Error {
  override readonly name = 'StowageError';
  readonly code: ErrorCode;
  /** What to do about it: a sentence, shown under the message. */
  readonly remedy: string | undefined;
  /** The record or thing concerned: `scene 12`, a path, an address without its query. */
  readonly item: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { remedy?: string; item?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy;
    this.item = options.item;
  }
}

/** Stable names: a retired one is never used again. The first part says which side it concerns. */
export type ErrorCode =
  // what the person asked for
  | 'usage'
  | 'interrupted'
  // the source: a Stash server, or its database file
  | 'source.unreachable'
  | 'source.timeout'
  | 'source.tls'
  | 'source.not-a-stash'
  | 'source.unauthorized'
  | 'source.forbidden'
  | 'source.not-ready'
  | 'source.unsupported'
  | 'source.redirect'
  | 'source.throttled'
  | 'source.too-large'
  | 'source.failed'
  | 'source.refused'
  | 'source.locked'
  | 'source.incomplete'
  | 'source.moving'
  | 'source.file-unreadable'
  | 'source.file-not-sqlite'
  | 'source.file-not-stash'
  | 'source.file-damaged'
  | 'source.changed'
  // the library: PostgreSQL and what we keep beside it
  | 'library.unreachable'
  | 'library.forbidden'
  | 'library.too-old'
  | 'library.too-new'
  | 'library.busy'
  | 'library.failed'
  | 'library.embedded'
  | 'library.rejected'
  | 'library.occupied'
  | 'backup.damaged'
  // this machine
  | 'secret.wrong'
  | 'secret.exposed'
  | 'disk.full'
  | 'disk.failed'
  | 'internal';
