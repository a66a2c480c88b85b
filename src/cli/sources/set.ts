import { markDeletedEdited } from '../../library/links.ts';
import { markNamingUnlinked } from '../../library/naming.ts';
import { changeSource, type Source } from '../../library/sources.ts';
import { StowageError } from '../../model/errors.ts';
import { backUpThere } from '../../stash/write/backup.ts';
import { creatable } from '../../sync/projection.ts';
import {
  type CommandContext,
  type CommandDefinition,
  libraryOptions,
  type Outcome,
} from '../command.ts';
import { reachKnown, remember } from '../knownSource.ts';
import { lockForWriting, namedSource, withLibrary } from '../library.ts';
import { openSource } from '../opening.ts';
import { accessOptions, type SourceOptions } from '../source.ts';
import { mirrorOf, syncingOf } from '../syncing.ts';
import { tellUnsent } from '../tellUnsent.ts';
import { printedSettings, toldSettings } from './settings.ts';

interface Options extends Omit<SourceOptions, 'from'> {
  from?: string;
  name: string;
  settings: string[];
}

/** `stowage sources set NAME writes=on …`: how a source is treated from now on. */
export const set: CommandDefinition<Options> = {
  configure: (command) =>
    accessOptions(
      libraryOptions(command)
        .argument('<name>', 'the source')
        .argument(
          '<settings...>',
          'writes=on|off, policy=library|NAME|newest|ask, policy.scene.title=ask, policy.tag=NAME, ' +
            'deletions=library|NAME|both|none, successors=ask|accept, map=FROM=TO, endpoint=OLD=NEW ' +
            '(NAME: the name of the source)',
        )
        .option('--from <address>', 'with writes=on: where it is (default: where it was reached)'),
    ),
  run: (context, options) =>
    withLibrary(context, async (client) => {
      const source = await namedSource(client, options.name);
      const told = toldSettings(options.settings, source);
      await lockForWriting(client);
      if (told.deletions ?? told.writes) await markDeletedEdited(client, source);
      const treated = { ...source, ...told };
      const summary =
        told.writes && !source.writes ? await beforeWriting(context, client, treated, options) : {};
      await changeSource(client, source.id, told);
      context.output.line(`${source.name}  ${printedSettings(treated).join('  ')}`);
      return { complete: true, summary };
    }),
};

/** Nothing is ever written before the person saw what would be, and the server made a backup. */
async function beforeWriting(
  context: CommandContext,
  client: Parameters<typeof reachKnown>[0],
  treated: Source,
  options: Options,
): Promise<NonNullable<Outcome['summary']>> {
  const { output, signal } = context;
  const known = await reachKnown(client, options, context);
  const { reached } = known;
  if (!('server' in reached)) {
    throw new StowageError('usage', 'A database file cannot be written to.', {
      remedy: 'Give the address of the Stash itself with --from.',
    });
  }
  const mirror = await mirrorOf(context, client, known, { isLookedAt: true });
  await using opened = await openSource(reached, { via: 'auto', mirror }, { again: true }, context);
  using syncing = syncingOf(context, client, opened, treated, {});
  await markNamingUnlinked(client, treated, creatable);
  const counts = await tellUnsent(output, syncing, {
    some: `The next sync would write to ${treated.name}:`,
    none: `There is nothing to write to ${treated.name} yet.`,
  });
  await backUpThere(reached.server, signal);
  output.line(`${treated.name} has made a backup of its database, among its own.`);
  await remember(client, treated, reached.access, context);
  return { counts };
}
