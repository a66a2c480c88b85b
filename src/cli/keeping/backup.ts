import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { createBackup } from '../../backup/create.ts';
import { PictureStore } from '../../media/store.ts';
import { StowageError } from '../../model/errors.ts';
import { secretToTake } from '../../secrets.ts';
import { type CommandDefinition, libraryOptions } from '../command.ts';
import { sumOf } from '../counting.ts';
import { amount } from '../display/words.ts';
import { lookingAtLibrary } from '../library.ts';
import { version } from '../version.ts';

interface Options {
  file: string;
  keys: boolean;
}

/** `stowage backup FILE`: the whole library in one file, to be kept elsewhere. */
export const backup: CommandDefinition<Options> = {
  configure: (command) =>
    libraryOptions(command)
      .argument('<file>', 'the file to write, for example library.tar.zst')
      .option('--no-keys', "leave out what the servers' keys are encrypted with"),
  run: (context, { file, keys }) =>
    lookingAtLibrary(context, async (client) => {
      const { output, settings, signal } = context;
      await refuseExisting(file);
      using stage = output.stage('backup', { unit: 'bytes' });
      const created = await createBackup({
        client,
        store: PictureStore.at(join(settings.dataDirectory, 'pictures')),
        secret: keys ? await secretToTake(settings) : undefined,
        file,
        version: version(),
        progress: (bytes) => stage.advance(bytes),
        signal,
      });
      stage.finish();
      const { pictures, missing } = created;
      const bytes = sumOf(Object.values(created.bytes));
      output.line(
        `${file} holds the library: ${amount(bytes, 'bytes')} of records, ${pictures.toLocaleString('en')} pictures.`,
      );
      if (missing.length > 0) {
        output.warning(
          `${missing.length.toLocaleString('en')} pictures are missing from the library, and so from the backup: \`stowage status\`.`,
        );
      }
      return {
        complete: missing.length === 0,
        summary: { file, bytes, pictures, missing: missing.length },
      };
    }),
};

/** A backup is never written over another. */
async function refuseExisting(file: string): Promise<void> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  throw new StowageError('usage', 'There is a file of that name already.', {
    item: file,
    remedy: 'Choose another name, or delete that file first.',
  });
}
