import { StowageError } from '../model/errors.ts';
import type { Id, PictureId } from '../model/fields.ts';
import type { Kind } from '../model/kinds.ts';

/** The record that has a picture, and the field that it has it in. */
export interface Owner {
  kind: Kind;
  id: Id;
  field: string;
}

/** Somewhere to take a source's pictures from. */
export interface Supplier {
  /** For people: `the database file`. */
  readonly name: string;
  /** Bytes that may be the picture, the likeliest first; none where it has no such picture. */
  offers(md5: PictureId, owners: readonly Owner[], signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Failures that may concern one picture only. */
const ofOnePicture = new Set<string>([
  'source.failed',
  'source.incomplete',
  'source.timeout',
  'source.too-large',
  'source.not-a-stash',
  'source.file-damaged',
  'source.file-unreadable',
]);

/** So many failures with no success in between are not the pictures' fault. */
const tooMany = 20;

/** Tells a picture that cannot be had from a source that gives nothing any more. */
export class Patience {
  #failures = 0;

  succeeded(): void {
    this.#failures = 0;
  }

  /** Why this picture cannot be had. Throws the failure where it is not about one picture only. */
  failed(error: unknown): string {
    const oneOnly = error instanceof StowageError && ofOnePicture.has(error.code);
    if (!oneOnly || ++this.#failures >= tooMany) throw error;
    return error.message;
  }
}
