import {
  type OpenOptions,
  type OpenSource,
  openSource as open,
  type Reached,
  reachFile,
  reachServer,
} from '../app.ts';
import type { ClientOptions } from '../stash/client.ts';
import { parseAddress, shown } from '../stash/http/address.ts';
import type { CommandContext } from './command.ts';
import { type Source, type SourceOptions, sourceOf, withApiKey } from './source.ts';

/** What let us in, to be remembered: the address without anything secret, and the key. */
export interface Access {
  address: string;
  apiKey: string | undefined;
}

/** What is there, and, where it is a server, how it was entered. */
export type Entered = Reached & { access?: Access };

/** Makes sure that what the options name is there: a wrong address, key or path is told before anything is begun. */
export async function reach(options: SourceOptions, context: CommandContext): Promise<Entered> {
  return enter(await sourceOf(options, context), context);
}

export async function enter(from: Source, context: CommandContext): Promise<Entered> {
  if ('file' in from) return reachFile(from.file);
  return withApiKey(from.server, context, async (server) => ({
    ...(await reachServer({ ...server, onWaiting: waitingTold(context) }, context.signal)),
    access: accessOf(server),
  }));
}

/** What a failing server is waited for: said when it begins, and every half minute from then on. */
function waitingTold({ output }: CommandContext) {
  let last = { message: '', at: 0 };
  return ({ message }: { message: string }) => {
    const at = performance.now();
    if (message === last.message && at - last.at < 30_000) return;
    last = { message, at };
    output.warning(`${message} Trying again.`);
  };
}

export function accessOf({ address, apiKey }: ClientOptions): Access {
  const { base, apiKey: inAddress } = parseAddress(address);
  return { address: shown(base), apiKey: (apiKey ?? inAddress)?.trim() || undefined };
}

/** Opens the source for reading, with a bar while a copy of it arrives, and says how it is read. */
export async function openSource(
  reached: Reached,
  { via, blobs, mirror, compare }: Pick<OpenOptions, 'via' | 'blobs' | 'mirror' | 'compare'>,
  { again }: { again: boolean },
  { output, settings, signal }: CommandContext,
): Promise<OpenSource> {
  if ('server' in reached) {
    const jobs = await reached.server.jobs({ signal });
    const running = jobs.map(({ description }) => description.trim()).join(', ');
    // A scan adds rows while we read; each road copes, but it takes longer.
    if (running) output.warning(`The server is busy (${running}): reading takes longer meanwhile.`);
  }
  let stage: ReturnType<typeof output.stage> | undefined;
  try {
    const source = await open(reached, {
      via,
      blobs,
      mirror,
      compare,
      again,
      dataDirectory: settings.dataDirectory,
      signal,
      fetched: (done, of, unit) => {
        stage ??= output.stage('fetch', { unit: unit === 'bytes' ? 'bytes' : 'records' });
        stage.total = of ?? undefined;
        stage.advance(done - stage.done);
      },
    });
    stage?.finish();
    output.note(`Read from ${source.how}.`);
    return source;
  } finally {
    stage?.[Symbol.dispose]();
  }
}

/** Says what of the source this Stowage does not know; true where there is nothing such. */
export function tellUnknown({ output }: CommandContext, { reading }: OpenSource): boolean {
  for (const { what, rows } of reading.unknown) {
    const filled = rows === null ? '' : ` (${rows.toLocaleString('en')} filled)`;
    output.warning(`Not brought: ${what}${filled}, which this version of Stowage does not know.`);
  }
  return reading.unknown.length === 0;
}

/** Names what the server refuses to tell by the road that is read; true where there is nothing such. */
export function tellUntold({ output }: CommandContext, { reading }: OpenSource): boolean {
  // What a file holds that cannot be brought is kept from when it was brought.
  if (reading.road !== 'graphql') return true;
  for (const trouble of reading.troubles) output.trouble(trouble);
  return reading.troubles.length === 0;
}
