/** A Stash to write to. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { parse } from 'graphql';
import type { ServerVersion } from '../../src/contract/schema.ts';
import type {
  Refused,
  SourceChange,
  WriteResult,
  WriterOptions,
  Written,
} from '../../src/model/writing.ts';
import { generate } from '../../src/simulator/generate.ts';
import { rootFields } from '../../src/simulator/graphql.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { connect } from '../../src/stash/server.ts';
import { open } from '../../src/stash/testing.ts';
import { openWriter } from '../../src/stash/write/writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'stowage-write-'));
after(() => rmSync(folder, { recursive: true }));
const made = new Set<ServerVersion>();

/** A simulated server of sixty scenes and images with all that belongs to them, and a writer to it. */
export async function writing(
  t: TestContext,
  version: ServerVersion,
  options: WriterOptions = {},
  apiKey?: string,
) {
  const database = join(folder, `${version}.sqlite`);
  if (!made.has(version)) generate(database, { scenes: 60, images: 60, version });
  made.add(version);
  const simulator = await startSimulator({ database, ...(apiKey !== undefined && { apiKey }) });
  t.after(() => simulator.close());
  const client = open(t, { address: simulator.url, ...(apiKey !== undefined && { apiKey }) });
  const server = await connect(client);
  const writer = openWriter(server, { firstPause: 5, ...options });
  const write = (changes: readonly SourceChange[], signal?: AbortSignal): Promise<WriteResult[]> =>
    Array.fromAsync(writer.write(changes, signal));
  return { simulator, server, writer, write };
}

/** The mutations among requests, by their names. */
export const mutationsIn = (requests: Simulator['requests']): string[] => [
  ...new Set(
    requests.flatMap(({ query }) =>
      query?.startsWith('mutation') ? rootFields(parse(query)) : [],
    ),
  ),
];

export const isWritten = (result: WriteResult): result is Written => 'record' in result;
export const isRefused = (result: WriteResult): result is Refused => 'error' in result;
