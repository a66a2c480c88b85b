import type { Command } from 'commander';
import type { ClientBase } from 'pg';
import { changeSource, findSource, listSources, type Source } from '../library/sources.ts';
import { StowageError } from '../model/errors.ts';
import { openSecrets } from '../secrets.ts';
import type { Syncing } from '../sync/sync.ts';
import type { CommandContext } from './command.ts';
import { namedSource } from './library.ts';
import { type Access, accessOf, type Entered, enter } from './opening.ts';
import { accessOptions, type SourceOptions, sourceOf } from './source.ts';

/** What a command is told of a source that the library may remember. */
export interface KnownSourceOptions extends Omit<SourceOptions, 'from'> {
  from?: string;
  name?: string;
}

/** Options of the commands that find a source where it was last reached. */
export const knownSourceOptions = (command: Command): Command =>
  accessOptions(
    command
      .option(
        '--from <address>',
        "a Stash's address, or the path of its database file (default: where it was last reached)",
      )
      .option('--name <source>', 'what the source is called in the library'),
  );

/** The source that is meant, if the library has it, and what is there. */
export interface KnownSource {
  name: string;
  source: Source | undefined;
  reached: Entered;
}

/** Finds out which source is meant, and enters it: as the options say, else as it was entered last. */
export async function reachKnown(
  client: ClientBase,
  options: KnownSourceOptions,
  context: CommandContext,
): Promise<KnownSource> {
  const { name, source } = await meantSource(client, options);
  const from = options.from ?? addressOf(name, source);
  const told = await sourceOf({ ...options, from }, context);
  if ('file' in told) return { name, source, reached: await enter(told, context) };
  const { address, apiKey } = accessOf(told.server);
  // Never to another address: who knows what answers there.
  const remembered = apiKey === undefined && address === source?.address;
  const key = remembered ? await rememberedKey(source, context) : undefined;
  const server = { ...told.server, ...(key !== undefined && { apiKey: key }) };
  return { name, source, reached: await enter({ server }, context) };
}

/** By its name, else by its address, else the only one that there is. */
async function meantSource(
  client: ClientBase,
  { name, from }: KnownSourceOptions,
): Promise<Pick<KnownSource, 'name' | 'source'>> {
  if (name !== undefined) {
    if (from === undefined) return { name, source: await namedSource(client, name) };
    await refuseSecondName(client, name, from);
    return { name, source: await findSource(client, name) };
  }
  if (from !== undefined) {
    const source = (await sourceAt(client, from)) ?? (await findSource(client, usualName));
    return { name: source?.name ?? usualName, source };
  }
  const sources = await listSources(client);
  const [source, ...others] = sources;
  if (source && others.length === 0) return { name: source.name, source };
  throw new StowageError(
    'usage',
    source ? 'The library has several sources.' : 'The library has no source yet.',
    {
      remedy: source
        ? `Say with --name which is meant: ${sources.map((one) => one.name).join(', ')}.`
        : 'Say with --from where it is.',
    },
  );
}

const usualName = 'main';

/** The source that was last reached at an address. */
export async function sourceAt(client: ClientBase, from: string): Promise<Source | undefined> {
  const there = sameForm(from);
  return (await listSources(client)).find(
    ({ address }) => address !== null && sameForm(address) === there,
  );
}

/** An address in one form for all of its spellings; a path stays one. */
export function sameForm(from: string): string {
  try {
    const url = new URL(accessOf({ address: from }).address);
    if (/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)) url.hostname = 'localhost';
    return url.href.replace(/\/+$/, '');
  } catch {
    return from;
  }
}

/** Two sources at one address would be one server twice: what is counted there would be counted twice. */
export async function refuseSecondName(
  client: ClientBase,
  name: string,
  from: string,
): Promise<void> {
  const known = await sourceAt(client, from);
  if (!known || known.name === name || (await findSource(client, name))) return;
  throw new StowageError('usage', `The Stash at that address is ${known.name} already.`, {
    item: from,
    remedy:
      `Say --name ${known.name}, or leave it out. If another Stash answers there by now: ` +
      `\`stowage sources resolve ${known.name} --as-new ${name}\`.`,
  });
}

function addressOf(name: string, source: Source | undefined): string {
  if (source?.address) return source.address;
  throw new StowageError('usage', `It is not known where ${name} is.`, {
    remedy: 'Say it with --from; once it was reached there, it is remembered.',
  });
}

async function rememberedKey(
  { name, sealedKey }: Source,
  { settings, redactor }: CommandContext,
): Promise<string | undefined> {
  if (sealedKey === null) return undefined;
  const key = (await openSecrets(settings, { make: false })).open(sealedKey, name);
  redactor.add(key);
  return key;
}

/** What a sync is told of the address at which its source was reached, which is remembered once it is known to be that one. */
export function reachedAt(
  client: ClientBase,
  source: Source,
  access: Access | undefined,
  context: CommandContext,
): Pick<Syncing, 'isElsewhere' | 'onMeant'> {
  return {
    isElsewhere: isElsewhere(source, access),
    onMeant: () => remember(client, source, access, context),
  };
}

/** Whether a source was reached at another address than before. */
export const isElsewhere = (source: Source, access: Access | undefined): boolean =>
  access !== undefined &&
  source.address !== null &&
  sameForm(access.address) !== sameForm(source.address);

/** What is found at another address than before, and is not what was there, is most likely a Stash of its own. */
export const offerName = (source: Source, access: Access | undefined) => {
  return (error: unknown): never => {
    const isChanged = error instanceof StowageError && error.code === 'source.changed';
    if (!isChanged || !isElsewhere(source, access)) throw error;
    throw new StowageError(error.code, error.message, {
      item: access?.address ?? '',
      remedy:
        `If it is a second Stash, give it a name: \`stowage sync --name second --from ${access?.address}\`. ` +
        `If ${source.name}, until now at ${source.address}, has moved there, say which side is right with ` +
        `\`stowage sources resolve ${source.name} --accept\` or \`--push\`, and sync with --from once more.`,
      cause: error,
    });
  };
};

/** Remembers where a source was reached, and with which key: it was let in. */
export async function remember(
  client: ClientBase,
  source: Source,
  access: Access | undefined,
  { settings }: CommandContext,
): Promise<void> {
  if (!access) return;
  const { address, apiKey } = access;
  const isThere = address === source.address;
  if (apiKey === undefined) {
    if (!isThere) await changeSource(client, source.id, { address, sealedKey: null });
    return;
  }
  const secrets = await openSecrets(settings, { make: true });
  const isSealed = () => {
    try {
      return source.sealedKey !== null && secrets.open(source.sealedKey, source.name) === apiKey;
    } catch {
      return false; // with another secret: sealed anew with this one
    }
  };
  if (isThere && isSealed()) return;
  const sealedKey = secrets.seal(apiKey, source.name);
  await changeSource(client, source.id, { address, sealedKey });
}
