import { StowageError } from '../../model/errors.ts';
import type { SourceChange, WriteResult, Writer, WriterOptions } from '../../model/writing.ts';
import type { StashServer } from '../server.ts';
import { sendApart } from './apart.ts';
import { writeCounters } from './counters.ts';
import { create } from './creates.ts';
import { destroy } from './deletes.ts';
import { cutEdges } from './edges.ts';
import { writeGalleries } from './galleries.ts';
import { writeHistories, writeResumeTimes } from './histories.ts';
import { Item } from './item.ts';
import { freeNames, giveNamesBack } from './names.ts';
import { writingForms } from './otherForms.ts';
import { Mutations } from './request.ts';
import { Run, type Tools } from './run.ts';
import { sendUpdates, updatesOf } from './updates.ts';

/*
 * A write, from its beginning to its end. What a field is to a server says fields.ts (and canHold.ts, to others); the
 * mutations stand in operations/mutations.graphql, and which of them a kind has in mutations.ts.
 *
 *   Item (item.ts)           one change: what is still to be written of it, what the server made of it
 *   freeNames, cutEdges      first, over all changes: what others of them need to be out of their way
 *   then by the chunk        update, create or destroy: what goes into a kind's own mutation (inputs.ts makes it), then
 *                            what has mutations of its own: histories.ts, counters.ts, galleries.ts
 *   Sender (sender.ts)       makes requests of all that (request.ts) and is patient: waits, repeats, halves
 */

/** Measured: `scenesUpdate` with so many is four times as fast as one by one. */
const mostAtOnce = 300;
/** Pictures are held as text while they wait for their turn. */
const mostWithPictures = 30;

/** Opens a server for writing. */
export function openWriter(server: StashServer, options: WriterOptions = {}): Writer {
  const mutations = new Mutations(server);
  const open = (own: WriterOptions): Writer => {
    const tools = { server, mutations, options: own };
    return { write: (changes, signal) => write(tools, changes, signal) };
  };
  return writingForms(server.profile, open, options);
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
  const size = items.some((item) => item.hasPicture) ? mostWithPictures : mostAtOnce;
  const chunks = Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
  if (action === 'update') {
    await freeNames(run, items);
    await cutEdges(run, items);
  }
  const ready = async (chunk: readonly Item[]) => {
    const work = await works[action](run, chunk);
    await run.tell(chunk.flatMap(({ change, error }) => (error ? [] : [change])));
    return async (): Promise<{ results: WriteResult[]; stop?: unknown }> => {
      try {
        await work();
        return { results: resultsOf(chunk) };
      } catch (stop) {
        return { results: resultsOf(chunk, stop), stop };
      }
    };
  };
  let underWay = (await ready(chunks[0] as Item[]))();
  try {
    for (let i = 0; i < chunks.length; i++) {
      const chunk = chunks[i + 1];
      let failure: unknown;
      // Made ready while the server is at work, and whoever takes the results is not.
      const next = chunk
        ? await ready(chunk).catch((error: unknown) => {
            failure = error;
          })
        : undefined;
      const { results, stop = failure } = await underWay;
      // On its way while the results are used.
      if (next && stop === undefined) underWay = next();
      yield* results;
      if (stop !== undefined) throw stop;
    }
  } finally {
    // The request under way comes to its end, and no other begins.
    left.abort();
    await underWay;
  }
}

/** For each action, what makes it ready to be sent, and then sends it. */
const works = {
  async create(run: Run, items: readonly Item[]) {
    return async () => {
      await create(run, items);
      await writeApart(run, items);
    };
  },
  async update(run: Run, items: readonly Item[]) {
    const pieces = await updatesOf(run, items);
    return async () => {
      await sendUpdates(run, pieces);
      // Before anything is sent in parts: an alias would be taken that is such a name.
      await giveNamesBack(run, items);
      await sendApart(run, items);
      await giveNamesBack(run, items);
      await writeApart(run, items);
    };
  },
  async delete(run: Run, items: readonly Item[]) {
    return () => destroy(run, items);
  },
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
const byFields = ({ sort: a }: Item, { sort: b }: Item): number => (a < b ? -1 : a > b ? 1 : 0);

function resultsOf(items: readonly Item[], stop?: unknown): WriteResult[] {
  const reason =
    stop === undefined || stop instanceof StowageError
      ? stop
      : new StowageError('interrupted', 'Stopped before all of it was sent.', { cause: stop });
  return items.flatMap((item) => item.result(reason) ?? []);
}
