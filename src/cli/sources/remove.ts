import { rm } from 'node:fs/promises';
import { countLinked, removeSource } from '../../library/parting.ts';
import { counted } from '../../model/counted.ts';
import { type CommandDefinition, libraryOptions } from '../command.ts';
import { lockForWriting, namedSource, withLibrary } from '../library.ts';
import { mirrorFile } from '../syncing.ts';

interface Options {
  name: string;
}

/** `stowage sources remove NAME`: the library goes on without that source. */
export const remove: CommandDefinition<Options> = {
  configure: (command) => libraryOptions(command).argument('<name>', 'the source'),
  run: (context, { name }) =>
    withLibrary(context, async (client) => {
      await lockForWriting(client);
      const source = await namedSource(client, name);
      const counts = await countLinked(client, source);
      await removeSource(client, source);
      await rm(mirrorFile(context, name), { force: true });
      context.output.line(`${name} is no source any more.`);
      context.output.line(`What stays in the library: ${counted(counts)}, and their pictures.`);
      context.output.line(
        'What is gone: its address and key, its numbers and what was agreed with it, its questions. Nothing was sent to it.',
      );
      return { complete: true, summary: { removed: name, counts } };
    }),
};
