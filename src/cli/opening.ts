import { type From, type OpenSource, openSource as open } from '../app.ts';
import type { CommandContext } from './command.ts';
import type { ReadingOptions } from './reading.ts';
import { sourceOf, withApiKey } from './source.ts';

/** Opens what the options name, with a bar while a copy of the database arrives, and says how it is read. */
export async function openSource(
  options: ReadingOptions,
  context: CommandContext,
): Promise<OpenSource> {
  const { output, settings, signal } = context;
  const from: From = await sourceOf(options, context);
  let stage: ReturnType<typeof output.stage> | undefined;
  try {
    const source = await open(from, {
      via: options.via,
      blobs: options.blobs,
      dataDirectory: settings.dataDirectory,
      signal,
      fetched: (bytes, of) => {
        stage ??= output.stage('fetch', { unit: 'bytes', ...(of !== null && { total: of }) });
        stage.advance(bytes - stage.done);
      },
      connecting: (server, connect) => withApiKey(server, context, connect),
    });
    stage?.finish();
    output.note(`Read by ${source.how}.`);
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
