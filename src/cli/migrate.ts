import { Option } from 'commander';
import type { ClientBase } from 'pg';
import type { OpenSource } from '../app.ts';
import { feedFromFile, feedFromReading } from '../feeds.ts';
import { firstImport } from '../library/firstImport.ts';
import { seenRecords } from '../library/seen.ts';
import { findSource, listSources, type Source } from '../library/sources.ts';
import { storable } from '../library/storable.ts';
import { keptTroubles } from '../library/troubles.ts';
import { StowageError } from '../model/errors.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import { sameValue } from '../model/records.ts';
import { compareKind, type Difference } from '../sync/compare.ts';
import {
  type CommandContext,
  type CommandDefinition,
  libraryOptions,
  type Outcome,
} from './command.ts';
import { counted, counting, sumOf } from './counting.ts';
import { remember } from './knownSource.ts';
import { lockForWriting, withLibrary } from './library.ts';
import { type Entered, openSource, reach, tellUnknown } from './opening.ts';
import { bringPictures } from './pictures.ts';
import { type ReadingOptions, readingOptions } from './reading.ts';
import { type SourceOptions, sourceOptions } from './source.ts';

interface Options extends SourceOptions, ReadingOptions {
  name: string;
  pictures: 'all' | 'none';
  dryRun?: boolean;
}

/** `stowage migrate --from …`: brings a whole Stash library into an empty one of ours. */
export const migrate: CommandDefinition<Options> = {
  configure: (command) =>
    readingOptions(sourceOptions(libraryOptions(command)))
      .addOption(
        new Option('--pictures <which>', 'bring the pictures, or only what is known of them')
          .choices(['all', 'none'])
          .default('all'),
      )
      .option('--name <source>', 'what to call the source', 'main')
      .option('--dry-run', 'read and count, and write nothing'),
  async run(context, options) {
    const reached = await reach(options, context);
    if (options.dryRun) {
      await using source = await openSource(reached, options, { again: false }, context);
      return await dryRun(context, source);
    }
    return withLibrary(
      context,
      async (client) => {
        await lockForWriting(client);
        const known = await findSource(client, options.name);
        if (!known) await refuseSecond(client);
        await using source = await openSource(reached, options, { again: !!known }, context);
        return known
          ? await again(context, client, source, known, { ...options, reached })
          : await first(context, client, source, { ...options, reached });
      },
      { make: true },
    );
  },
};

async function dryRun(context: CommandContext, source: OpenSource): Promise<Outcome> {
  const counts = await source.reading.counts();
  context.output.line(`Would bring ${counted(counts)}.`);
  const complete = tellUnknown(context, source);
  return { complete, summary: { counts, road: source.reading.road } };
}

async function first(
  context: CommandContext,
  client: ClientBase,
  source: OpenSource,
  { name, pictures, reached }: Options & { reached: Entered },
): Promise<Outcome> {
  const { output, signal } = context;
  const { reading } = source;
  const expected = await reading.counts();
  const records = output.stage('records', { total: sumOf(Object.values(expected)) });
  const done: { [K in Kind]?: number } = {};
  const progress = (kind: Kind, count: number) => {
    records.advance(count - (done[kind] ?? 0));
    done[kind] = count;
  };
  let indexes: ReturnType<typeof output.stage> | undefined;
  try {
    const imported = await firstImport({
      client,
      source: { name, profile: reading.profile, pictures },
      road: reading.road,
      feed: reading.file
        ? feedFromFile(reading.file, progress)
        : feedFromReading(reading, progress),
      progress: (doneIndexes, of) => {
        records.finish();
        indexes ??= output.stage('indexes', { total: of });
        indexes.advance(doneIndexes - indexes.done);
      },
      signal,
    });
    indexes?.finish();
    await remember(client, imported.source, reached.access, context);
    for (const trouble of imported.troubles) output.trouble(trouble);
    output.line(`Brought ${counted(imported.counts)}.`);
    if (reading.road === 'graphql') output.warning(untoldByGraphql);
    const missing = await bringPictures(context, client, source, imported.source, pictures);
    const complete = tellUnknown(context, source);
    const troubles = imported.troubles.length + missing;
    return {
      complete: complete && troubles === 0,
      summary: { counts: imported.counts, road: reading.road, troubles },
    };
  } finally {
    records[Symbol.dispose]();
    indexes?.[Symbol.dispose]();
  }
}

/** `verify` through the tables names each record concerned. */
const untoldByGraphql =
  'GraphQL does not tell which image was chosen as the cover of a gallery, the captions of a scene’s further files, nor, before v0.29, an image’s format: the other roads do.';

/** The same source once more: nothing to do where it is as it was, but to fetch pictures that are still missing. */
async function again(
  context: CommandContext,
  client: ClientBase,
  source: OpenSource,
  known: Source,
  { pictures, reached }: Options & { reached: Entered },
): Promise<Outcome> {
  const { output, signal } = context;
  const { reading } = source;
  const counts = await reading.counts();
  using stage = output.stage('compare', { total: sumOf(Object.values(counts)) });
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  for (const kind of kindNames) {
    await compareKind(
      kind,
      counting(reading.records(kind, signal), stage),
      seenRecords(client, known, kind),
      (difference) => {
        if (isChange(difference)) throw changed(known.name, difference);
      },
    );
  }
  await client.query('COMMIT');
  stage.finish();
  await remember(client, known, reached.access, context);
  output.line(`Nothing to do: ${known.name} is as it was when it was brought.`);
  const missing = await bringPictures(context, client, source, known, pictures);
  const complete = tellUnknown(context, source);
  const kept = await keptTroubles(client, known);
  for (const trouble of kept) output.trouble(trouble);
  const troubles = kept.length + missing;
  return {
    complete: complete && troubles === 0,
    summary: { counts, road: reading.road, troubles, unchanged: true },
  };
}

async function refuseSecond(client: ClientBase): Promise<void> {
  const [other] = await listSources(client);
  if (!other) return;
  throw new StowageError(
    'library.occupied',
    `The library already holds the source ${other.name}.`,
    {
      remedy:
        'A second source joins a library by `stowage sync`, which a later version brings. Until then give it a library of its own (--data or --database).',
    },
  );
}

/** Not what the road of the first time could not tell, nor what the library cannot hold. */
const isChange = ({ field, source, library }: Difference): boolean =>
  field === null || (library !== undefined && !sameValue(storable(source), library));

const changed = (name: string, { kind, id, field }: Difference) =>
  new StowageError('source.changed', `The source ${name} has changed since it was brought.`, {
    item: `${kind} ${id}${field ? `, ${field}` : ''}`,
    remedy: 'Bringing changes over is what `stowage sync` will do, in a later version.',
  });
