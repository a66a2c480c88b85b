import { join } from 'node:path';
import { openBackup, restoreBackup } from '../../backup/restore.ts';
import { knownMigrations } from '../../library/migrations.ts';
import { PictureStore } from '../../media/store.ts';
import { keepSecret } from '../../secrets.ts';
import { type CommandDefinition, libraryOptions } from '../command.ts';
import { amount } from '../display/words.ts';
import { withLibrary } from '../library.ts';

interface Options {
  file: string;
}

/** `stowage restore-library FILE`: a library as a backup has it, where there is none yet. */
export const restoreLibrary: CommandDefinition<Options> = {
  configure: (command) =>
    libraryOptions(command).argument('<file>', 'what `stowage backup` has written'),
  async run(context, { file }) {
    const { output, settings, signal } = context;
    const known = await knownMigrations();
    const backup = await openBackup(
      file,
      known.map(({ number }) => number),
    );
    // As it was then; whoever opens it next brings it up to date.
    const migrations = known.filter(({ number }) => backup.steps.includes(number));
    return withLibrary(
      context,
      async (client, { where }) => {
        let isOwn = true;
        let bytes = 0;
        using stage = output.stage('restore', { unit: 'bytes' });
        const { pictures } = await restoreBackup({
          client,
          backup,
          store: await PictureStore.open(join(settings.dataDirectory, 'pictures')),
          keepSecret: async (secret) => {
            isOwn =
              settings.secret === undefined && (await keepSecret(settings.dataDirectory, secret));
          },
          progress: (more) => {
            bytes += more;
            stage.advance(more);
          },
          indexing: () => {},
          signal,
        });
        stage.finish();
        output.line(
          `The library of ${backup.madeAt.slice(0, 16).replace('T', ' ')} is in ${where}: ${amount(bytes, 'bytes')}, ${pictures.toLocaleString('en')} pictures.`,
        );
        if (!isOwn) {
          output.warning(
            'The keys of its servers are encrypted with another secret than the one here: give them again, with --api-key-file.',
          );
        }
        output.line(
          '`stowage sync` compares everything with each source, and brings both in step.',
        );
        return { complete: true, summary: { madeAt: backup.madeAt, bytes, pictures } };
      },
      { make: true, migrations },
    );
  },
};
