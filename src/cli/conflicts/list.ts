import { listConflicts } from '../../library/conflicts.ts';
import { atLeast, type CommandDefinition, libraryOptions } from '../command.ts';
import { lookingAtLibrary } from '../library.ts';
import { type FilterOptions, filterOf, filterOptions } from './filter.ts';
import { type Asked, asked, placeOf, valueWords } from './words.ts';

interface Options extends FilterOptions {
  after: number;
  limit: number;
}

/** `stowage conflicts`: what both sides changed differently, and a person has to say. */
export const list: CommandDefinition<Options> = {
  configure: (command) =>
    filterOptions(libraryOptions(command))
      .option('--after <number>', 'only those after this one', atLeast(0), 0)
      .option('--limit <number>', 'how many at most', atLeast(1), 100),
  run: (context, { after, limit, ...options }) =>
    lookingAtLibrary(context, async (client) => {
      const { output } = context;
      const filter = await filterOf(client, options);
      const conflicts = await listConflicts(client, filter, { after, limit });
      const all = await asked(client, conflicts);
      for (const one of all) {
        const { conflict, label, source } = one;
        const { id, kind, remoteId, library, source: there } = conflict;
        output.event('conflict', { ...conflict, source: there, of: source, label });
        const values = `library ${valueWords(one, library)}, ${source} ${valueWords(one, there)}`;
        output.line(
          `${String(id).padStart(5)}  ${kind} ${label} (${source}:${remoteId})  ${placeOf(one)}: ${values}`,
        );
      }
      if (conflicts.length === 0) output.line('No questions wait.');
      else
        output.note(
          `Say who is right: \`stowage conflicts resolve NUMBER --take ${sidesOf(all)}\`.`,
        );
      if (conflicts.length === limit) {
        output.note(`\`stowage conflicts --after ${conflicts.at(-1)?.id}\` goes on.`);
      }
      return { complete: true, summary: { conflicts: conflicts.length } };
    }),
};

/** `library|main`; of questions about several sources `library|stash`, which is each one's own. */
function sidesOf(all: readonly Asked[]): string {
  const sources = new Set(all.map(({ source }) => source));
  const [only = 'stash'] = sources;
  return `library|${sources.size === 1 ? only : 'stash'}`;
}
