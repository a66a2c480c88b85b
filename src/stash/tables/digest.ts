import { hash } from 'node:crypto';
import type { Mirrored } from './mirrored.ts';
import { quoted } from './names.ts';
import { affinityOf } from './transport.ts';

/*
 * What tells that rows have changed. SQLite has no hash function, so each row is reckoned into a number of 40 bits, and
 * those of a bucket are added up: their order does not count.
 *
 * Each column gives a term below 2^31. Three sums of the terms, each with weights of its own, are reduced modulo three
 * primes and multiplied, with a reduction modulo a fourth in between:
 *
 *     ((a % p1) * (b % p2) % p3) * (c % p4) >> 22
 *
 * Why it is as good as impossible that a change does not show:
 * - The weights are drawn for each mirror, and no one else knows them: no change can have been made to fit them.
 * - Of one row: terms that differ give the same three sums with a chance of 2^-24 each, so 2^-72 for all; sums that
 *   differ give the same number with one of about 2^-38.
 * - Of several rows whose changes might make up for each other: a linear sum would not see two tags swapped between
 *   two scenes, and a sum of squares not every rotation among three. Here, the differences of the rows are multiplied
 *   by factors that have gone round primes of different size in between; no relation between the rows holds through
 *   that for all weights, and one that holds by chance does so with 2^-38 again.
 * - The products stay below 2^63 (beyond, SQLite would go on with rounded numbers): up to 128 terms of 2^31 with
 *   weights below 2^25; products of two numbers below 2^31; a sum of 2^23 rows in a bucket of 64 ids.
 *
 * Texts are not read to the end: that alone would take longer than all else. What a record's own row holds as text changes
 * only with its `updated_at` (stash-facts.md), which is among the terms, so there their length is enough. Texts of other
 * tables (urls, stash ids, aliases, fingerprints) are told by their length and characters at places that are also drawn
 * for each mirror; where a server changes one without a change of ids or of the number of rows, it moves the `updated_at` of
 * the record that has it. Fingerprints are the exception: hashes, in which every character changes. Saved filters have nothing of
 * the kind, and are always read (`isAlwaysRead`). What someone changes by hand inside the database, to a text of equal
 * length and no new `updated_at`, is seen by a full comparison.
 */

/** A table whose digests are reckoned with weights that follow from this mirror's secret. */
export interface Digesting {
  of: Mirrored;
  secret: string;
}

const primes = [2147483647, 2147483629, 2147483587, 2147483579] as const;

/** The terms of a row, as named columns, and the number that is made of them. */
export function digestOf({ of, secret }: Digesting): { terms: string; value: string } {
  const drawn = (what: string) => drawnOf(`${secret} ${of.name} ${what}`);
  const isTold = isToldByTime(of);
  const terms = of.columns.flatMap(({ name, type }) =>
    termsOf(quoted(name), type, isTold, (what) => drawn(`${name} ${what}`)),
  );
  const sum = (which: string) =>
    terms
      .map((_, i) => `v${i} * ${(2 ** 24 + (drawn(`${which} ${i}`) % 2 ** 24)) | 1}`)
      .join(' + ');
  const [p1, p2, p3, p4] = primes;
  return {
    terms: terms.map((term, i) => `ifnull((${term}) % ${p1}, -7) v${i}`).join(', '),
    value: `((${sum('a')}) % ${p1}) * ((${sum('b')}) % ${p2}) % ${p3} * ((${sum('c')}) % ${p4}) >> 22`,
  };
}

/** Records that have no `updated_at` and no owner that has one: saved filters, of which there are few. */
export const isAlwaysRead = ({ key, columns }: Mirrored): boolean =>
  key === 'id' && !columns.some(({ name }) => name === 'updated_at');

/** Whether each row is a record whose `updated_at` moves with whatever text it holds. */
const isToldByTime = ({ key, columns }: Mirrored): boolean =>
  key === 'id' && columns.some(({ name }) => name === 'updated_at');

function termsOf(
  column: string,
  type: string,
  isTold: boolean,
  drawn: (what: string) => number,
): string[] {
  if (/^(date|timestamp)/i.test(type)) {
    return isTold ? [`unixepoch(${column})`] : [`unixepoch(${column})`, `length(${column})`];
  }
  switch (affinityOf(type)) {
    case 'text':
      return isTold ? [`length(${column})`] : [samplesOf(column, 4, drawn)];
    case 'real':
      return [`cast(${column} * 1000000 as integer)`];
    case 'none':
      // A fingerprint: a text of hexadecimal digits, or 64 bits.
      return [
        `iif(typeof(${column}) = 'integer', ${column} & 1073741823, ${samplesOf(column, 8, drawn)})`,
        `iif(typeof(${column}) = 'integer', (${column} >> 30) & 17179869183, length(${column}))`,
      ];
    default:
      return [column];
  }
}

/** The length of a text, its first and last character, and so many between, each with a weight. */
function samplesOf(column: string, count: number, drawn: (what: string) => number): string {
  const weight = (what: string) => (drawn(`weight ${what}`) % 2 ** 30) | 1;
  const samples = Array.from({ length: count }, (_, i) => {
    // Each from a part of its own.
    const place = (i * 64 + (drawn(`place ${i}`) % 64)) / (count * 64);
    return `unicode(substr(${column}, length(${column}) * ${Math.floor(place * 2 ** 16)} / 65536 + 1, 1)) * ${weight(`${i}`)}`;
  });
  return [
    `length(${column}) * ${weight('length')}`,
    `unicode(${column}) * ${weight('first')}`,
    `unicode(substr(${column}, -1)) * ${weight('last')}`,
    ...samples,
  ].join(' + ');
}

const drawnOf = (what: string): number => hash('sha256', what, 'buffer').readUInt32BE();
