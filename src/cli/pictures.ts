import { join } from 'node:path';
import type { ClientBase } from 'pg';
import type { OpenSource } from '../app.ts';
import { type Source, setPictures } from '../library/sources.ts';
import { bringPictures as bring } from '../media/bring.ts';
import { learnPictures } from '../media/learn.ts';
import { type Closeness, forgetLost } from '../media/listed.ts';
import { withPictures } from '../media/shown.ts';
import { PictureStore } from '../media/store.ts';
import { isVouchedFor, vouch } from '../media/vouched.ts';
import type { Kind, Rec } from '../model/kinds.ts';
import type { Trouble } from '../model/reading.ts';
import { withoutPicture } from '../stash/pictures.ts';
import type { CommandContext } from './command.ts';
import { several } from './counting.ts';
import type { Stage } from './stage.ts';

/** The folder of pictures. */
export const pictureFolder = ({ settings }: Pick<CommandContext, 'settings'>): string =>
  join(settings.dataDirectory, 'pictures');

/**
 * How closely the folder is looked at: whether it is the one that the library knows; or, where it is not and in any case
 * with another word, file by file.
 */
type FolderLook = 'token' | Exclude<Closeness, 'sizes'>;

/** Opens the store of pictures, and takes off the library's list what is not there. */
async function openPictures(
  context: CommandContext,
  client: ClientBase,
  look: FolderLook,
): Promise<PictureStore> {
  const { output, signal } = context;
  const store = await PictureStore.open(pictureFolder(context));
  const isVouched = await isVouchedFor(client, store);
  if (look === 'token' && isVouched) return store;
  const closeness = look === 'token' ? 'changed' : look;
  using stage = output.stage('check');
  const progress = (count: number) => stage.advance(count);
  const lost = await forgetLost({ client, store, closeness, signal, progress });
  stage.finish();
  if (!isVouched) await vouch(client, store);
  if (lost > 0) {
    const pictures = several(lost, 'picture is', 'pictures are');
    output.warning(`${pictures} missing from the folder of pictures, or damaged there.`);
  }
  return store;
}

interface BringingOptions {
  which: Source['pictures'];
  look: FolderLook;
  /** Whether records may have come whose pictures are not known yet. */
  learns?: boolean;
}

/** Brings the pictures that are still missing. Returns how many came, and how many could not be had. */
export async function bringPictures(
  context: CommandContext,
  client: ClientBase,
  { reading, suppliers, served, server }: OpenSource,
  source: Source,
  { which, look, learns = true }: BringingOptions,
): Promise<{ came: number; missing: number }> {
  if (which === 'none') return { came: 0, missing: 0 };
  const { output, signal } = context;
  if (source.pictures === 'none') {
    await setPictures(client, source.id, 'all');
    source.pictures = 'all';
  }
  const store = await openPictures(context, client, look);
  let missing = 0;
  let before = 0;
  using stages = new DisposableStack();
  let stage: Stage | undefined;
  const options = {
    client,
    source,
    store,
    progress: (done: number, of: number) => {
      stage ??= stages.use(output.stage('pictures'));
      stage.total = before + of;
      stage.advance(before + done - stage.done);
    },
    trouble: (trouble: Trouble) => {
      missing++;
      output.trouble(trouble);
    },
    signal,
  };
  if (learns && reading.road === 'graphql' && served && server) {
    await learnPictures({
      ...options,
      served,
      without: (kind, field, stop) => withoutPicture(server, kind, field, stop),
    });
    before = stage?.done ?? 0;
  }
  const { fetched } = await bring({ ...options, suppliers });
  stage?.finish();
  return { came: fetched, missing };
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
