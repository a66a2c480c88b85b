import type { Values } from '../../model/held.ts';
import type { WrittenKind } from './entry.ts';
import type { Item } from './item.ts';
import type { Run } from './run.ts';
import { sendUpdates, updateOf } from './updates.ts';

/** The field that makes a hierarchy of a kind, in which a server allows no loop. */
const hierarchies: { readonly [K in WrittenKind]?: string } = {
  tag: 'parents',
  studio: 'parent',
  group: 'subGroups',
};

/**
 * Takes away what is to go from a hierarchy, before anything is added to it: where two tags change places, there would
 * be a loop for a moment.
 */
export async function cutEdges(run: Run, items: readonly Item[]): Promise<void> {
  const field = hierarchies[run.kind];
  if (!field) return;
  const concerned = items
    .filter((item) => item.awaits(field))
    .map((item) => {
      const [before, after] = [item.change.before[field], item.change.after[field]];
      const kept = keptOf(before, after);
      return { item, kept, loses: size(kept) < size(before), gains: size(kept) < size(after) };
    });
  const losing = concerned.filter(({ loses }) => loses);
  const gaining = concerned.filter(({ gains }) => gains);
  if (!losing.some((one) => gaining.some((other) => other !== one))) return;
  const pieces = [];
  for (const { item, kept } of losing) {
    const piece = await updateOf(run, item, { [field]: kept } as Values);
    if (piece) pieces.push({ ...piece, done: () => {} });
  }
  await run.tell(pieces.map(({ change }) => change));
  await sendUpdates(run, pieces);
}

/** What of the edges before is still there after. */
function keptOf(before: unknown, after: unknown): unknown {
  if (Array.isArray(before)) return before.filter((id) => (after as unknown[]).includes(id));
  if (typeof before === 'object' && before !== null) {
    const entries = Object.entries(before).filter(([id]) => Object.hasOwn(after as object, id));
    return Object.fromEntries(entries);
  }
  return before === after ? before : null;
}

const size = (edges: unknown): number =>
  Array.isArray(edges)
    ? edges.length
    : typeof edges === 'object' && edges !== null
      ? Object.keys(edges).length
      : edges == null
        ? 0
        : 1;
