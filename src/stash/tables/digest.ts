import { hash } from 'node:crypto';
import type { Mirrored } from './mirrored.ts';
import { quoted } from './names.ts';
import { affinityOf } from './transport.ts';

/*
 * What tells that rows have changed. SQLite has no hash function, so each row is reckoned into a number of 40 bits, and
 * those of a bucket are added up: their order does not count.
 *
 * Each column, or several together, gives a term below 2^31. Three sums of the terms, each with weights of its own, are
 * reduced modulo three primes and multiplied, with a reduction modulo a fourth in between:
 *
 *     ((a % p1) * (b % p2) % p3) * (c % p4) >> 22
 *
 * Why it is as good as impossible that a change does not show:
 * - The weights are drawn for each mirror, and no one else knows them: no change can have been made to fit them.
 * - Of one row: texts or times that differ give the same term with a chance of 2^-30; terms that differ give the same sums
 *   with 2^-50 or so; sums that differ give the same number with about 2^-38.
 * - Of several rows whose changes might make up for each other: a linear sum would not see two tags swapped between
 *   two scenes, and a sum of squares not every rotation among three. Here, the differences of the rows are multiplied
 *   by factors that have gone round primes of different size in between; no relation between the rows holds through
 *   that for all weights, and one that holds by chance does so with 2^-38 again.
 * - Nothing overflows (SQLite would go on with rounded numbers): n terms of 2^31 with weights below 2^31 / n, products of
 *   two numbers below 2^31, and the sum of 2^23 rows in a bucket of 64 ids stay below 2^63.
 *
 * Texts are not read to the end: that alone would take longer than all else. What a record's own row holds as text changes
 * or as a time changes only with its `updated_at`, which is among the terms, so there the length of texts is enough. Texts of other
 * tables (urls, stash ids, aliases) are told by their length and characters at places that are also drawn for each
 * mirror; where a server changes one and neither an id nor the number of rows, it moves the `updated_at` of the record that
 * has it, and what belongs to a record whose row has changed is read with it (`hasSampledTexts`). Fingerprints are the exception: hashes, in which every character changes. Saved filters have nothing of the
 * kind, and are always read (`isAlwaysRead`). What someone changes by hand inside the database, to a text of equal
 * length and no new `updated_at`, is seen by a full comparison.
 */

/** A table whose digests are reckoned with weights that follow from this mirror's secret. */
export interface Digesting {
  of: Mirrored;
  secret: string;
}

const primes = [2147483647, 2147483629, 2147483587, 2147483579] as const;
const [p1, p2, p3, p4] = primes;

/** SQL for the number of a row. `terms`, where there are any, are to be selected in a subquery first. */
export interface RowNumber {
  terms: string | null;
  value: string;
}

export function digestOf({ of, secret }: Digesting): RowNumber {
  const drawn = (what: string) =>
    hash('sha256', `${secret} ${of.name} ${what}`, 'buffer').readUInt32BE();
  const plain = of.columns.flatMap(({ name, type }) => plainTerm(name, type) ?? []);
  const made = madeTerms(of, (what) => (drawn(what) % 2 ** 20) | (2 ** 20), drawn);
  const isPlain = made.length === 0;
  const terms = [...plain, ...made].map((sql, i) => ({ sql, name: isPlain ? sql : `v${i}` }));
  // As large as they may be: small numbers, too, must go round the primes.
  const least = 2 ** (30 - Math.ceil(Math.log2(terms.length)));
  const sum = (which: string, some: readonly { name: string }[]) =>
    some.map(({ name }, i) => `${name} * ${least + (drawn(`${which} ${i}`) % least)}`).join(' + ');
  const factors = [sum('a', terms), sum('b', terms), sum('c', terms.slice(0, plain.length))];
  return {
    terms: isPlain ? null : terms.map(({ sql, name }) => `${sql} ${name}`).join(', '),
    value: `((${factors[0]}) % ${p1}) * ((${factors[1]}) % ${p2}) % ${p3} * ((${factors[2]}) % ${p4}) >> 22`,
  };
}

/** Records that have no `updated_at` and no owner that has one: saved filters, of which there are few. */
export const isAlwaysRead = ({ key, columns }: Mirrored): boolean =>
  key === 'id' && !columns.some(({ name }) => name === 'updated_at');

/**
 * Whether each row is a record whose `updated_at` moves with whatever text or time it holds, or the one row of a table that
 * belongs to such a record (what a scan found out about a file).
 */
const isToldByTime = ({ key, columns }: Mirrored): boolean =>
  key === 'id'
    ? columns.some(({ name }) => name === 'updated_at')
    : columns.filter((column) => column.key > 0).length === 1;

const isTime = (type: string) => /^(date|timestamp)/i.test(type);

/** Of a column of whole numbers. An id is never as long as a number of bytes may be. */
function plainTerm(name: string, type: string): string | null {
  const column = quoted(name);
  if (isTime(type) || !['integer', 'numeric'].includes(affinityOf(type))) return null;
  const isShort = name === 'id' || name.endsWith('_id') || /^(tiny|small|bool)/i.test(type);
  return `ifnull(${isShort ? column : `${column} % ${p1}`}, -7)`;
}

/** Columns of one out of a few words, which differ in length or in their last letter. */
const ofFewWords = new Set(['type', 'endpoint', 'language_code', 'caption_type']);

/** Whether a change of a text may not show in the digests of these tables. */
export const hasSampledTexts = (of: Mirrored): boolean =>
  !isToldByTime(of) &&
  of.columns.some(
    ({ name, type }) =>
      !isTime(type) && !ofFewWords.has(name) && ['text', 'none'].includes(affinityOf(type)),
  );

type Weight = (what: string) => number;

/** One term of all times, one of all texts, one of each other column. */
function madeTerms(of: Mirrored, weight: Weight, drawn: Weight): string[] {
  const [times, texts, others]: [string[], string[], string[]] = [[], [], []];
  const isTold = isToldByTime(of);
  for (const { name, type } of of.columns) {
    const column = quoted(name);
    const samples = (places: number) => samplesOf(column, name, places, weight, drawn);
    if (isTime(type) && isTold && name !== 'updated_at') continue;
    if (isTime(type)) {
      times.push(`ifnull(unixepoch(${column}) & ${2 ** 31 - 1}, -7) * ${weight(name)}`);
      if (!isTold) times.push(`ifnull(length(${column}), 0) * ${weight(`${name} length`)}`);
      continue;
    }
    switch (affinityOf(type)) {
      case 'text':
        if (isTold) texts.push(`ifnull(length(${column}), -7) * ${weight(name)}`);
        else texts.push(samples(ofFewWords.has(name) ? 0 : 2));
        break;
      case 'real':
        others.push(`ifnull(cast(${column} * 1000000 as integer) % ${p1}, -7)`);
        break;
      case 'none':
        // A fingerprint: a text of hexadecimal digits, or 64 bits.
        others.push(
          `iif(typeof(${column}) = 'integer', (${column} & 1073741823) + ((${column} >> 30) & 17179869183) * ${weight(name)}, ${samples(3)}) % ${p1}`,
        );
    }
  }
  const together = (some: string[]) => (some.length > 0 ? [`(${some.join(' + ')}) % ${p1}`] : []);
  return [...together(times), ...together(texts), ...others];
}

/** The length of a text, its last character, and some from places among the first and last sixteen. */
function samplesOf(
  column: string,
  name: string,
  places: number,
  weight: Weight,
  drawn: Weight,
): string {
  const samples = Array.from({ length: places }, (_, i) => {
    // Each from a part of its own.
    const place =
      1 + Math.floor(((i + (drawn(`${name} place ${i}`) % 2 ** 16) / 2 ** 16) * 16) / places);
    const at = i % 2 === 0 ? -1 - place : place;
    return `ifnull(unicode(substr(${column}, ${at}, 1)), 0) * ${weight(`${name} ${i}`)}`;
  });
  return [
    `ifnull(length(${column}), -7) * ${weight(`${name} length`)}`,
    `ifnull(unicode(substr(${column}, -1)), 0) * ${weight(`${name} last`)}`,
    ...samples,
  ].join(' + ');
}
