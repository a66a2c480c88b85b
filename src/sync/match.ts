import type { ClientBase } from 'pg';
import { rejected, type Standing, standings } from '../library/lookUps.ts';
import type { Source } from '../library/sources.ts';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import type { PathMap } from '../model/pathMap.ts';
import { decide, type Pairing } from './matching/decide.ts';
import {
  type Evidence,
  evidenceFor,
  type Level,
  levels,
  type NewRecord,
  tellingOf,
} from './matching/evidence.ts';
import { Paths } from './matching/paths.ts';
import { type Resemblance, resemblances } from './matching/resemblance.ts';

export type { FileFacts, NewRecord } from './matching/evidence.ts';

/** For a person to say whether the record is this one of the library. */
export interface Suggestion {
  libraryId: LibraryId;
  why: string;
  /** 0 to 1. */
  score: number;
}
export type Outcome = { libraryId: LibraryId; by: string } | { suggestions: Suggestion[] };

export interface MatchOptions {
  pathMap: PathMap;
  /** The source's records that this run found gone: what they were linked to is free. */
  gone?: { has(remoteId: Id): boolean };
  warn?(message: string): void;
}

interface Candidate extends Pairing {
  by: Level;
}

/**
 * Matches the new records of a kind with the library's (design.md §5.3). All of them are added first, in batches of
 * up to a thousand, since two of them that may be the same record of the library are told apart only side by side; what
 * is kept of each is a line. What they name (a marker's scene, a scene's files) is matched before.
 */
export class Matching {
  readonly #client: ClientBase;
  readonly #sourceId: number;
  readonly #kind: Kind;
  readonly #options: MatchOptions;
  #paths: Promise<Paths> | undefined;
  readonly #candidates: Candidate[] = [];
  readonly #suggestions = new Map<Id, Suggestion[]>();

  constructor(client: ClientBase, source: Pick<Source, 'id'>, kind: Kind, options: MatchOptions) {
    this.#client = client;
    this.#sourceId = source.id;
    this.#kind = kind;
    this.#options = options;
  }

  async add(records: readonly NewRecord[]): Promise<void> {
    const client = this.#client;
    const kind = this.#kind;
    const paths = () => (this.#paths ??= Paths.of(client, this.#options.pathMap));
    const evidence = await evidenceFor(client, kind, records, paths);
    const { candidates, doubtful } = weigh(kind, records, await this.#free(records, evidence));
    for (const candidate of candidates) this.#candidates.push(candidate);
    if (kind === 'file') return; // nobody could say more of a file than its fingerprints do
    const matched = new Set(candidates.map(({ remoteId }) => remoteId));
    const others = records.filter(({ remoteId }) => !matched.has(remoteId));
    const alike = await resemblances(client, kind, others, this.#options.warn);
    this.#suggest(records, doubtful);
    this.#suggest(others, await this.#free(others, alike));
  }

  /** Those that may be a record of the library, by their numbers; the others are new to it. */
  decide(): Map<Id, Outcome> {
    const outcomes = new Map<Id, Outcome>();
    const { matches, open } = decide(this.#candidates);
    for (const { remoteId, libraryId, by } of matches) outcomes.set(remoteId, { libraryId, by });
    if (this.#kind === 'file') return outcomes;
    for (const [remoteId, candidates] of open) {
      const suggestions = candidates
        .sort((a, b) => b.rank - a.rank)
        .map(({ libraryId, by }) => ({ libraryId, why: `the same ${by}, as others`, score: 1 }));
      outcomes.set(remoteId, { suggestions: suggestions.slice(0, mostSuggestions) });
    }
    const taken = new Set(matches.map(({ libraryId }) => libraryId));
    for (const [remoteId, found] of this.#suggestions) {
      const suggestions = found.filter(({ libraryId }) => !taken.has(libraryId));
      if (outcomes.has(remoteId) || suggestions.length === 0) continue;
      suggestions.sort((a, b) => b.score - a.score);
      outcomes.set(remoteId, { suggestions: suggestions.slice(0, mostSuggestions) });
    }
    return outcomes;
  }

  #suggest(records: readonly NewRecord[], found: readonly Free<Resemblance>[]): void {
    for (const { record, libraryId, why, score } of found) {
      const { remoteId } = records[record] as NewRecord;
      const suggestions = this.#suggestions.get(remoteId) ?? [];
      if (suggestions.some((one) => one.libraryId === libraryId)) continue;
      this.#suggestions.set(remoteId, [...suggestions, { libraryId, why, score }]);
    }
  }

  /** Without what is taken: one to one, never two of a source, and never what a person said it is not. */
  async #free<F extends { record: number; libraryId: LibraryId }>(
    records: readonly NewRecord[],
    found: readonly F[],
  ): Promise<Free<F>[]> {
    if (found.length === 0) return [];
    const ids = [...new Set(found.map(({ libraryId }) => libraryId))];
    const remoteIds = records.map(({ remoteId }) => remoteId);
    const standing = await standings(this.#client, this.#sourceId, this.#kind, ids);
    const refused = await rejected(this.#client, this.#sourceId, this.#kind, remoteIds);
    const isGone = (remoteId: Id) => this.#options.gone?.has(remoteId) ?? false;
    return found.flatMap((one) => {
      const to = standing.get(one.libraryId);
      if (to === undefined || to.isFolded) return [];
      if (to.links.some(({ remoteId, isAbsent }) => !isAbsent && !isGone(remoteId))) return [];
      const { remoteId } = records[one.record] as NewRecord;
      return refused.get(remoteId)?.has(one.libraryId) ? [] : [{ ...one, standing: to }];
    });
  }
}

/** Matches one batch that is all there is: see `Matching`. */
export async function matchNew(
  client: ClientBase,
  source: Pick<Source, 'id'>,
  kind: Kind,
  records: readonly NewRecord[],
  options: MatchOptions,
): Promise<Map<Id, Outcome>> {
  const matching = new Matching(client, source, kind, options);
  await matching.add(records);
  return matching.decide();
}

/** More than these nobody wants to look through for one record. */
const mostSuggestions = 5;

type Free<F> = F & { standing: Standing };

/** Adds up what speaks for each record of the library. */
function weigh(
  kind: Kind,
  records: readonly NewRecord[],
  evidence: readonly Free<Evidence>[],
): { candidates: Candidate[]; doubtful: Free<Resemblance>[] } {
  const doubtful: Free<Resemblance>[] = [];
  const levelsOf = new Map<string, { first: Free<Evidence>; met: Set<Level> }>();
  for (const one of evidence) {
    const { record, libraryId, level, standing, isDoubtful } = one;
    // Unless it was this source's own: then the file was replaced.
    if (isDoubtful && standing.links.length === 0) {
      const why = 'the same path, though the content is another';
      doubtful.push({ record, libraryId, standing, why, score: 0.5 });
      continue;
    }
    const key = `${record} ${libraryId}`;
    const found = levelsOf.get(key) ?? { first: one, met: new Set() };
    levelsOf.set(key, found);
    found.met.add(level);
  }
  const candidates = [...levelsOf.values()].map(({ first, met }): Candidate => {
    const record = records[first.record] as NewRecord;
    const { libraryId, standing } = first;
    const isSame = tellingOf(kind, record) === standing.telling;
    if (isSame && standing.telling !== '') met.add('telling');
    return {
      remoteId: record.remoteId,
      libraryId,
      by: levels[kind].find((level) => met.has(level)) as Level,
      rank: rankOf(kind, met, standing),
      isTwin: isSame && (kind === 'marker' || kind === 'chapter'),
    };
  });
  return { candidates, doubtful };
}

/**
 * The strongest level first; at the same one, what was deleted or has gone from the source, so that it gets everything
 * back; then the levels after it.
 */
function rankOf(kind: Kind, met: ReadonlySet<Level>, { isDeleted, links }: Standing): number {
  const count = levels[kind].length;
  const bits = levels[kind].map((level, i) => (met.has(level) ? 2 ** (count - 1 - i) : 0));
  const sum = bits.reduce((all, bit) => all + bit, 0);
  const strongest = Math.max(...bits);
  const returns = isDeleted || links.length > 0;
  return (strongest * 2 + (returns ? 1 : 0)) * 2 ** count + sum;
}
