import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { ClientBase } from 'pg';
import type { Reading } from '../../edit/assigned.ts';
import { keepPicture } from '../../edit/pictures.ts';
import type { Edited } from '../../edit/records.ts';
import { labelsOf } from '../../library/labels.ts';
import { PictureStore } from '../../media/store.ts';
import { counted } from '../../model/counted.ts';
import { StowageError } from '../../model/errors.ts';
import type { Values } from '../../model/held.ts';
import { fieldOf, type Kind } from '../../model/kinds.ts';
import { type CommandContext, libraryOptions, type Outcome } from '../command.ts';
import { lockForWriting, withLibrary } from '../library.ts';
import { pictureFolder } from '../pictures.ts';
import { namesIn } from './names.ts';
import { changeWords } from './words.ts';

/** Arguments that say which record is meant. */
export const recordArguments = (command: Command): Command =>
  libraryOptions(command)
    .argument('<kind>', 'scene, performer, studio, tag, group, gallery, image, marker, …')
    .argument('<id>', 'its library id, its number at a source (main:12), or its name');

/** Lends the library to a command that changes it. */
export const editing = <T>(
  context: CommandContext,
  use: (client: ClientBase) => Promise<T>,
): Promise<T> =>
  withLibrary(context, async (client) => {
    await lockForWriting(client);
    return use(client);
  });

/** What a command line's words are read with. */
export const readingOf = (context: CommandContext, client: ClientBase): Reading => ({
  client,
  now: Date.now(),
  picture: async (file) => {
    const bytes = await bytesOf(file);
    const store = await PictureStore.open(pictureFolder(context));
    return keepPicture(client, store, bytes, file);
  },
});

async function bytesOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StowageError('usage', `That picture cannot be read: ${code}.`, { item: file });
  }
}

type Done = 'Edited' | 'Created' | 'Deleted' | 'Restored' | 'Merged into';

/** What was done to the records that name this one, and to those that are part of it. */
const withIt: { [D in Done]: readonly [string, string] } = {
  Edited: ['changed with it:', 'changed with it:'],
  Created: ['changed with it:', 'created with it:'],
  Deleted: ['removed from', 'deleted with it:'],
  Restored: ['put back on', 'restored with it:'],
  'Merged into': ['named instead by', 'merged with it:'],
};

/** Says what a run did to a record, field by field. */
export async function tellEdited(
  { output }: CommandContext,
  client: ClientBase,
  kind: Kind,
  done: Done,
  { id, runId, changes, naming, parts }: Edited,
): Promise<Outcome> {
  const summary = { kind, id, run: runId, fields: [] as string[], naming, parts };
  if (runId === null) {
    output.line('Nothing to do: it is that way already.');
    return { complete: true, summary };
  }
  const fields = changes.filter(({ action, field }) => action === 'update' && field !== null);
  const values = fields.flatMap(({ field, before, after }): Values[] => [
    { [String(field)]: before },
    { [String(field)]: after },
  ]);
  const names = await namesIn(client, kind, values);
  const label = (await labelsOf(client, kind, [id])).get(id) || id;
  output.line(`${done} ${kind} ${label} (run ${runId}).`);
  for (const { field, before, after, why } of fields) {
    const name = String(field);
    output.event('changed', { kind, id, field, before, after });
    output.line(`  ${name}: ${changeWords(fieldOf(kind, name), before, after, names)}`);
    if (why !== null) output.warning(`${name} ${why}`);
    summary.fields.push(name);
  }
  const [places, whole] = withIt[done];
  if (Object.keys(naming).length > 0) output.line(`  ${places} ${counted(naming)}`);
  if (Object.keys(parts).length > 0) output.line(`  ${whole} ${counted(parts)}`);
  return { complete: true, summary };
}
