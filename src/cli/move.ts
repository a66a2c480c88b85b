import { Option } from 'commander';
import type { ClientBase } from 'pg';
import { labelsOf } from '../library/labels.ts';
import { leftBehind } from '../library/leftBehind.ts';
import { type Match, matchesOf } from '../library/matches.ts';
import { LibraryRecords } from '../library/read.ts';
import { addSource, changeSource, findSource, type Source } from '../library/sources.ts';
import { kindWord } from '../model/counted.ts';
import { StowageError } from '../model/errors.ts';
import type { LibraryId } from '../model/held.ts';
import { type PathMapping, parsePathMapping } from '../model/pathMap.ts';
import { canHold } from '../stash/write/canHold.ts';
import { hasFiles } from '../sync/deletions.ts';
import { type Unplaced, unplaced } from '../sync/unplaced.ts';
import { temporaryFolder } from '../temporary.ts';
import { type CommandContext, type CommandDefinition, libraryOptions } from './command.ts';
import { sameForm, sourceAt } from './knownSource.ts';
import { withLibrary } from './library.ts';
import { migrate } from './migrate.ts';
import { reach } from './opening.ts';
import { type ReadingOptions, readingOptions } from './reading.ts';
import { accessOptions, type SourceOptions, sourceOptions } from './source.ts';
import { sync } from './sync.ts';
import { verify } from './verify.ts';

/** How the second server is entered: `toHeader` for `--to-header`, and so on. */
type ToOptions = {
  [O in Exclude<keyof SourceOptions, 'from'> as `to${Capitalize<O>}`]?: SourceOptions[O];
};

interface Options extends SourceOptions, ReadingOptions, ToOptions {
  to: string;
  map?: PathMapping[];
  prefer?: 'from' | 'to';
  dryRun?: boolean;
}

/**
 * `stowage move --from A --to B`: brings what people made of a library on one Stash (metadata, histories, pictures) to
 * another that has the files. A library between them is filled from the one and put in step with the other.
 */
export const move: CommandDefinition<Options> = {
  configure: (command) =>
    accessOptions(
      readingOptions(sourceOptions(libraryOptions(command))).requiredOption(
        '--to <address>',
        'the Stash to bring to, which has scanned the files; it makes a backup before it is changed',
      ),
      'to-',
    )
      .option('--map <there=here>', 'where a folder of the first is found on the second', mapped)
      .addOption(
        new Option(
          '--prefer <server>',
          'whose value stays where both have one, and they differ (default: from)',
        ).choices(['from', 'to']),
      )
      .option('--dry-run', 'show what would be brought, and write nothing'),
  async run(context, options) {
    const { output } = context;
    if (sameForm(options.from) === sameForm(options.to)) {
      throw new StowageError('usage', 'Both addresses are of the same Stash.', {
        item: options.to,
        remedy: 'Say with --from where the library is now, and with --to where it goes.',
      });
    }
    await using between = await libraryBetween(context, options);
    const here = between.context;
    const { settings } = here;
    // Neither server is told what lets us into the other.
    const there = { ...here, settings: { ...settings, apiKey: settings.toApiKey } };
    const to = toOptions(options);
    // Both are looked at before anything is begun.
    const target = await reach(to, there).catch(sayWhose);
    if (!('server' in target)) {
      throw new StowageError('usage', 'A database file cannot be written to.', {
        item: options.to,
        remedy: 'Give the address of the Stash to bring to.',
      });
    }
    try {
      return await withLibrary(
        here,
        async (client) => {
          const names = {
            from: (await sourceAt(client, options.from))?.name ?? 'from',
            to: (await sourceAt(client, options.to))?.name ?? 'to',
          };
          output.line(`Bringing ${options.from} over.`);
          const brought = await migrate.run(here, {
            ...options,
            ...{ name: names.from, pictures: 'all', dryRun: false },
          });
          await targetSource(client, names.to, target.server.profile, options);
          const known = { ...to, name: names.to, via: 'auto' } as const;
          if (options.dryRun) {
            const shown = await sync.run(there, { ...known, createAll: true, dryRun: true });
            output.line(notCarried);
            return shown;
          }
          output.line(`Putting ${options.to} in step.`);
          const synced = await sync.run(there, { ...known, createAll: true, backUp: options.to });
          output.line(`Comparing ${options.to} with it, field by field.`);
          const proof = await verify.run(there, known);
          const isKept = here === context;
          const { left, asked } = await tellLeft(there, client, names, isKept);
          const lacks = await tellUnplaced(there, client, names, target.server.profile);
          output.line(notCarried);
          const isWhole = left + asked === 0 && lacks.length === 0;
          return {
            complete: brought.complete && synced.complete && proof.complete && isWhole,
            summary: {
              ...{ brought: brought.summary, synced: synced.summary, proof: proof.summary },
              ...{ left, asked, lacks },
            },
          };
        },
        { make: true },
      );
    } finally {
      await target.server.client.close();
    }
  },
};

/** What no Stash can be told by another: its own times, and what is kept in its settings instead of its database. */
const notCarried =
  'A move does not carry the date on which a record was added, which each server sets itself, nor the first ' +
  'server’s settings: its front page and its default filters.';

const toOptions = (options: Options): SourceOptions => ({
  from: options.to,
  apiKey: options.toApiKey,
  apiKeyFile: options.toApiKeyFile,
  header: options.toHeader,
  ca: options.toCa,
  cert: options.toCert,
  certKey: options.toCertKey,
  proxy: options.toProxy,
  timeout: options.toTimeout,
});

/** The key that the second server asks for is given otherwise than one's own. */
function sayWhose(error: unknown): never {
  if (!(error instanceof StowageError) || error.code !== 'source.unauthorized') throw error;
  throw new StowageError(error.code, error.message, {
    ...(error.item !== undefined && { item: error.item }),
    remedy: `Give the key of the Stash to bring to with STOWAGE_TO_API_KEY or --to-api-key-file.`,
    cause: error,
  });
}

/**
 * The library that both meet in: the person's own where one is named, else one that is gone afterwards. What would be
 * done is shown without a trace in anybody's.
 */
async function libraryBetween(
  context: CommandContext,
  { dryRun }: Options,
): Promise<AsyncDisposable & { context: CommandContext }> {
  const { settings } = context;
  if (!dryRun && settings.isChosen) {
    return { context, [Symbol.asyncDispose]: async () => {} };
  }
  const temporary = await temporaryFolder(settings.dataDirectory);
  return {
    context: {
      ...context,
      settings: { ...settings, databaseUrl: undefined, dataDirectory: temporary.path },
    },
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  };
}

/** The second server as a source that is written to; what it has and the first has not stays. */
async function targetSource(
  client: ClientBase,
  name: string,
  profile: Source['profile'],
  { map, prefer }: Options,
): Promise<void> {
  const known = await findSource(client, name);
  const id = known?.id ?? (await addSource(client, { name, profile, pictures: 'all' }));
  await changeSource(client, id, {
    writes: true,
    ...(!known && { deletions: 'none' }),
    // The first server's folders are the library's own; this says what the second calls them.
    ...(map && { pathMap: map.map(({ from, to }) => ({ from: to, to: from })) }),
    ...(prefer && { policy: { default: prefer === 'from' ? 'library' : 'stash' } }),
  });
}

/**
 * Lists what the second server has no record for: files that it has not scanned, mostly; and what it may have a record for,
 * where that is for a person to say.
 */
async function tellLeft(
  { output }: CommandContext,
  client: ClientBase,
  names: { from: string; to: string },
  isKept: boolean,
): Promise<{ left: number; asked: number }> {
  const [origin, target] = [
    await findSource(client, names.from),
    await findSource(client, names.to),
  ];
  if (!origin || !target) return { left: 0, asked: 0 };
  const left = await leftBehind(client, origin, target);
  const ids = left.map(({ libraryId }) => libraryId);
  const matches = await matchesOf(client, ids);
  for (const { kind, id, libraryId } of left) {
    const found = matches.get(libraryId) ?? [];
    for (const why of await questionsOf(client, libraryId, found)) {
      output.trouble({ kind, id, field: null, why });
    }
    if (found.length > 0) continue;
    output.trouble({ kind, id, field: null, why: 'the second server has nothing for it' });
  }
  if (matches.size > 0) {
    output.warning(
      isKept
        ? 'Whether two records are the same is for you to say: `stowage matches`. Then run the same command again.'
        : 'Whether two records are the same is for you to say: run the same command with `--data DIR`, ' +
            'which keeps the library between the two, and then `stowage matches --data DIR`.',
    );
  }
  if (left.some(({ kind, libraryId }) => hasFiles.has(kind) && !matches.has(libraryId))) {
    output.warning(
      'Let the second server scan the files that it lacks, and run the same command again.',
    );
  }
  return { left: left.length - matches.size, asked: matches.size };
}

/** The records that one may be, and what speaks for it, or against. */
async function questionsOf(
  client: ClientBase,
  libraryId: LibraryId,
  matches: readonly Match[],
): Promise<string[]> {
  const questions: string[] = [];
  for (const { kind, libraryId: one, otherId, why } of matches) {
    const other = one === libraryId ? otherId : one;
    const label = (await labelsOf(client, kind, [other])).get(other);
    questions.push(`a question: it may be ${kindWord(kind, 1)} ${label || other} there (${why})`);
  }
  return questions;
}

/** Tells what the second server has no place for: what was brought is compared without it. */
async function tellUnplaced(
  { output }: CommandContext,
  client: ClientBase,
  names: { from: string; to: string },
  profile: Source['profile'],
): Promise<Unplaced[]> {
  const origin = await findSource(client, names.from);
  if (!origin) return [];
  const records = await LibraryRecords.begin([client], origin);
  const lacks = await unplaced(records, (...value) => canHold(profile, ...value));
  await records.end();
  if (lacks.length > 0) {
    const words = lacks.map(
      ({ kind, field, count }) =>
        `${field} of ${count.toLocaleString('en')} ${kindWord(kind, count)}`,
    );
    output.warning(`The second server has no place for: ${words.join(', ')}.`);
  }
  return lacks;
}

const mapped = (text: string, others: PathMapping[] = []): PathMapping[] => [
  ...others,
  parsePathMapping(text),
];
