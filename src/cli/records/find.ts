import { findRecords } from '../../edit/find.ts';
import { kindNamed } from '../../edit/words.ts';
import { inOneLine } from '../../library/labels.ts';
import { type CommandDefinition, libraryOptions } from '../command.ts';
import { withLibrary } from '../library.ts';

interface Options {
  kind: string;
  text: string;
  deleted?: boolean;
}

const mostShown = 20;

/** `stowage find performer anna`: which records have a text in their name or title, and their ids. */
export const find: CommandDefinition<Options> = {
  configure: (command) =>
    libraryOptions(command)
      .argument('<kind>', 'scene, performer, studio, tag, group, gallery, image, marker, …')
      .argument('<text>', 'a part of its name, title, alias or file name')
      .option('--deleted', 'among those that were deleted'),
  run(context, { kind: word, text, deleted }) {
    const kind = kindNamed(word);
    return withLibrary(context, async (client) => {
      const { output } = context;
      const among = deleted ? 'deleted' : 'live';
      const found = await findRecords(client, kind, text, mostShown + 1, among);
      const shown = found.slice(0, mostShown);
      for (const { id, label, numbers } of shown) {
        output.event('found', { kind, id, label, numbers });
        output.line(`${id}  ${[inOneLine(label) || '(no name)', ...numbers].join('  ')}`);
      }
      if (found.length === 0) output.line(`No ${kind} has that in its name.`);
      const more = found.length > mostShown;
      if (more) output.note(`There are more: these are the first ${mostShown}.`);
      return { complete: true, summary: { kind, found: shown.length, more } };
    });
  },
};
