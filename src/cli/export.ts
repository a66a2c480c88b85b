import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { makeFolder } from '../library/disk.ts';
import { filesById, InverseReader } from '../library/inverses.ts';
import { LibraryRecords } from '../library/read.ts';
import type { Source } from '../library/sources.ts';
import { exportPictures } from '../media/exportPictures.ts';
import { PictureStore } from '../media/store.ts';
import type { Id } from '../model/fields.ts';
import type { Rec } from '../model/kinds.ts';
import { jsonText } from '../model/records.ts';
import { plural } from '../model/vocabulary.ts';
import { type ServedKind, servedBy, servedKinds } from '../stash/serve.ts';
import { type CommandContext, type CommandDefinition, libraryOptions } from './command.ts';
import { sumOf } from './counting.ts';
import { lookingAtLibrary, namedSource } from './library.ts';
import { pictureFolder } from './pictures.ts';
import type { Stage } from './stage.ts';

interface Options {
  as: string;
  out: string;
  pictures?: boolean;
}

/**
 * `stowage export --as main --out DIR`: every record as that source serves it, one JSON Lines file a kind; with `--pictures`
 * also their pictures.
 */
export const exportCommand: CommandDefinition<Options> = {
  configure: (command) =>
    libraryOptions(command)
      .requiredOption('--as <source>', 'whose words and ids to use: the name of a source')
      .requiredOption('--out <dir>', 'the folder to write into')
      .option('--pictures', 'write the pictures too, as pictures/MD5.jpg'),
  run: (context, options) =>
    lookingAtLibrary(context, async (client) => {
      const source = await namedSource(client, options.as);
      await makeFolder(resolve(options.out), 0o700);
      const records = await LibraryRecords.begin([client], source);
      const counts = await records.counts();
      const exported: { [kind: string]: number } = {};
      for (const kind of servedKinds) {
        using stage = context.output.stage(plural[kind], { total: counts[kind] });
        const file = join(options.out, `${plural[kind]}.jsonl`);
        const lines = served(client, source, records, kind, stage);
        // Under another name until it is whole: half an export must not look like one.
        await pipeline(lines, createWriteStream(`${file}.part`, { mode: 0o600 }), {
          signal: context.signal,
        });
        await rename(`${file}.part`, file);
        exported[kind] = stage.done;
        stage.finish();
      }
      const { written, missing } = options.pictures
        ? await pictures(context, client, source, options.out)
        : { written: 0, missing: 0 };
      await records.end();
      const total = sumOf(Object.values(exported)).toLocaleString('en');
      const and = options.pictures ? ` and ${written.toLocaleString('en')} pictures` : '';
      context.output.line(`Exported ${total} records${and} as ${source.name} serves them.`);
      if (missing > 0) {
        context.output.warning(
          `${missing.toLocaleString('en')} pictures are missing here: \`stowage migrate --name ${source.name} --from …\` fetches them.`,
        );
      }
      return { complete: missing === 0, summary: { counts: exported, pictures: written } };
    }),
};

async function pictures(
  { settings, output, signal }: CommandContext,
  client: ClientBase,
  source: Source,
  out: string,
): Promise<{ written: number; missing: number }> {
  using stage = output.stage('pictures');
  let missing = 0;
  const written = await exportPictures({
    client,
    source,
    store: PictureStore.at(pictureFolder({ settings })),
    folder: resolve(out, 'pictures'),
    progress: (done, of) => {
      stage.total = of;
      stage.advance(done - stage.done);
    },
    trouble: (trouble) => {
      missing++;
      output.trouble(trouble);
    },
    signal,
  });
  stage.finish();
  return { written, missing };
}

async function* served<K extends ServedKind>(
  client: ClientBase,
  source: Source,
  records: LibraryRecords,
  kind: K,
  stage: Stage,
): AsyncGenerator<string> {
  const write = servedBy(source.profile);
  const inverses = await InverseReader.open(client, source, kind);
  for await (const batch of records.records(kind)) {
    const filed = batch as { files?: Id[] }[];
    const files = await filesById(
      client,
      source,
      filed.flatMap(({ files }) => files ?? []),
    );
    let lines = '';
    for (const record of batch) {
      const { files: ids = [] } = record as { files?: Id[] };
      const around = {
        ...(await inverses.of(record.id)),
        files: ids.flatMap((id) => files.get(id) ?? ([] as Rec<'file'>[])),
      };
      lines += `${jsonText(write(kind, record, around as never))}\n`;
    }
    yield lines;
    stage.advance(batch.length);
  }
  await inverses.close();
}
