import type { Id, Instant } from '../../model/fields.ts';
import { history } from '../tables/values.ts';
import * as ask from '../types.ts';
import type { Item } from './item.ts';
import type { Mutation } from './request.ts';
import type { Run } from './run.ts';
import type { Piece } from './sender.ts';

/*
 * Plays and Os are multisets of instants. To add an instant again counts twice, so nothing is sent a second time before
 * the history was read, and then only what is still missing of it.
 */

/** Measured: so many in a request, 6,200 a second. */
const most = 100;

const histories = [
  { field: 'plays', add: ask.SceneAddPlayDocument, remove: ask.SceneDeletePlayDocument },
  { field: 'os', add: ask.SceneAddODocument, remove: ask.SceneDeleteODocument },
] as const;

type Field = (typeof histories)[number]['field'];

/** One call of several: what it adds to a scene's history, or takes away. */
interface Stroke {
  item: Item;
  field: Field;
  times: Instant[];
  mutation: Mutation;
  adds: boolean;
}

export async function writeHistories(run: Run, items: readonly Item[]): Promise<void> {
  const strokes = new Map<Piece, Stroke>();
  /** How many calls for a field of an item are still to come. */
  const left = new Map<Item, { [F in Field]?: number }>();
  const pieceOf = (stroke: Stroke): Piece => {
    const { item, field, times, mutation } = stroke;
    const settled = (stored: Instant[] | undefined) => {
      const counts = left.get(item) ?? {};
      counts[field] = (counts[field] ?? 1) - 1;
      if (counts[field] === 0) item.wrote(field, stored ?? instants(item.change.after[field]));
    };
    const piece: Piece = {
      change: item.change,
      mutation,
      variables: { id: String(item.remoteId), times },
      asks: ['history'],
      done: (answer) => {
        const told = (answer as { history: Instant[] } | undefined)?.history;
        settled(told && history(told));
      },
      failed: (error) => item.fail(error),
    };
    strokes.set(piece, stroke);
    return piece;
  };

  const pieces: Piece[] = [];
  for (const item of items) {
    for (const { field, add, remove } of histories) {
      if (!item.awaits(field)) continue;
      const before = instants(item.change.before[field]);
      const after = instants(item.change.after[field]);
      const changes = [
        { times: without(after, before), operation: add, adds: true },
        { times: without(before, after), operation: remove, adds: false },
      ].filter(({ times }) => times.length > 0); // an empty list would mean now
      left.set(item, { ...left.get(item), [field]: changes.length });
      if (changes.length === 0) item.wrote(field, after);
      for (const { times, operation, adds } of changes) {
        pieces.push(pieceOf({ item, field, times, adds, mutation: run.mutation(operation) }));
      }
    }
  }

  /** What of these did not arrive. */
  const again = async (unsure: readonly Piece[]): Promise<Piece[]> => {
    const now = await historiesOf(
      run,
      unsure.map((piece) => strokes.get(piece)?.item.remoteId as Id),
    );
    return unsure.flatMap((piece) => {
      const stroke = strokes.get(piece) as Stroke;
      const { item, field, times, adds } = stroke;
      const there = now.get(item.remoteId as Id)?.[field];
      if (!there) return [piece]; // to be told that the scene is gone
      const wanted = instants(item.change.after[field]);
      const missing = common(times, adds ? without(wanted, there) : without(there, wanted));
      if (missing.length > 0) return [pieceOf({ ...stroke, times: missing })];
      piece.done({ history: there });
      return [];
    });
  };
  await run.send(pieces, { most, again });
}

/** Where a scene was stopped, which has a mutation of its own that answers nothing. */
export async function writeResumeTimes(run: Run, items: readonly Item[]): Promise<void> {
  const concerned = items.filter((item) => item.awaits('resumeTime'));
  await run.send(
    concerned.map((item) => ({
      change: item.change,
      mutation: run.mutation(ask.SceneSaveResumeTimeDocument),
      variables: { id: String(item.remoteId), time: item.change.after.resumeTime },
      asks: [],
      done: () => item.wrote('resumeTime', item.change.after.resumeTime),
      failed: (error) => item.fail(error),
    })),
    { most },
  );
}

async function historiesOf(run: Run, scenes: readonly Id[]) {
  const ids = [...new Set(scenes)].map(String);
  const { signal } = run;
  const { findScenes } = await run.server.request(ask.SceneHistoriesDocument, { ids }, { signal });
  return new Map(
    findScenes.scenes.map(({ id, play_history, o_history }) => [
      Number(id),
      { plays: instants(history(play_history)), os: instants(history(o_history)) },
    ]),
  );
}

/** A server keeps whole seconds. */
const instants = (value: unknown): Instant[] =>
  ((value as Instant[] | undefined) ?? []).map((one) => one.replace(/[.][0-9]+/, ''));

/** As multisets: what is left of the first when the second is taken away. */
function without(list: readonly Instant[], other: readonly Instant[]): Instant[] {
  const counts = countsOf(other);
  return list.filter((one) => {
    const count = counts.get(one) ?? 0;
    counts.set(one, count - 1);
    return count <= 0;
  });
}

/** As multisets: what both have. */
const common = (list: readonly Instant[], other: readonly Instant[]): Instant[] =>
  without(list, without(list, other));

function countsOf(list: readonly Instant[]): Map<Instant, number> {
  const counts = new Map<Instant, number>();
  for (const one of list) counts.set(one, (counts.get(one) ?? 0) + 1);
  return counts;
}
