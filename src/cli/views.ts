import { dropViews, makeViews } from '../library/views.ts';
import { type CommandDefinition, libraryOptions } from './command.ts';
import { withLibrary } from './library.ts';

interface Options {
  drop?: boolean;
}

/** `stowage views`: the library under plain names, for people who write SQL. */
export const views: CommandDefinition<Options> = {
  configure: (command) =>
    libraryOptions(command).option('--drop', 'take them away again, and leave discreet names only'),
  run: (context, { drop }) =>
    withLibrary(context, async (client) => {
      const made = drop ? [] : await makeViews(client);
      if (drop) await dropViews(client);
      context.output.line(
        drop
          ? 'The views are gone.'
          : `${made.length} views in schema library, library.scenes among them: \\dv library.* lists them.`,
      );
      return { complete: true, summary: { views: made } };
    }),
};
