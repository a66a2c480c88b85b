import { LibraryRecords } from '../library/read.ts';
import { lastRoad } from '../library/sources.ts';
import type { Kind } from '../model/kinds.ts';
import { kindNames } from '../model/kinds.ts';
import { jsonText } from '../model/records.ts';
import { plural } from '../model/vocabulary.ts';
import { compareKind, type Difference } from '../sync/compare.ts';
import { type CommandDefinition, libraryOptions } from './command.ts';
import { namedSource, withLibrary } from './library.ts';
import { openSource, tellUnknown } from './opening.ts';
import { openPictures } from './pictures.ts';
import { type ReadingOptions, readingOptions } from './reading.ts';
import { isFile, sourceOptions } from './source.ts';

interface Options extends ReadingOptions {
  name: string;
}

/**
 * `stowage verify --from …`: reads the source again, by another road than it was brought by, and holds every field
 * of every record against the library.
 */
export const verify: CommandDefinition<Options> = {
  configure: (command) =>
    readingOptions(sourceOptions(libraryOptions(command))).option(
      '--name <source>',
      'what the source is called in the library',
      'main',
    ),
  async run(context, options) {
    const { output, signal } = context;
    return withLibrary(context, async (client) => {
      const known = await namedSource(client, options.name);
      const via =
        options.via === 'auto' && !isFile(options.from)
          ? otherRoad(await lastRoad(client, known))
          : options.via;
      await using source = await openSource({ ...options, via }, context);
      const { reading } = source;
      const counts = await reading.counts();
      if (known.pictures === 'all') await openPictures(context, client);
      const library = await LibraryRecords.begin(client, known);
      const compared: { [K in Kind]?: { records: number; fields: number; differences: number } } =
        {};
      const report = (difference: Difference) =>
        output.trouble({ ...difference, why: words(difference) });
      for (const kind of kindNames) {
        using stage = output.stage(plural[kind], { total: counts[kind] });
        compared[kind] = await compareKind(
          kind,
          counting(reading.records(kind, signal), stage),
          library.records(kind),
          report,
        );
        stage.finish();
      }
      await library.end();
      for (const trouble of reading.troubles) output.trouble(trouble);
      const sum = (what: 'records' | 'fields' | 'differences') =>
        Object.values(compared).reduce((total, found) => total + found[what], 0);
      const differences = sum('differences');
      output.line(
        `Compared ${sum('records').toLocaleString('en')} records, ${sum('fields').toLocaleString('en')} fields: ${differences === 0 ? 'no differences' : `${differences.toLocaleString('en')} differences`}.`,
      );
      const complete =
        tellUnknown(context, source) && differences === 0 && reading.troubles.length === 0;
      return { complete, summary: { road: reading.road, compared, differences } };
    });
  },
};

/** What was read by one road is proved by another. */
const otherRoad = (road: string | undefined) => (road === 'graphql' ? 'tables' : 'graphql');

async function* counting<T>(batches: AsyncIterable<T[]>, stage: { advance(count: number): void }) {
  for await (const batch of batches) {
    yield batch;
    stage.advance(batch.length);
  }
}

function words({ field, source, library }: Difference): string {
  if (field === null)
    return source === undefined ? 'is only in the library' : 'is not in the library';
  return `source ${short(source)}, library ${short(library)}`;
}

function short(value: unknown): string {
  if (value === undefined) return 'was never told';
  const text = jsonText(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
