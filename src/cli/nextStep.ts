import type { Run } from '../library/runs.ts';
import type { Source } from '../library/sources.ts';
import type { Waiting } from '../library/waiting.ts';

/** A source with what waits and what was last done. */
export interface Standing extends Waiting {
  /** Pictures that are not held, though they were to be brought. */
  missing: number;
  source: Pick<Source, 'name' | 'standing' | 'writes' | 'address' | 'deletions'>;
  lastRun: Pick<Run, 'startedAt' | 'finishedAt'> | undefined;
}

const day = 86_400_000;

/** What a person best does next, in one sentence. */
export function nextStep(sources: readonly Standing[], now = Date.now()): string {
  if (sources.length === 0) return 'Bring a library over: `stowage migrate --from …`.';
  const steps: ((of: Standing) => string | false)[] = [
    ({ source: { name, standing } }) =>
      (standing === 'rewound' || standing === 'renumbered') &&
      `${name} is not what it was: say what is right with \`stowage sources resolve ${name} …\`.`,
    ({ source: { name, standing, writes } }) =>
      standing === 'push' &&
      !writes &&
      `Let ${name} be written to, so that the library can be put back into it: \`stowage sources set ${name} writes=on\`.`,
    ({ source: { name }, lastRun }) =>
      lastRun?.finishedAt === null &&
      `The last run of ${name} was cut off: ${syncOf(name)} goes on.`,
    ({ conflicts }) =>
      conflicts > 0 && 'Say who is right where both sides changed something: `stowage conflicts`.',
    ({ suggestions }) => suggestions > 0 && 'Say which records are the same: `stowage matches`.',
    ({ source: { name, writes }, unsent }) =>
      unsent > 0 &&
      !writes &&
      `Edits wait that ${name} does not have yet: \`stowage sources set ${name} writes=on\` shows what the next sync would write, and lets it.`,
    ({ source: { name, address }, unsent, lastRun }) =>
      address !== null &&
      (unsent > 0 || !lastRun || now - lastRun.startedAt.getTime() > day) &&
      `Bring both sides in step: ${syncOf(name)}.`,
    ({ source: { name }, missing }) =>
      missing > 0 &&
      `Pictures are missing: ${syncOf(name)} asks ${name} for them. What is lost there too, give anew with \`stowage edit\`.`,
    ({ source: { name }, refused }) =>
      refused > 0 && `Edit what ${name} has refused, or delete it: it is sent again then.`,
    ({ source: { name, deletions }, absent }) =>
      absent > 0 &&
      (deletions === 'library' || deletions === 'both') &&
      `What is gone from ${name} is marked as deleted here by a sync that misses it a day later still.`,
  ];
  const syncOf = (name: string) =>
    sources.length > 1 ? `\`stowage sync --name ${name}\`` : '`stowage sync`';
  for (const step of steps) {
    for (const one of sources) {
      const words = step(one);
      if (words) return words;
    }
  }
  return 'Nothing waits.';
}
