import type { ClientBase } from 'pg';
import { type Known, type Source, setKnown } from '../library/sources.ts';
import { fieldsOf } from '../model/kinds.ts';
import type { Trouble } from '../model/reading.ts';
import { type PictureField, pictureFields } from './fields.ts';
import { listAsHeld } from './held.ts';
import { type Look, type Looking, looking, type See } from './look.ts';
import { inParallel } from './parallel.ts';
import type { Held, PictureStore } from './store.ts';
import { Patience } from './supplier.ts';
import { countUnlearned, enter, type Learned, type Link, unlearned } from './unlearned.ts';

export interface LearnOptions extends Looking {
  client: ClientBase;
  /** Its `known` fields are completed. */
  source: Source;
  store: PictureStore;
  /** How many pictures are fetched at a time. */
  concurrency?: number;
  progress?: (done: number, of: number) => void;
  /** Told of each record whose picture cannot be had; the others go on. */
  trouble: (trouble: Trouble) => void;
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
  const keep: See<Held> = (...picture) => options.served.keep(options.store, ...picture);
  const of = await countUnlearned(client, source);
  let done = 0;
  const step = () => options.progress?.(++done, of);
  for (const place of pictureFields) {
    let look: Look<Held> | undefined;
    for await (const links of unlearned(client, source, place)) {
      look ??= await looking(options, place, (links[0] as Link).id, keep, patience);
      await learn(options, place, links, look, step);
    }
    if (source.known[place.kind]?.some((name) => name === place.field)) continue;
    source.known = withField(source.known, place);
    await setKnown(client, source.id, source.known);
  }
}

/** Looks up a batch of records, and enters what was seen. */
async function learn(
  { client, source, store, concurrency = 8, trouble, signal }: LearnOptions,
  place: PictureField,
  links: Link[],
  look: Look<Held>,
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

function withField(known: Known, { kind, field }: PictureField): Known {
  const names = new Set<string>([...(known[kind] ?? []), field]);
  return { ...known, [kind]: fieldsOf[kind].map(([name]) => name).filter((n) => names.has(n)) };
}
