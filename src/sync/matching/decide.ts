import type { Id } from '../../model/fields.ts';
import type { LibraryId } from '../../model/held.ts';

/** A new record of the source, and one of the library that it may be. */
export interface Pairing {
  remoteId: Id;
  libraryId: LibraryId;
  /** How much speaks for it: the more, the higher. Equal ranks say the same. */
  rank: number;
  /** All that tells such records apart is the same: whichever it is, nobody could see a difference. */
  isTwin?: boolean;
}

export interface Decided<P extends Pairing> {
  matches: P[];
  /** What is left of a record that found none: more than one may be it, or it is not the only one for it. */
  open: Map<Id, P[]>;
}

/**
 * One to one: a pairing is taken where no other record of the library ranks as high for the source's, nor another of
 * the source's for the library's. Both are out of the question then, which may leave others with one that ranks
 * highest. What stays undecided is nobody's to guess.
 */
export function decide<P extends Pairing>(pairings: readonly P[]): Decided<P> {
  let matches: P[] = [];
  let left = pairings;
  for (;;) {
    const taken = undisputed(left);
    if (taken.length === 0) break;
    matches = matches.concat(taken);
    left = without(left, taken);
  }
  const twins = twinsAmong(left);
  return {
    matches: matches.concat(twins),
    open: Map.groupBy(without(left, twins), ({ remoteId }) => remoteId),
  };
}

function undisputed<P extends Pairing>(pairings: readonly P[]): P[] {
  const forRemote = new Map<Id, Best>();
  const forLibrary = new Map<LibraryId, Best>();
  for (const { remoteId, libraryId, rank } of pairings) {
    note(forRemote, remoteId, rank);
    note(forLibrary, libraryId, rank);
  }
  return pairings.filter(
    ({ remoteId, libraryId, rank }) =>
      forRemote.get(remoteId) === rank && forLibrary.get(libraryId) === rank,
  );
}

/** The highest rank that somebody's pairings have, and a half more where several have it. Of very many records. */
type Best = number;

function note<T>(bests: Map<T, Best>, of: T, rank: number): void {
  const best = bests.get(of);
  if (best === undefined || rank > best) bests.set(of, rank);
  else if (rank === Math.floor(best)) bests.set(of, rank + 0.5);
}

/** Records that cannot be told apart, on both sides, in the order of their ids. */
function twinsAmong<P extends Pairing>(pairings: readonly P[]): P[] {
  const remotes = new Set<Id>();
  const libraries = new Set<LibraryId>();
  const taken: P[] = [];
  const ordered = pairings
    .filter(({ isTwin }) => isTwin)
    .sort(
      (a, b) => b.rank - a.rank || a.remoteId - b.remoteId || (a.libraryId < b.libraryId ? -1 : 1),
    );
  for (const pairing of ordered) {
    const { remoteId, libraryId } = pairing;
    if (remotes.has(remoteId) || libraries.has(libraryId)) continue;
    remotes.add(remoteId);
    libraries.add(libraryId);
    taken.push(pairing);
  }
  return taken;
}

function without<P extends Pairing>(pairings: readonly P[], taken: readonly P[]): P[] {
  if (taken.length === pairings.length) return [];
  const remotes = new Set(taken.map(({ remoteId }) => remoteId));
  const libraries = new Set(taken.map(({ libraryId }) => libraryId));
  return pairings.filter(
    ({ remoteId, libraryId }) => !remotes.has(remoteId) && !libraries.has(libraryId),
  );
}
