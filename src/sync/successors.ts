import type { ClientBase } from 'pg';
import { heldRecords } from '../library/heldRecords.ts';
import { filesHeld } from '../library/lookUps.ts';
import { answerMatch, matchesOf, suggestMatches } from '../library/matches.ts';
import type { Source } from '../library/sources.ts';
import { boxesOf } from '../library/stashBoxes.ts';
import { type Succession, successionsAt } from '../library/successors.ts';
import type { StashIds } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Boxes } from '../model/stashBoxes.ts';
import { foldInto } from './foldInto.ts';
import { compareContents } from './matching/content.ts';
import { listed } from './matching/weigh.ts';

interface Weighed extends Succession {
  why: string;
  score: number;
  /** Nothing speaks against it, and the lengths of both are known. */
  isLike: boolean;
}

/**
 * A better copy of a film arrives beside the former one, gets its stash id, and the former one is cleaned: what a person
 * made of that waits for its successor. It is suggested; where the source is set so, it is handed over at once, unless
 * something speaks against it or more than one may be meant. Returns how many were.
 */
export async function succeed(
  client: ClientBase,
  source: Source,
  run: { id: number; sourceId: number },
): Promise<number> {
  const found = await successionsAt(client, source);
  if (found.length === 0) return 0;
  const weighed = await weighedAll(client, found);
  await suggestMatches(
    client,
    source,
    weighed.map(({ goneId, heirId, remoteId, why, score }) => ({
      ...{ kind: 'scene', remoteId, libraryId: heirId, otherId: goneId, why, score },
    })),
  );
  if (source.successors !== 'accept') return 0;
  const isOnly = (of: 'goneId' | 'heirId', { [of]: id }: Succession) =>
    found.filter((other) => other[of] === id).length === 1;
  let handed = 0;
  for (const one of weighed) {
    if (!one.isLike || !isOnly('goneId', one) || !isOnly('heirId', one)) continue;
    // What a person said of the two holds.
    const waiting = (await matchesOf(client, [one.heirId])).get(one.heirId) ?? [];
    const match = waiting.find(({ otherId }) => otherId === one.goneId);
    if (!match) continue;
    await client.query('BEGIN');
    try {
      await foldInto(client, run, 'scene', one.goneId, one.heirId);
      await answerMatch(client, match.id, 'accepted');
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK').catch(() => {}); // the first error tells more
      throw error;
    }
    handed++;
  }
  return handed;
}

async function weighedAll(client: ClientBase, found: readonly Succession[]): Promise<Weighed[]> {
  const ids = [...new Set(found.flatMap(({ goneId, heirId }) => [goneId, heirId]))];
  const files = await filesHeld(client, 'scene', ids);
  const held = await heldRecords(client, 'scene', ids);
  const boxes = await boxesOf(client);
  const stashIdsOf = (id: LibraryId) => (held.get(id)?.values.stashIds ?? {}) as StashIds;
  return found.map((one) => {
    const [former, heir] = [files.get(one.goneId) ?? [], files.get(one.heirId) ?? []];
    const { unlike, contradicted } = compareContents(heir, former);
    const against = [...new Set([...(contradicted?.against ?? []), ...unlike])];
    if (isOtherSomewhere(stashIdsOf(one.goneId), stashIdsOf(one.heirId), boxes)) {
      against.push('another id at another box');
    }
    const isMeasured = [former, heir].every((some) => some.some(({ duration }) => duration));
    const what = 'it has the stash id of that one, which is gone';
    return {
      ...one,
      why: against.length > 0 ? `${what}, but ${listed(against)}` : what,
      score: against.length > 0 ? 0.5 : 0.9,
      isLike: isMeasured && against.length === 0,
    };
  });
}

function isOtherSomewhere(one: StashIds, other: StashIds, boxes: Boxes): boolean {
  const [ours, theirs] = [boxes.gathered(one), boxes.gathered(other)];
  return Object.entries(ours).some(([box, ids]) => {
    const known = theirs[box];
    return (
      known !== undefined && !ids.some(({ stashId }) => known.some((id) => id.stashId === stashId))
    );
  });
}
