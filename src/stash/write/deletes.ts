import type { Item } from './item.ts';
import { mutationsOf } from './mutations.ts';
import { recordsOf } from './newest.ts';
import type { Run } from './run.ts';

const most = 100;

/** Destroys records; their files stay. One that is gone already is as it should be. */
export async function destroy(run: Run, items: readonly Item[]): Promise<void> {
  const failed = new Set<Item>();
  await run.send(
    items.map((item) => ({
      change: item.change,
      mutation: run.mutation(...mutationsOf[run.kind].destroy),
      variables: { id: String(item.remoteId) },
      asks: [],
      done: () => item.settle(item.remoteId as number),
      failed: (error) => {
        item.fail(error);
        failed.add(item);
      },
    })),
    { most },
  );
  if (failed.size === 0) return;
  const found = await recordsOf(
    run,
    [...failed].map(({ remoteId }) => remoteId as number),
  );
  const there = new Set(found.map(({ id }) => id));
  for (const item of failed) {
    if (there.has(item.remoteId as number)) continue;
    item.error = undefined;
    item.settle(item.remoteId as number);
  }
}
