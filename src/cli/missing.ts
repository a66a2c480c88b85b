import type { ClientBase } from 'pg';
import { labelsOf } from '../library/labels.ts';
import { linksOf } from '../library/links.ts';
import type { Source } from '../library/sources.ts';
import { lostPictures } from '../media/listed.ts';
import { countMissing, missingPictures } from '../media/picturesOf.ts';
import { PictureStore } from '../media/store.ts';
import type { Owner } from '../media/supplier.ts';
import { isVouchedFor } from '../media/vouched.ts';
import type { CommandContext } from './command.ts';
import { andMore } from './counting.ts';
import { pictureFolder } from './pictures.ts';

/**
 * How many pictures the folder lacks that are listed as held in it. Only where it is not the folder that the library knows
 * is it looked through: that takes as long as it takes to find each file.
 */
export async function goneFromFolder(context: CommandContext, client: ClientBase): Promise<number> {
  const store = PictureStore.at(pictureFolder(context));
  if (await isVouchedFor(client, store)) return 0;
  const { signal } = context;
  return (await lostPictures({ client, store, closeness: 'sizes', signal })).size;
}

/** How many pictures of a source's records are not held, though they were to be brought. */
export const missingOf = async (client: ClientBase, source: Source): Promise<number> =>
  source.pictures === 'none' ? 0 : await countMissing(client, source);

/** People look at so many; a machine gets all. */
const mostShown = 20;

/** Names the records of a source whose pictures are not held. */
export async function tellMissing(
  { output }: CommandContext,
  client: ClientBase,
  source: Source,
): Promise<void> {
  const shown: Owner[] = [];
  let all = 0;
  for await (const pictures of missingPictures(client, source)) {
    for (const { md5, owners } of pictures) {
      for (const owner of owners) {
        output.event('missing', { ...owner, source: source.name, md5 });
        if (shown.length < mostShown) shown.push(owner);
        all++;
      }
    }
  }
  for (const [kind, some] of Map.groupBy(shown, (owner) => owner.kind)) {
    const ids = some.map(({ id }) => id).sort((a, b) => a - b);
    const links = await linksOf(client, source, kind, ids);
    const labels = await labelsOf(
      client,
      kind,
      [...links.values()].map(({ libraryId }) => libraryId),
    );
    for (const { id, field } of some) {
      const label = labels.get(links.get(id)?.libraryId ?? '') || '(no name)';
      output.line(`${' '.repeat(10)}${kind} ${label} (${source.name}:${id}): ${field}`);
    }
  }
  if (all > shown.length) output.line(andMore(all - shown.length));
}
