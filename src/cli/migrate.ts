import { Option } from 'commander';
import type { ClientBase } from 'pg';
import type { OpenSource } from '../app.ts';
import { feedFromFile, feedFromReading } from '../feeds.ts';
import { firstImport, holdsRecords } from '../library/firstImport.ts';
import { listSources } from '../library/sources.ts';
import { keptTroubles } from '../library/troubles.ts';
import { isSettled } from '../library/waiting.ts';
import { counted } from '../model/counted.ts';
import type { Kind } from '../model/kinds.ts';
import { syncSource } from '../sync/sync.ts';
import {
  type CommandContext,
  type CommandDefinition,
  libraryOptions,
  type Outcome,
} from './command.ts';
import { sumOf } from './counting.ts';
import { offerName, reachedAt, refuseSecondName, remember } from './knownSource.ts';
import { lockForWriting, withLibrary } from './library.ts';
import { type Entered, openSource, reach, tellUnknown, tellUntold } from './opening.ts';
import { bringPictures } from './pictures.ts';
import { type ReadingOptions, readingOptions } from './reading.ts';
import { type SourceOptions, sourceOptions } from './source.ts';
import { sourceNamed, syncingOf } from './syncing.ts';
import { isNothing, tellSynced, tellWaiting } from './tellSynced.ts';

interface Options extends SourceOptions, ReadingOptions {
  name: string;
  pictures: 'all' | 'none';
  dryRun?: boolean;
}

/** `stowage migrate --from …`: brings a whole Stash library into ours, fastest where that is empty. */
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
        await refuseSecondName(client, options.name, options.from);
        const isEmpty = (await listSources(client)).length === 0 && !(await holdsRecords(client));
        await using source = await openSource(reached, options, { again: !isEmpty }, context);
        return await (isEmpty ? first : again)(context, client, source, { ...options, reached });
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
  const from = 'file' in reached ? reached.file : reached.server.client.base.origin;
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
        ? feedFromFile(reading.file, progress, from)
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
    const { missing } = await bringPictures(context, client, source, imported.source, {
      which: pictures,
      look: 'token',
    });
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

/** Into a library that holds something already, the same source once more or another: by the matching of a sync. */
async function again(
  context: CommandContext,
  client: ClientBase,
  opened: OpenSource,
  { name, pictures, reached }: Options & { reached: Entered },
): Promise<Outcome> {
  const { output } = context;
  const source = await sourceNamed(client, name, opened, pictures);
  // It was asked to bring something over, not to send anything back.
  using syncing = syncingOf(context, client, opened, { ...source, writes: false }, {});
  const at = reachedAt(client, source, reached.access, context);
  const synced = await syncSource({ ...syncing, ...at }).catch(offerName(source, reached.access));
  if (isNothing(synced)) {
    output.line(`Nothing to do: ${name} is as it was when it was brought.`);
  }
  const { missing } = await bringPictures(context, client, opened, source, {
    which: pictures,
    look: 'bytes',
  });
  const kept = await keptTroubles(client, source);
  for (const trouble of kept) output.trouble(trouble);
  const { complete, summary } = await tellSynced(context, client, source, synced);
  const waiting = await tellWaiting(context, client, source);
  const troubles = kept.length + missing;
  return {
    complete:
      tellUnknown(context, opened) &&
      tellUntold(context, opened) &&
      complete &&
      troubles === 0 &&
      isSettled(waiting),
    summary: {
      ...summary,
      ...waiting,
      changes: synced.changes,
      counts: await opened.reading.counts(),
      road: opened.reading.road,
      troubles,
      unchanged: isNothing(synced),
    },
  };
}
