import type { StowageError } from './errors.ts';
import type { Id, PictureId } from './fields.ts';
import type { Values } from './held.ts';
import type { Kind } from './kinds.ts';

/** What is to become of one record of a source. */
export interface SourceChange {
  kind: Kind;
  /** Null for one that is to be made. */
  remoteId: Id | null;
  action: 'create' | 'update' | 'delete';
  /** What it has as far as we know, and is to have: only the fields concerned, in the source's own ids. */
  before: Values;
  after: Values;
}

/** A part of a record that the source did not take: an alias, a custom field, one of two addresses. */
export interface LeftOut {
  field: string;
  /** What it is called: the alias itself, the custom field's name; a record's number. '' for the field as a whole. */
  key: string;
  /** What the source said, or why it was not sent. */
  why: string;
}

/** A change that the source has made. */
export interface Written {
  change: SourceChange;
  remoteId: Id;
  /**
   * The fields as it keeps them now, and when it says it changed the record (`updatedAt`; for a new one `createdAt`
   * too). What it cannot hold is not among them; it may hold other values than it was sent (it trims texts, say).
   */
  record: Values;
  /** What of these fields it did not take. */
  left?: readonly LeftOut[];
}

/** A change that the source did not make, or not wholly. */
export interface Refused {
  change: SourceChange;
  error: StowageError;
  /** What it made of it nevertheless. */
  written?: { remoteId: Id; record: Values; left?: readonly LeftOut[] };
}

export type WriteResult = Written | Refused;

export interface WriterOptions {
  /** The bytes of a picture, or null where we do not hold them. */
  picture?: (picture: PictureId) => Promise<Buffer | null>;
  /**
   * Awaited before changes are sent, each once: what is not named here was not sent. Never called while a result is
   * being used, so that both may go through one connection.
   */
  onSending?: (changes: readonly SourceChange[]) => Promise<void>;
  /** How long to wait for tasks that the server runs, in milliseconds. */
  patience?: number;
  /** Before the second try of what failed, in milliseconds. */
  firstPause?: number;
  /** Told when waiting for the server's own task begins. */
  onWaiting?: (task: string) => void;
}

/** Writes to a source. */
export interface Writer {
  /**
   * Makes the changes, all of one kind and action, and tells of each what came of it; in which order is not said.
   * Names that swap and edges that turn round are seen among the changes of one call.
   * Where it is interrupted, or throws, those that were answered are still told of. Of the others that were named to
   * `onSending` it is not known whether they arrived.
   */
  write(changes: readonly SourceChange[], signal?: AbortSignal): AsyncIterable<WriteResult>;
}
