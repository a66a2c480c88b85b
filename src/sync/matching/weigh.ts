import type { HeldFile, Standing } from '../../library/lookUps.ts';
import type { Id, StashIds } from '../../model/fields.ts';
import type { LibraryId } from '../../model/held.ts';
import type { Kind } from '../../model/kinds.ts';
import type { Boxes } from '../../model/stashBoxes.ts';
import { type Comparison, compareContents } from './content.ts';
import type { Pairing } from './decide.ts';
import {
  type Evidence,
  filesOf,
  type Level,
  levels,
  type NewRecord,
  tellingOf,
} from './evidence.ts';
import type { Resemblance } from './resemblance.ts';

/** A record of the library that one of the source may be, as far as nothing speaks against it. */
export interface Candidate extends Pairing {
  by: Level;
  /** What the library's record became part of. */
  whole: Whole | undefined;
}

/** A record that others became part of; free where the source has none for it. */
interface Whole {
  id: LibraryId;
  isFree: boolean;
}

/** What was found of a record of the library that no other of the source's is. */
export type Free<F> = F & { standing: Standing; whole?: Whole };

interface Found {
  /** All of it, of records that are taken too: these can speak against others. */
  evidence: readonly Evidence[];
  free: readonly Free<Evidence>[];
  /** The files of all that was found. */
  files: ReadonlyMap<LibraryId, readonly HeldFile[]>;
  boxes: Boxes;
}

/** Adds up what speaks for each record of the library, and against it: what contradicts itself is a person's to say. */
export function weigh(
  kind: Kind,
  records: readonly NewRecord[],
  { evidence, free, files, boxes }: Found,
): { candidates: Candidate[]; doubtful: Free<Resemblance>[] } {
  const doubtful: Free<Resemblance>[] = [];
  const compared = new Map<string, Comparison>();
  const compare = (record: number, libraryId: LibraryId): Comparison => {
    const key = `${record} ${libraryId}`;
    const known = compared.get(key);
    if (known) return known;
    const ours = filesOf(records[record] as NewRecord);
    const comparison = compareContents(ours, files.get(libraryId) ?? []);
    compared.set(key, comparison);
    return comparison;
  };
  /** The records of the library that have the same content as one of the source. */
  const identical = new Map<number, Set<LibraryId>>();
  for (const { record, libraryId, level } of evidence) {
    if (level !== 'fingerprint' || compare(record, libraryId).same === undefined) continue;
    identical.set(record, (identical.get(record) ?? new Set()).add(libraryId));
  }

  const levelsOf = new Map<string, { first: Free<Evidence>; met: Set<Level> }>();
  for (const one of free) {
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
  const candidates = [...levelsOf.values()].flatMap(({ first, met }): Candidate[] => {
    const record = records[first.record] as NewRecord;
    const { libraryId, standing, whole } = first;
    const content = compare(first.record, libraryId);
    const others = identical.get(first.record);
    const isOther = others !== undefined && !others.has(libraryId);
    const against =
      contradiction(met, content, standing) ??
      (isOther && isOnly(met, 'stash id')
        ? { why: 'the same stash id, but another record has its content', score: 0.4 }
        : undefined) ??
      otherIds(kind, record, met, standing, content, boxes);
    if (against !== undefined) {
      doubtful.push({ ...first, ...against });
      return [];
    }
    if (content.same === 'md5') met.add('md5');
    const isSame = tellingOf(kind, record) === standing.telling;
    if (isSame && standing.telling !== '') met.add('telling');
    return [
      {
        remoteId: record.remoteId,
        libraryId,
        whole,
        by: levels[kind].find((level) => met.has(level)) as Level,
        rank: rankOf(kind, met, standing),
        isTwin: isSame && (kind === 'marker' || kind === 'chapter'),
      },
    ];
  });
  return { candidates: withoutWorseFolded(candidates), doubtful };
}

interface Against {
  why: string;
  score: number;
}

/** These only tell apart what something else found. */
const distinguishing: ReadonlySet<Level> = new Set(['md5', 'primary file', 'telling']);

const isOnly = (met: ReadonlySet<Level>, one: Level): boolean =>
  [...met].every((level) => level === one || distinguishing.has(level));

/** What the files say against what the rest says. Evidence that they take away is taken out of what was met. */
function contradiction(
  met: Set<Level>,
  { same, contradicted, unlike }: Comparison,
  { links }: Standing,
): Against | undefined {
  if (same !== undefined) return undefined;
  if (contradicted) {
    const { by, against } = contradicted;
    // What was this source's own is still known by its place: there the file was replaced.
    const isOwn = links.length > 0 && (met.has('path') || met.has('composed path'));
    if (isOwn) {
      for (const level of ['fingerprint', 'primary file'] as const) met.delete(level);
      return undefined;
    }
    const called = by === 'md5' ? 'MD5' : by;
    return { why: `the same ${called}, but ${listed(against)}`, score: 0.5 };
  }
  if (unlike.length > 0 && isOnly(met, 'stash id')) {
    return { why: `the same stash id, but ${listed(unlike)}`, score: 0.6 };
  }
  return undefined;
}

/**
 * The same box knows them apart. Of people, studios and what has files that is asked; a tag's name decides, a Stash has
 * each but once.
 */
function otherIds(
  kind: Kind,
  { values }: NewRecord,
  met: ReadonlySet<Level>,
  { stashIds }: Standing,
  { same }: Comparison,
  boxes: Boxes,
): Against | undefined {
  const told = (values.stashIds ?? {}) as StashIds;
  const isOther = Object.entries(told).some(([endpoint, ids]) => {
    const ours = stashIds.filter((one) => boxes.isSame(one.endpoint, endpoint));
    return (
      ours.length > 0 &&
      ids.length > 0 &&
      !ours.some(({ stashId }) => ids.some((one) => one.stashId === stashId))
    );
  });
  if (!isOther || same !== undefined) return undefined;
  if (met.has('stash id')) {
    if (!isOnly(met, 'stash id')) return undefined;
    return { why: 'the same stash id at one box, but another one at another', score: 0.6 };
  }
  if (kind === 'tag') return undefined;
  const by = levels[kind].find((level) => met.has(level)) as Level;
  return { why: `the same ${called[by] ?? by}, but another stash id`, score: 0.8 };
}

/** What people call a level that it is a kind of. */
const called: { [L in Level]?: string } = {
  'trimmed name': 'name',
  'composed path': 'path',
  'replaced file': 'path',
  content: 'description',
};

/** `another size, another MD5 and another phash` */
export const listed = (reasons: readonly string[]): string =>
  [reasons.slice(0, -1).join(', '), ...reasons.slice(-1)].filter((part) => part).join(' and ');

/** What became part of another is the one only where no record that is there still is as likely. */
function withoutWorseFolded(candidates: readonly Candidate[]): Candidate[] {
  const best = new Map<Id, number>();
  for (const { remoteId, rank, whole } of candidates) {
    if (whole === undefined) best.set(remoteId, Math.max(rank, best.get(remoteId) ?? 0));
  }
  return candidates.filter(
    ({ remoteId, rank, whole }) => whole === undefined || rank > (best.get(remoteId) ?? 0),
  );
}

/**
 * The strongest level first; at the same one, what was deleted or has gone from the source, so that it gets everything
 * back; then the levels after it.
 */
function rankOf(kind: Kind, met: ReadonlySet<Level>, standing: Standing): number {
  const { isDeleted, links, foldedInto } = standing;
  const count = levels[kind].length;
  const bits = levels[kind].map((level, i) => (met.has(level) ? 2 ** (count - 1 - i) : 0));
  const sum = bits.reduce((all, bit) => all + bit, 0);
  const strongest = Math.max(...bits);
  const returns = foldedInto === null && (isDeleted || links.length > 0);
  return (strongest * 2 + (returns ? 1 : 0)) * 2 ** count + sum;
}
