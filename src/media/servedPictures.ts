import { hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { StowageError } from '../model/errors.ts';
import type { Id, PictureId } from '../model/fields.ts';
import type { SourceProfile } from '../model/reading.ts';
import { isWebPage } from './page.ts';
import { type Held, isPictureId, type PictureStore } from './store.ts';
import type { Owner, Supplier } from './supplier.ts';

/** The part of `StashClient` that pictures need; null is what the server does not have. */
export interface MediaClient {
  media(path: string, options: MediaOptions): Promise<(Answer & { body: Readable }) | null>;
  /** A body to its end, as far as it fits in memory. */
  whole(body: Readable): Promise<Uint8Array>;
  /** As `media`, read to its end, and again where it breaks off. */
  bytes(path: string, options: MediaOptions): Promise<{ media: Answer; bytes: Uint8Array } | null>;
}
interface MediaOptions {
  signal: AbortSignal;
  /** What is held already: the answer may be 304, without bytes. */
  etag?: PictureId | undefined;
}
interface Answer {
  status: number;
  headers: { [name: string]: string | string[] | undefined };
  etag: string | null;
}

/** Pictures as a Stash server gives them: by record, with their MD5 as the ETag. */
export class ServedPictures implements Supplier {
  readonly name = 'the server';
  readonly #client: MediaClient;
  readonly #groups: 'group' | 'movie';

  constructor(client: MediaClient, profile: SourceProfile) {
    this.#client = client;
    // Groups were movies before v0.27. An address that a server does not know is answered with the web app.
    this.#groups = profile.types.Group ? 'group' : 'movie';
  }

  async *offers(
    md5: PictureId,
    owners: readonly Owner[],
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    for (const owner of owners) {
      const answer = await this.#client.bytes(this.#path(owner), { signal });
      if (answer === null) continue;
      if (isPage(answer.media) && hash('md5', answer.bytes) !== md5) throw page();
      yield answer.bytes;
    }
  }

  /**
   * Stores the picture that the server shows for a record now; its bytes are not fetched where the store holds them.
   * `gone`: there is no such record any more. `lost`: what it shows is only the `standIn`.
   */
  async keep(
    store: PictureStore,
    owner: Owner,
    standIn: PictureId | undefined,
    signal: AbortSignal,
  ): Promise<Held | 'gone' | 'lost'> {
    const path = this.#path(owner);
    const answer = await this.#client.media(path, { signal });
    if (answer === null) return 'gone';
    const { body } = answer;
    try {
      const md5 = md5Of(answer);
      if (isPage(answer) || (md5 === undefined && !isImage(answer))) throw page();
      if (md5 !== undefined && md5 === standIn) return 'lost';
      const held = md5 && (await store.check(md5));
      if (held) return held;
      const bytes = await this.#client.whole(body).catch(async () => {
        signal.throwIfAborted();
        return (await this.#client.bytes(path, { signal }))?.bytes;
      });
      if (bytes === undefined) return 'gone';
      if (isWebPage(bytes)) throw page();
      const kept = await store.put(bytes, md5);
      if (kept) return kept;
    } finally {
      body.destroy();
    }
    throw new StowageError('source.incomplete', 'the server gave other bytes than it announced');
  }

  /**
   * Which picture the server shows for a record now; its bytes are not fetched where it is the `expected` one. That may
   * be the stand-in: a group that is given only a back picture gets it for a front one.
   */
  async shown(
    owner: Owner,
    expected: PictureId | undefined,
    standIn: PictureId | undefined,
    signal: AbortSignal,
  ): Promise<{ md5: PictureId } | 'gone' | 'lost'> {
    const answer = await this.#client.bytes(this.#path(owner), { signal, etag: expected });
    if (answer === null) return 'gone';
    const { media, bytes } = answer;
    const same = media.status === 304 ? expected : undefined;
    const named = same ?? md5Of(media);
    if (isPage(media) || (named === undefined && !isImage(media))) throw page();
    const md5 = named ?? hash('md5', bytes);
    return md5 === standIn && md5 !== expected ? 'lost' : { md5 };
  }

  /**
   * The picture that Stash shows instead of one: where a record has none, but also where it has one and its bytes are
   * lost. It cannot be asked for of scenes: there `bare`, one without a cover, shows it. Undefined where that is not to
   * be told.
   */
  async standIn(
    owner: Owner,
    bare: Id | undefined,
    signal: AbortSignal,
  ): Promise<PictureId | undefined> {
    let path = `${this.#path(owner)}?default=true`;
    if (owner.kind === 'scene') {
      if (bare === undefined) return undefined;
      path = this.#path({ ...owner, id: bare });
    }
    const answer = await this.#client.bytes(path, { signal });
    // A cover from before v0.20 comes from a file of its own, without an MD5 as its ETag.
    return answer === null ? undefined : md5Of(answer.media);
  }

  #path({ kind, id, field }: Owner): string {
    switch (kind) {
      case 'scene':
        return `scene/${id}/screenshot`;
      case 'group':
        return `${this.#groups}/${id}/${field.toLowerCase()}`;
      default:
        return `${kind}/${id}/image`;
    }
  }
}

/** Undefined where a proxy put another ETag there, or none. */
const md5Of = ({ etag }: Answer): PictureId | undefined =>
  etag !== null && isPictureId(etag) ? etag : undefined;

/** Where no MD5 tells what the bytes are to be, only what says that it is an image is taken for one. */
const isImage = ({ headers }: Answer): boolean =>
  String(headers['content-type']).startsWith('image/');

const isPage = ({ headers }: Answer): boolean =>
  String(headers['content-type']).startsWith('text/html');

const page = () =>
  new StowageError('source.not-a-stash', 'The server gave something else instead of a picture.', {
    remedy:
      'Perhaps a login in front of Stash answered: run it again, with what that wants (--header, --cert).',
  });
