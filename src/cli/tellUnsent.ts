import { type PlanCount, PlanFile } from '../sync/planFile.ts';
import { planSource, type Syncing } from '../sync/sync.ts';
import type { Output } from './output.ts';
import { tellCounts, tellItems } from './planTable.ts';

/**
 * Shows all that a sync would write to a source if writing were switched on, which is not part of a plan before it is.
 * Returns it, counted.
 */
export async function tellUnsent(
  output: Output,
  syncing: Syncing,
  headings: { some: string; none?: string },
): Promise<PlanCount[]> {
  const source = { ...syncing.source, writes: true };
  const plan = PlanFile.make();
  try {
    await planSource({ ...syncing, source, full: false }, plan);
    const counts = plan.counts().filter(({ side }) => side === 'source');
    const heading = counts.length > 0 ? headings.some : headings.none;
    if (heading) output.line(heading);
    await tellItems(output, syncing.client, plan, source.name, { onlyThere: true });
    tellCounts(output, counts, source.name);
    return counts;
  } finally {
    plan.close();
  }
}
