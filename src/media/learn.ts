import type { ClientBase } from 'pg';
import { type Known, type Source, setKnown } from '../library/sources.ts';
import type { Id } from '../model/fields.ts';
import { IdSet } from '../model/idSet.ts';
import { fieldsOf, type Kind } from '../model/kinds.ts';
import type { Trouble } from '../model/reading.ts';
import { type PictureField, pictureFields } from './fields.ts';
import { listAsHeld } from './held.ts';
import { inParallel } from './parallel.ts';
import type { ServedPictures } from './servedPictures.ts';
import type { Held, PictureStore } from './store.ts';
import { Patience } from './supplier.ts';
import { countUnlearned, enter, type Learned, type Link, unlearned } from './unlearned.ts';

export interface LearnOptions {
  client: ClientBase;
  /** Its `known` fields are completed. */
  source: Source;
  store: PictureStore;
  served: ServedPictures;
  /**
   * The records of a kind that have no picture of their own in a field, as Stash's `is_missing` filters tell for all
   * six of them (v0.25 to v0.30). The addresses would not do: that of a scene's cover always shows something.
   */
  without: (kind: Kind, field: string, signal: AbortSignal) => Promise<Id[]>;
  /** How many pictures are fetched at a time. */
  concurrency?: number;
  progress?: (done: number, of: number) => void;
  /** Told of each record whose picture cannot be had; the others go on. */
  trouble: (trouble: Trouble) => void;
  signal: AbortSignal;
}

/**
 * Completes an import whose road does not tell pictures (GraphQL has addresses, no MD5s): fetches each record's, stores
 * it, and enters its MD5 in the record and in the link's base. A link whose base names the field is done: cut off
 * anywhere and run again, it goes on from there.
 *
 * @throws StowageError where no more pictures can be had: `source.unauthorized`, `source.unreachable`, `disk.full`, …
 */
export async function learnPictures(options: LearnOptions): Promise<void> {
  const { client, source } = options;
  const patience = new Patience();
  const of = await countUnlearned(client, source);
  let done = 0;
  const step = () => options.progress?.(++done, of);
  for (const place of pictureFields) {
    let look: Look | undefined;
    for await (const links of unlearned(client, source, place)) {
      look ??= await looking(options, place, links[0] as Link, patience);
      await learn(options, place, links, look, step);
    }
    source.known = withField(source.known, place);
    await setKnown(client, source.id, source.known);
  }
}

/** Looks up a batch of records, and enters what was seen. */
async function learn(
  { client, source, store, concurrency = 8, trouble, signal }: LearnOptions,
  place: PictureField,
  links: Link[],
  look: Look,
  step: () => void,
): Promise<void> {
  const { kind, field } = place;
  const learned: Learned[] = [];
  const held: Held[] = [];
  await inParallel(
    links,
    concurrency,
    async (link, stop) => {
      const picture = await look(link.id, stop);
      if (typeof picture === 'string') trouble({ kind, id: link.id, field, why: picture });
      else learned.push({ ...link, md5: picture?.md5 ?? null });
      if (typeof picture === 'object' && picture) held.push(picture);
      step();
    },
    signal,
  );
  await listAsHeld(client, store, held);
  await enter(client, source, place, learned);
}

/** A record's picture, stored; null where it has none; or why that cannot be told. */
type Look = (id: Id, stop: AbortSignal) => Promise<Held | null | string>;

async function looking(
  { store, served, without, signal }: LearnOptions,
  { kind, field }: PictureField,
  any: Link,
  patience: Patience,
): Promise<Look> {
  const bare = await without(kind, field, signal);
  const none = new IdSet();
  for (const id of bare) none.add(id);
  const standInOf = (id: Id, stop: AbortSignal) =>
    served.standIn({ kind, id, field }, bare[0], stop);
  // A performer's depends on the name; for every other kind there is one.
  const shared = kind === 'performer' ? undefined : await standInOf(any.id, signal);
  return async (id, stop) => {
    if (none.has(id)) return null;
    try {
      const standIn = kind === 'performer' ? await standInOf(id, stop) : shared;
      const kept = await served.keep(store, { kind, id, field }, standIn, stop);
      patience.succeeded();
      if (kept === 'gone') return 'the server no longer has this record';
      if (kept === 'lost') return 'the server has lost it, and shows a stand-in';
      return kept;
    } catch (error) {
      stop.throwIfAborted();
      return patience.failed(error);
    }
  };
}

function withField(known: Known, { kind, field }: PictureField): Known {
  const names = new Set<string>([...(known[kind] ?? []), field]);
  return { ...known, [kind]: fieldsOf[kind].map(([name]) => name).filter((n) => names.has(n)) };
}
