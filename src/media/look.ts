import type { Id, PictureId } from '../model/fields.ts';
import { IdSet } from '../model/idSet.ts';
import type { Kind } from '../model/kinds.ts';
import type { PictureField } from './fields.ts';
import type { ServedPictures } from './servedPictures.ts';
import { type Owner, Patience } from './supplier.ts';

/** Where a server's pictures are looked up, record by record: what GraphQL tells of them is where they are. */
export interface Looking {
  served: ServedPictures;
  /**
   * The records of a kind that have no picture of their own in a field, as Stash's `is_missing` filters tell for all
   * six of them (v0.25 to v0.30). The addresses would not do: that of a scene's cover always shows something.
   */
  without: (kind: Kind, field: string, signal: AbortSignal) => Promise<Id[]>;
  signal: AbortSignal;
}

/** What is seen of a record's picture; null where it has none; or why that cannot be told. */
export type Look<P> = (id: Id, stop: AbortSignal) => Promise<P | null | string>;

/** Asks for a picture that is there, and tells it from the stand-in that is shown for one that is lost. */
export type See<P> = (
  owner: Owner,
  standIn: PictureId | undefined,
  stop: AbortSignal,
) => Promise<P | 'gone' | 'lost'>;

/** Looks up the pictures of one field; `any` is the id of one of its records. */
export async function looking<P extends object>(
  { served, without, signal }: Looking,
  { kind, field }: Pick<PictureField, 'kind' | 'field'>,
  any: Id,
  see: See<P>,
  patience = new Patience(),
): Promise<Look<P>> {
  const bare = await without(kind, field, signal);
  const none = new IdSet();
  for (const id of bare) none.add(id);
  const standInOf = (id: Id, stop: AbortSignal) =>
    served.standIn({ kind, id, field }, bare[0], stop);
  // A performer's depends on the name; for every other kind there is one.
  const shared = kind === 'performer' ? undefined : await standInOf(any, signal);
  return async (id, stop) => {
    if (none.has(id)) return null;
    try {
      const standIn = kind === 'performer' ? await standInOf(id, stop) : shared;
      const seen = await see({ kind, id, field }, standIn, stop);
      patience.succeeded();
      if (seen === 'gone') return 'the server no longer has this record';
      if (seen === 'lost') return 'the server has lost it, and shows a stand-in';
      return seen;
    } catch (error) {
      stop.throwIfAborted();
      return patience.failed(error);
    }
  };
}
