import type { ClientBase } from 'pg';
import { filesHeld, rejected, type Standing, standings } from '../library/lookUps.ts';
import type { Source } from '../library/sources.ts';
import { boxesOf } from '../library/stashBoxes.ts';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import type { PathMap } from '../model/pathMap.ts';
import type { Boxes } from '../model/stashBoxes.ts';
import { hasFiles } from './deletions.ts';
import { decide } from './matching/decide.ts';
import { evidenceFor, levels, type NewRecord } from './matching/evidence.ts';
import { Paths } from './matching/paths.ts';
import { type Resemblance, resemblances } from './matching/resemblance.ts';
import { type Candidate, type Free, weigh } from './matching/weigh.ts';

export type { FileFacts, NewRecord } from './matching/evidence.ts';

/** For a person to say whether the record is this one of the library. */
export interface Suggestion {
  libraryId: LibraryId;
  why: string;
  /** 0 to 1. */
  score: number;
}
export type Outcome =
  | { libraryId: LibraryId; by: string }
  /** It is what became part of this record of the library, which has its own at the source. */
  | { partOf: LibraryId; by: string }
  | { suggestions: Suggestion[] };

export interface MatchOptions {
  pathMap: PathMap;
  /** The source's records that this run found gone: what they were linked to is free. */
  gone?: { has(remoteId: Id): boolean };
  warn?(message: string): void;
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
  #boxes: Promise<Boxes> | undefined;
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
    this.#boxes ??= boxesOf(client);
    const boxes = await this.#boxes;
    const evidence = await evidenceFor(client, kind, records, paths, boxes);
    const free = await this.#free(records, evidence, goesByName(kind));
    const found = evidence.map(({ libraryId }) => libraryId);
    const files = hasFiles.has(kind)
      ? await filesHeld(client, kind, [...new Set(found)])
      : new Map();
    const { candidates, doubtful } = weigh(kind, records, { evidence, free, files, boxes });
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
    const taken = new Set(matches.map(({ libraryId }) => libraryId));
    for (const { remoteId, libraryId, by, whole } of matches) {
      if (whole === undefined) outcomes.set(remoteId, { libraryId, by });
      else if (!whole.isFree || taken.has(whole.id))
        outcomes.set(remoteId, { partOf: whole.id, by });
      else {
        outcomes.set(remoteId, { libraryId: whole.id, by });
        taken.add(whole.id);
      }
    }
    if (this.#kind === 'file') return outcomes;
    for (const [remoteId, candidates] of open) {
      const suggestions = candidates
        .sort((a, b) => b.rank - a.rank)
        .map(({ libraryId, by }) => ({ libraryId, why: `the same ${by}, as others`, score: 1 }));
      outcomes.set(remoteId, { suggestions: suggestions.slice(0, mostSuggestions) });
    }
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

  /**
   * Without what is taken: one to one, never two of a source, and never what a person said it is not. What became part of
   * another record is none itself, unless it is asked for.
   */
  async #free<F extends { record: number; libraryId: LibraryId }>(
    records: readonly NewRecord[],
    found: readonly F[],
    withFolded = false,
  ): Promise<Free<F>[]> {
    if (found.length === 0) return [];
    const standing = await this.#standings(found.map(({ libraryId }) => libraryId));
    const wholes = await this.#standings(
      [...standing.values()].flatMap(({ foldedInto: whole }) => whole ?? []),
    );
    const remoteIds = records.map(({ remoteId }) => remoteId);
    const refused = await rejected(this.#client, this.#sourceId, this.#kind, remoteIds);
    const isFree = ({ links }: Standing) =>
      links.every(({ remoteId, isAbsent }) => isAbsent || this.#options.gone?.has(remoteId));
    return found.flatMap((one) => {
      const { libraryId } = one;
      const to = standing.get(libraryId);
      if (to === undefined || !isFree(to)) return [];
      const { remoteId } = records[one.record] as NewRecord;
      const isRefused = (id: LibraryId) => refused.get(remoteId)?.has(id) ?? false;
      if (isRefused(libraryId)) return [];
      if (to.foldedInto === null) return [{ ...one, standing: to }];
      const id = to.foldedInto;
      const into = wholes.get(id);
      if (!withFolded || !into || into.isDeleted || isRefused(id)) return [];
      return [{ ...one, standing: to, whole: { id, isFree: isFree(into) } }];
    });
  }

  #standings(ids: readonly LibraryId[]): Promise<Map<LibraryId, Standing>> {
    return standings(this.#client, this.#sourceId, this.#kind, [...new Set(ids)]);
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

/** A name that a person merged into another's is that one's wherever it comes from; two contents are not one by it. */
const goesByName = (kind: Kind): boolean => levels[kind].includes('name');
