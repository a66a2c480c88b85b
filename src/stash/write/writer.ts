import { StowageError } from '../../model/errors.ts';
import type { SourceChange, WriteResult, Writer, WriterOptions } from '../../model/writing.ts';
import type { StashServer } from '../server.ts';
import { writeCounters } from './counters.ts';
import { create } from './creates.ts';
import { destroy } from './deletes.ts';
import { cutEdges } from './edges.ts';
import { writeGalleries } from './galleries.ts';
import { writeHistories, writeResumeTimes } from './histories.ts';
import { Item } from './item.ts';
import { freeNames, giveNamesBack } from './names.ts';
import { Mutations } from './request.ts';
import { Run, type Tools } from './run.ts';
import { Sender } from './sender.ts';
import { tellWhoHasTheName } from './taken.ts';
import { update } from './updates.ts';

/** Measured: `scenesUpdate` with so many is four times as fast as one by one. */
const chunkSize = 300;

/** Opens a server for writing. */
export function openWriter(server: StashServer, options: WriterOptions = {}): Writer {
  const sender = new Sender(server, options);
  const tools = { sender, mutations: new Mutations(server), options };
  return { write: (changes, signal) => write(tools, changes, signal) };
}

async function* write(
  tools: Tools,
  changes: readonly SourceChange[],
  signal: AbortSignal | undefined,
): AsyncGenerator<WriteResult> {
  const [first] = changes;
  if (!first) return;
  const { kind, action } = first;
  if (kind === 'file') throw new Error('files are never written');
  if (!changes.every((change) => change.kind === kind && change.action === action)) {
    throw new Error('changes of several kinds or actions');
  }
  const left = new AbortController();
  const either = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
  const run = new Run(tools, kind, either);
  const items = changes.map((change) => new Item(change, run.words)).sort(byFields);
  const chunks = Array.from({ length: Math.ceil(items.length / chunkSize) }, (_, i) =>
    items.slice(i * chunkSize, (i + 1) * chunkSize),
  );
  if (action === 'update') {
    await freeNames(run, items);
    await cutEdges(run, items);
  }
  const work = works[action];
  const settle = async (chunk: Item[]): Promise<{ results: WriteResult[]; stop?: unknown }> => {
    try {
      await work(run, chunk);
      return { results: resultsOf(chunk) };
    } catch (stop) {
      return { results: resultsOf(chunk, stop), stop };
    }
  };
  let next = settle(chunks[0] as Item[]);
  try {
    for (let i = 1; i <= chunks.length; i++) {
      const { results, stop } = await next;
      // On its way while the results of this one are used.
      if (!stop && chunks[i]) next = settle(chunks[i] as Item[]);
      yield* results;
      if (stop) throw stop;
    }
  } finally {
    // The request under way comes to its end, and no other begins.
    left.abort();
    await next;
  }
}

const works = {
  async create(run: Run, items: readonly Item[]) {
    await create(run, items);
    await tellWhoHasTheName(run, items);
    await writeApart(run, items);
  },
  async update(run: Run, items: readonly Item[]) {
    await update(run, items);
    await giveNamesBack(run, items);
    await tellWhoHasTheName(run, items);
    await writeApart(run, items);
  },
  delete: destroy,
};

/** What has mutations of its own. */
async function writeApart(run: Run, items: readonly Item[]): Promise<void> {
  const there = items.filter(({ remoteId }) => remoteId !== null);
  await writeHistories(run, there);
  await writeResumeTimes(run, there);
  await writeCounters(run, there);
  await writeGalleries(run, there);
}

/** Those that write the same fields come together: what is asked back of one request is the same for all in it. */
const byFields = (a: Item, b: Item): number => {
  const [one, other] = [a, b].map(({ fields }) => fields.join());
  return one === other ? 0 : (one as string) < (other as string) ? -1 : 1;
};

function resultsOf(items: readonly Item[], stop?: unknown): WriteResult[] {
  const reason =
    stop === undefined || stop instanceof StowageError
      ? stop
      : new StowageError('interrupted', 'Stopped before all of it was sent.', { cause: stop });
  return items.flatMap((item) => item.result(reason) ?? []);
}
