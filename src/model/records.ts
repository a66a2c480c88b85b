import { hash } from 'node:crypto';
import type { Json } from './fields.ts';
import { fieldsOf, type Kind, type Rec } from './kinds.ts';
import { pick } from './literal.ts';

/** A record as two JSON texts: what merges, and the source's own facts. Keys in the order of `kinds.ts`. */
export interface RecordText {
  base: string;
  facts: string;
}

/** JSON, with integers beyond 2^53 in full (custom fields may hold them; JSON.stringify refuses BigInts). */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value); // four times as fast as with a function that looks at every value
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, exactIntegers);
  }
}

const exactIntegers = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? rawJson(value.toString()) : value;

// Not yet in TypeScript's library: https://github.com/tc39/proposal-json-parse-with-source (in V8 since 11.4).
const { rawJSON: rawJson } = JSON as unknown as { rawJSON: (text: string) => unknown };

/** The inverse of `jsonText`: integers beyond 2^53 come back as BigInts. */
export const parseJson = (text: string): Json =>
  longNumber.test(text) ? JSON.parse(text, keepIntegers as never) : JSON.parse(text);

/** Looking at every value takes several times as long, and hardly any text holds such a number. */
const longNumber = /(?:^|[:,[])\s*-?\d{16}/;

const keepIntegers = (_key: string, value: unknown, context?: { source?: string }): unknown =>
  typeof value === 'number' &&
  !Number.isSafeInteger(value) &&
  context?.source !== undefined &&
  /^-?\d+$/.test(context.source)
    ? BigInt(context.source)
    : value;

/** Nobody's own JSON is nested so deep; the stacks of JavaScript and PostgreSQL hold more, but not any depth. */
export const isTooDeep = (value: unknown, left = 200): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (left === 0 || Object.values(value).some((one) => isTooDeep(one, left - 1)));

const texts = Object.fromEntries(
  Object.entries(fieldsOf).map(([kind, fields]) => {
    const names = (facts: boolean) =>
      fields.filter(([, { merge }]) => (merge === 'fact') === facts).map(([name]) => name);
    return [kind, { base: pick(names(false)), facts: pick(names(true)) }];
  }),
) as { [K in Kind]: { base: (record: object) => object; facts: (record: object) => object } };

/** The two texts of a record; absent (unknown) fields are left out. */
export function recordText<K extends Kind>(kind: K, record: Rec<K>): RecordText {
  const { base, facts } = texts[kind];
  return { base: jsonText(base(record)), facts: jsonText(facts(record)) };
}

/**
 * What tells whether a record is still the same: the first 16 bytes of SHA-256 over both texts. Comparable only
 * between readings that know the same fields.
 */
export function hashOf(text: RecordText): Buffer {
  return hash('sha256', `${text.base}\n${text.facts}`, 'buffer').subarray(0, 16);
}

/** Are two values of a field the same? Both in canonical form (docs/architecture.md). */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  // PostgreSQL writes 1e20 as all its digits, which are then read as a BigInt.
  if (typeof a === 'bigint' || typeof b === 'bigint') {
    return typeof a !== typeof b && isNumeric(a) && isNumeric(b) && Number(a) === Number(b);
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((value, i) => sameValue(value, b[i]));
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(b, key) &&
      sameValue((a as { [key: string]: unknown })[key], (b as { [key: string]: unknown })[key]),
  );
}

const isNumeric = (value: unknown): boolean =>
  typeof value === 'number' || typeof value === 'bigint';
