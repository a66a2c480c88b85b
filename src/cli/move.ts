import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { addSource, changeSource, findSource } from '../library/sources.ts';
import { StowageError } from '../model/errors.ts';
import { type PathMapping, parsePathMapping } from '../model/pathMap.ts';
import { settle } from '../settings.ts';
import { backUpThere } from '../stash/write/backup.ts';
import { temporaryFolder } from '../temporary.ts';
import { type CommandContext, type CommandDefinition, libraryOptions } from './command.ts';
import { remember } from './knownSource.ts';
import { withLibrary } from './library.ts';
import { migrate } from './migrate.ts';
import { enter } from './opening.ts';
import { accessOptions, type SourceOptions, sourceOf } from './source.ts';
import { sync } from './sync.ts';
import { verify } from './verify.ts';

interface Options extends Omit<SourceOptions, 'from'> {
  from: string;
  to: string;
  toApiKey?: string;
  toApiKeyFile?: string;
  map?: PathMapping[];
  pictures: 'all' | 'none';
  database?: string;
  data?: string;
}

/** What the two servers are called in the library between them. */
const [origin, target] = ['from', 'to'];

/**
 * `stowage move --from A --to B`: brings what people made of a library on one Stash (metadata, histories, pictures) to
 * another that has the files: the library between them is filled from the one and put in step with the other.
 */
export const move: CommandDefinition<Options> = {
  configure: (command) =>
    accessOptions(libraryOptions(command))
      .requiredOption('--from <address>', 'the Stash to bring from; it is only read')
      .requiredOption('--to <address>', 'the Stash to bring to; it has scanned the files already')
      .option('--to-api-key <key>', 'its API key (better: --to-api-key-file)')
      .option('--to-api-key-file <file>', 'a file that holds its API key')
      .option(
        '--map <there=here>',
        'where a folder of the first is found on the second; may be repeated',
        mapped,
      )
      .option('--pictures <which>', 'all, or none', 'all'),
  async run(context, options) {
    const between = await libraryBetween(context, options);
    await using _ = between;
    const { at } = between;
    const access = { ...options, to: undefined, map: undefined };
    context.output.line(`Bringing ${options.from} over.`);
    const brought = await migrate.run(at, {
      ...access,
      name: origin,
      via: 'auto',
      pictures: options.pictures,
    } as never);
    await attach(at, options);
    context.output.line(`Putting ${options.to} in step.`);
    const synced = await sync.run(at, { name: target, via: 'auto' } as never);
    context.output.line(`Comparing ${options.to} with it, field by field.`);
    const proof = await verify.run(at, { name: target, via: 'auto' } as never);
    return {
      complete: brought.complete && synced.complete && proof.complete,
      summary: { brought: brought.summary, synced: synced.summary, proof: proof.summary },
    };
  },
};

/** The library that both meet in: the person's own where one is named, else one that is gone afterwards. */
async function libraryBetween(
  context: CommandContext,
  { database, data }: Options,
): Promise<AsyncDisposable & { at: CommandContext }> {
  if (database !== undefined || data !== undefined) {
    return { at: context, [Symbol.asyncDispose]: async () => {} };
  }
  const { settings } = context;
  const temporary = await temporaryFolder(settings.dataDirectory);
  const folder = join(temporary.path, 'between');
  const at = { ...context, settings: { ...settle({}, { data: folder }), apiKey: settings.apiKey } };
  return {
    at,
    [Symbol.asyncDispose]: async () => {
      await rm(folder, { recursive: true, force: true });
      await temporary[Symbol.asyncDispose]();
    },
  };
}

/** Makes the second server a source that is written to, after it made a backup. */
async function attach(context: CommandContext, options: Options): Promise<void> {
  const { toApiKey, toApiKeyFile, to, map = [] } = options;
  const told = await sourceOf(
    {
      ...options,
      from: to,
      ...(toApiKey !== undefined && { apiKey: toApiKey }),
      ...(toApiKeyFile !== undefined && { apiKeyFile: toApiKeyFile }),
    },
    { ...context, settings: { ...context.settings, apiKey: undefined } },
  );
  if (!('server' in told)) {
    throw new StowageError('usage', 'A database file cannot be written to.', {
      item: to,
      remedy: 'Give the address of the Stash to bring to.',
    });
  }
  const reached = await enter(told, context);
  if (!('server' in reached)) return;
  try {
    await backUpThere(reached.server, context.signal);
    await withLibrary(context, async (client) => {
      const { profile } = reached.server;
      const known = await findSource(client, target as string);
      if (!known) await addSource(client, { name: target as string, profile, pictures: 'all' });
      const source = await findSource(client, target as string);
      if (!source) return;
      // The first server's folders are the library's own; this says what the second calls them.
      const pathMap = map.map(({ from, to: here }) => ({ from: here, to: from }));
      await changeSource(client, source.id, { writes: true, deletions: 'none', pathMap });
      await remember(client, source, reached.access, context);
    });
  } finally {
    await reached.server.client.close();
  }
}

const mapped = (text: string, others: PathMapping[] = []): PathMapping[] => [
  ...others,
  parsePathMapping(text),
];
