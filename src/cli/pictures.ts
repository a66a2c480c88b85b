import { join } from 'node:path';
import type { ClientBase } from 'pg';
import type { OpenSource } from '../app.ts';
import { type Source, setPictures } from '../library/sources.ts';
import { bringPictures as bring } from '../media/bring.ts';
import { learnPictures } from '../media/learn.ts';
import { forgetLost } from '../media/lost.ts';
import { withPictures } from '../media/shown.ts';
import { PictureStore } from '../media/store.ts';
import type { Kind, Rec } from '../model/kinds.ts';
import type { Trouble } from '../model/reading.ts';
import { withoutPicture } from '../stash/pictures.ts';
import type { CommandContext } from './command.ts';

/** Opens the store of pictures, and makes the library's list of them true. */
export async function openPictures(
  { settings, output }: CommandContext,
  client: ClientBase,
): Promise<PictureStore> {
  const store = await PictureStore.open(join(settings.dataDirectory, 'pictures'));
  const lost = await forgetLost(client, store);
  if (lost > 0) output.warning(`${lost.toLocaleString('en')} pictures are gone from the store.`);
  return store;
}

/** Brings the pictures that are still missing. Returns how many could not be had. */
export async function bringPictures(
  context: CommandContext,
  client: ClientBase,
  { reading, suppliers, served, server }: OpenSource,
  source: Source,
  which: 'all' | 'none',
): Promise<number> {
  if (which === 'none') return 0;
  const { output, signal } = context;
  if (source.pictures === 'none') {
    await setPictures(client, source.id, 'all');
    source.pictures = 'all';
  }
  const store = await openPictures(context, client);
  let missing = 0;
  let before = 0;
  using stage = output.stage('pictures');
  const options = {
    client,
    source,
    store,
    progress: (done: number, of: number) => {
      stage.total = before + of;
      stage.advance(before + done - stage.done);
    },
    trouble: (trouble: Trouble) => {
      missing++;
      output.trouble(trouble);
    },
    signal,
  };
  if (reading.road === 'graphql' && served && server) {
    await learnPictures({
      ...options,
      served,
      without: (kind, field, stop) => withoutPicture(server, kind, field, stop),
    });
    before = stage.done;
  }
  await bring({ ...options, suppliers });
  stage.finish();
  return missing;
}

/** A source's records, with the pictures that its server shows for them where the road does not tell them. */
export function withShownPictures<K extends Kind>(
  kind: K,
  records: AsyncIterable<Rec<K>[]>,
  options: {
    context: CommandContext;
    client: ClientBase;
    source: OpenSource;
    known: Source;
    trouble: (trouble: Trouble) => void;
  },
): AsyncIterable<Rec<K>[]> {
  const { context, client, source, known, trouble } = options;
  const { reading, served, server } = source;
  if (known.pictures === 'none' || reading.road !== 'graphql' || !served || !server) return records;
  return withPictures(kind, records, {
    client,
    source: known,
    served,
    without: (of, field, stop) => withoutPicture(server, of, field, stop),
    trouble,
    signal: context.signal,
  });
}
