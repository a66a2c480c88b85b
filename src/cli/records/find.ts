import { findRecords } from '../../edit/find.ts';
import { kindNamed } from '../../edit/words.ts';
import { inOneLine } from '../../library/labels.ts';
import { atLeast, type CommandDefinition, libraryOptions } from '../command.ts';
import { lookingAtLibrary } from '../library.ts';

interface Options {
  kind: string;
  text: string;
  deleted?: boolean;
  limit: number;
}

/** `stowage find performer anna`: which records have a text in their name, and their ids. */
export const find: CommandDefinition<Options> = {
  configure: (command) =>
    libraryOptions(command)
      .argument('<kind>', 'scene, performer, studio, tag, group, gallery, image, marker, …')
      .argument('<text>', 'a part of its name, title, alias or file name')
      .option('--deleted', 'among those that were deleted')
      .option('--limit <number>', 'how many at most', atLeast(1), 20),
  run(context, { kind: word, text, deleted, limit }) {
    const kind = kindNamed(word);
    return lookingAtLibrary(context, async (client) => {
      const { output } = context;
      const among = deleted ? 'deleted' : 'live';
      const { found, total } = await findRecords(client, kind, text, limit, among);
      for (const { id, label, numbers } of found) {
        output.event('found', { kind, id, label, numbers });
        output.line(`${id}  ${[inOneLine(label) || '(no name)', ...numbers].join('  ')}`);
      }
      if (found.length === 0) output.line(`No ${kind} has that in its name.`);
      const more = total - found.length;
      if (more > 0) {
        output.note(`${more.toLocaleString('en')} more: --limit ${total} shows them all.`);
      }
      return { complete: true, summary: { kind, found: found.length, more } };
    });
  },
};
