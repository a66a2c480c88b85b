import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import type { ClientBase } from 'pg';
import type { OpenSource } from '../app.ts';
import { makeFolder } from '../library/disk.ts';
import { mirrorToken } from '../library/outside.ts';
import { addSource, findSource, KnownFields, type Source } from '../library/sources.ts';
import { PictureStore } from '../media/store.ts';
import { StowageError } from '../model/errors.ts';
import { isOnlyRead } from '../stash/oldest.ts';
import type { StashServer } from '../stash/server.ts';
import type { KeptMirror } from '../stash/tables/keptMirror.ts';
import { backUpThere } from '../stash/write/backup.ts';
import { canHold } from '../stash/write/canHold.ts';
import { canMerge, mergeThere } from '../stash/write/merges.ts';
import { temporaryName } from '../stash/write/names.ts';
import { openWriter } from '../stash/write/writer.ts';
import type { Syncing } from '../sync/sync.ts';
import { atLeast, type CommandContext } from './command.ts';
import type { KnownSource } from './knownSource.ts';
import { pictureFolder } from './pictures.ts';

export interface SyncOptions {
  full?: boolean;
  allowDeletions?: number;
  createScenes?: boolean;
  createAll?: boolean;
  /** The server makes a backup before anything is written to it: what it is called then. */
  backUp?: string;
}

/** What a sync, or the plan of one, may be told. */
export const syncOptions = (command: Command): Command =>
  command
    .option('--full', 'compare everything, not only what is known to have changed')
    .option(
      '--allow-deletions <number>',
      'delete so many records, after having been asked',
      atLeast(1),
    )
    .option('--create-scenes', 'create scenes there that only the library has')
    .option('--create-all', 'create there also tags, performers, … that nothing there uses');

/** The mirror of a server's tables that is kept from one reading to the next; a file needs none. */
export async function mirrorOf(
  context: CommandContext,
  client: ClientBase,
  { name, reached }: Pick<KnownSource, 'name' | 'reached'>,
  { isLookedAt }: Pick<KeptMirror, 'isLookedAt'>,
): Promise<KeptMirror | undefined> {
  if (!('server' in reached)) return undefined;
  const file = mirrorFile(context, name);
  if (!isLookedAt) await makeFolder(dirname(file), 0o700);
  return { file, token: () => mirrorToken(client, name), isLookedAt };
}

/** Where a source's mirror is kept. */
export const mirrorFile = ({ settings }: CommandContext, name: string): string =>
  join(settings.dataDirectory, 'mirrors', `${encodeURIComponent(name)}.sqlite`);

/**
 * Whether a source may be another database than the one that its mirror was read from: what digests show of a change holds
 * within the life of one database.
 */
export const isUncertain = (source: Source | undefined): boolean =>
  source !== undefined && source.standing !== 'ok';

/** The source of that name; one that is new to the library is added. */
export async function sourceNamed(
  client: ClientBase,
  name: string,
  { reading }: OpenSource,
  pictures: Source['pictures'] = 'all',
): Promise<Source> {
  const known = await findSource(client, name);
  if (known) return known;
  await addSource(client, { name, profile: reading.profile, pictures });
  return (await findSource(client, name)) as Source;
}

/** What a sync needs, put together from what a command has opened. */
export function syncingOf(
  { output, settings, signal }: CommandContext,
  client: ClientBase,
  opened: OpenSource,
  source: Source,
  options: SyncOptions,
): Syncing & Disposable {
  const { server, reading } = opened;
  let isFirst = true;
  let running: ReturnType<typeof output.stage> | undefined;
  let backup: Promise<void> | undefined;
  const backUp = async (to: StashServer) => {
    if (options.backUp === undefined) return;
    backup ??= backUpThere(to, signal).then(() =>
      output.line(`${options.backUp} has made a backup of its database, among its own.`),
    );
    await backup;
  };
  const store = PictureStore.at(pictureFolder({ settings }));
  return {
    client,
    source,
    canHold: (kind, field, value) => canHold(reading.profile, kind, field, value),
    couldHold: (kind, field, value) => canHold(source.profile, kind, field, value),
    canMerge: (kind) => server !== undefined && canMerge(server, kind),
    isTemporary: (name, id) => temporaryName(name, id) !== undefined,
    merge: async (kind, origin, destination) => {
      if (!server) return;
      await backUp(server);
      await mergeThere(server, kind, origin, destination, signal);
    },
    known: new KnownFields(),
    signal,
    allowedDeletions: options.allowDeletions ?? 0,
    createScenes: options.createScenes ?? false,
    createAll: options.createAll ?? false,
    warn: (message) => output.warning(message),
    full: options.full ?? false,
    read: async () => {
      if (isFirst) {
        isFirst = false;
        return reading;
      }
      running?.finish();
      return opened.reread();
    },
    writer: (told) => {
      if (!server) {
        throw new StowageError('usage', 'A database file cannot be written to.', {
          remedy: 'Give the address of the Stash itself with --from.',
        });
      }
      if (isOnlyRead(server.profile.schema)) {
        throw new StowageError(
          'source.unsupported',
          'A Stash older than v0.25 cannot be written to.',
          { remedy: 'Upgrade it: a sync then goes on from where it stands.' },
        );
      }
      const writer = openWriter(server, {
        ...told,
        picture: (picture) => store.read(picture),
        onWaiting: (task) => output.warning(`The server is busy (${task}): writing waits for it.`),
      });
      return {
        async *write(changes, abort) {
          await backUp(server);
          yield* writer.write(changes, abort);
        },
      };
    },
    stage: (name, total) => {
      running?.finish();
      if (total === 0) return () => {};
      const stage = output.stage(name, total === undefined ? {} : { total });
      running = stage;
      return (count) => stage.advance(count);
    },
    [Symbol.dispose]: () => running?.finish(),
  };
}
