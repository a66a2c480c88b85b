import type { Fingerprint } from '../../model/kinds.ts';

/** What tells whether two files are of one content. */
export interface Contents {
  /** Bytes; null where it is not known. */
  size?: number | null;
  /** Seconds; null where it is not known, or there is none. */
  duration?: number | null;
  fingerprints: readonly Fingerprint[];
}

/** What the files of two records say about each other. */
export interface Comparison {
  /** The fingerprint by which a file of the one is a file of the other, with nothing against it. */
  same: 'md5' | 'oshash' | undefined;
  /** Where none is: what speaks against those that share a fingerprint. */
  contradicted: { by: 'md5' | 'oshash'; against: string[] } | undefined;
  /** Where none is: how each file of the one differs from each of the other, as far as can be seen without the bytes. */
  unlike: string[];
}

/** Of the same bytes, two servers measure lengths that hardly differ: the least that Stash's search for duplicates allows. */
const sameLength = 1;
/** Stash's tagger takes lengths up to here for the same; other cuts of a long film differ by more. */
const likeLength = { seconds: 5, share: 0.1 };
/** Bits of a phash. Stash's search for duplicates goes as far as this at its lowest accuracy; two films differ in about 32. */
const likePhash = 10;

/** Compares every file of one record with every file of another. */
export function compareContents(
  ours: readonly Contents[],
  theirs: readonly Contents[],
): Comparison {
  const none = { contradicted: undefined, unlike: [] };
  const pairs = ours.flatMap((one) => theirs.map((other) => [one, other] as const));
  const shared = pairs.flatMap(([one, other]) => sharing(one, other) ?? []);
  for (const by of ['md5', 'oshash'] as const) {
    if (shared.some((of) => of.by === by && of.against.length === 0)) return { same: by, ...none };
  }
  const unlike = pairs.map(([one, other]) => unlikeness(one, other));
  return {
    same: undefined,
    contradicted: shared.toSorted((a, b) => a.against.length - b.against.length)[0],
    unlike: unlike.every(({ length }) => length > 0) ? [...new Set(unlike.flat())] : [],
  };
}

/** A fingerprint that two files share, and what speaks against its telling the truth. An oshash is of few of the bytes. */
function sharing(
  one: Contents,
  other: Contents,
): { by: 'md5' | 'oshash'; against: string[] } | undefined {
  // Nothing is in them by which to know them.
  if (one.size === 0 || other.size === 0) return undefined;
  const [md5, oshash] = [told('md5', one, other), told('oshash', one, other)];
  const by = md5 === 'same' ? 'md5' : oshash === 'same' ? 'oshash' : undefined;
  if (by === undefined) return undefined;
  const against: string[] = [];
  if (md5 === 'other') against.push('another MD5');
  if (oshash === 'other') against.push('another oshash');
  if (differ(one.size, other.size, 0)) against.push('another size');
  if (by === 'oshash') {
    if (differ(one.duration, other.duration, sameLength)) against.push('another duration');
    if (isFar(one, other)) against.push('another phash');
  }
  return { by, against };
}

/** What tells that two files do not even show the same. */
function unlikeness(one: Contents, other: Contents): string[] {
  const longer = Math.max(one.duration ?? 0, other.duration ?? 0);
  const allowed = Math.max(likeLength.seconds, likeLength.share * longer);
  return [
    ...(differ(one.duration, other.duration, allowed) ? ['another duration'] : []),
    ...(isFar(one, other) ? ['another phash'] : []),
  ];
}

function told(
  type: 'md5' | 'oshash',
  one: Contents,
  other: Contents,
): 'same' | 'other' | undefined {
  const [ours, theirs] = [valuesOf(type, one), valuesOf(type, other)];
  if (ours.length === 0 || theirs.length === 0) return undefined;
  return ours.some((value) => theirs.includes(value)) ? 'same' : 'other';
}

const differ = (
  one: number | null | undefined,
  other: number | null | undefined,
  allowed: number,
): boolean => isTold(one) && isTold(other) && Math.abs(one - other) > allowed;

/** A server that could not measure a file says 0. */
const isTold = (measure: number | null | undefined): measure is number =>
  measure !== null && measure !== undefined && measure > 0;

function isFar(one: Contents, other: Contents): boolean {
  const [ours, theirs] = [phashesOf(one), phashesOf(other)];
  const distances = ours.flatMap((a) => theirs.map((b) => distance(a, b)));
  return distances.length > 0 && distances.every((bits) => bits > likePhash);
}

const valuesOf = (type: string, { fingerprints }: Contents): string[] =>
  fingerprints.flatMap((one) => (one.type === type ? [one.value] : []));

/** In how many bits two phashes differ: hexadecimal, as Stash serves them. */
function distance(one: string, other: string): number {
  let bits = BigInt(`0x${one}`) ^ BigInt(`0x${other}`);
  let count = 0;
  for (; bits > 0n; bits >>= 1n) count += Number(bits & 1n);
  return count;
}

const phashesOf = (file: Contents): string[] => valuesOf('phash', file).filter(isHex);

const isHex = (text: string): boolean => /^[0-9a-f]{1,16}$/i.test(text);
