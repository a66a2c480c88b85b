import type { Command } from 'commander';
import { splitSource } from '../../library/parting.ts';
import { changeSource, findSource, type Source } from '../../library/sources.ts';
import { StowageError } from '../../model/errors.ts';
import { openSecrets } from '../../secrets.ts';
import { type CommandContext, type CommandDefinition, libraryOptions } from '../command.ts';
import { lockForWriting, namedSource, withLibrary } from '../library.ts';

interface Options {
  name: string;
  accept?: boolean;
  push?: boolean;
  asNew?: string;
}

/** `stowage sources resolve NAME`: says what is right of a source that is not what it was (design.md §5.1). */
export const resolve: CommandDefinition<Options> = {
  configure: (command: Command) =>
    libraryOptions(command)
      .argument('<name>', 'the source')
      .option('--accept', 'what it has now is right: the library takes it over')
      .option('--push', 'what the library has is right: it is put back into the source')
      .option('--as-new <name>', 'it is another Stash: a source of its own, by this name'),
  run: (context, options) =>
    withLibrary(context, async (client) => {
      const { output } = context;
      const { name, accept, push, asNew } = options;
      const ways = [accept, push, asNew].filter((way) => way !== undefined);
      if (ways.length !== 1) {
        throw new StowageError('usage', 'Say which way out is meant.', {
          remedy: 'Give one of --accept, --push and --as-new NAME.',
        });
      }
      await lockForWriting(client);
      const source = await namedSource(client, name);
      if (asNew !== undefined) {
        if (await findSource(client, asNew)) {
          throw new StowageError('usage', `There is a source ${asNew} already.`);
        }
        const sealedKey = await sealedAnew(source, asNew, context);
        await splitSource(client, source, { name: asNew, sealedKey });
        output.line(`${name} keeps its records, and is nowhere now.`);
        output.line(`What answers at its address is ${asNew}: \`stowage sync --name ${asNew}\`.`);
      } else {
        if (!push && source.standing === 'ok') {
          throw new StowageError('usage', `Nothing is to be resolved about ${name}.`, {
            remedy: `What changed there comes with \`stowage sync --name ${name}\`.`,
          });
        }
        const standing = push ? 'push' : 'accept';
        await changeSource(client, source.id, { standing });
        output.line(
          push
            ? 'The next sync puts the library back into it. See it before with `stowage sync --dry-run`.'
            : 'The next sync takes its state over. See it before with `stowage sync --dry-run`.',
        );
        if (push && !source.writes) {
          output.warning(
            `Nothing is written to ${name} yet: switch it on with \`stowage sources set ${name} writes=on\`.`,
          );
        }
      }
      return { complete: true };
    }),
};

/** The key is sealed for one source: it opens for no other. */
async function sealedAnew(
  { name, sealedKey }: Source,
  other: string,
  { settings, redactor }: CommandContext,
): Promise<string | null> {
  if (sealedKey === null) return null;
  const secrets = await openSecrets(settings, { make: false });
  const key = secrets.open(sealedKey, name);
  redactor.add(key);
  return secrets.seal(key, other);
}
