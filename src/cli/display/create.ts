import type { Display } from '../output.ts';
import type { Streams } from '../streams.ts';
import { Events } from './events.ts';
import { Lines } from './lines.ts';

/** The display that suits who reads: a machine, a person at a terminal, or a file read later. */
export async function createDisplay(
  streams: Streams,
  { json, quiet }: { json: boolean; quiet: boolean },
): Promise<Display> {
  if (json) return new Events(streams, quiet);
  if (quiet || streams.terminal === undefined) return new Lines(streams, quiet);
  const { Bars } = await import('./bars.ts'); // 40 ms, which a command that only answers need not wait
  return new Bars(streams, streams.terminal);
}
