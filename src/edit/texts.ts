import { StowageError } from '../model/errors.ts';
import type { Instant, Json } from '../model/fields.ts';
import { instantOf, microseconds } from '../model/instants.ts';
import { parseJson } from '../model/records.ts';
import { isDay } from './checks.ts';

/** What a person writes on a command line, as the values that it stands for. `name` is the field's, for the error. */

export function numberOf(name: string, text: string): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new StowageError('usage', `${name} is a number, and ${quoted(text)} is none.`);
}

export function flagOf(name: string, text: string): boolean {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  throw new StowageError('usage', `${name} is true or false, not ${quoted(text)}.`);
}

const rfc3339 = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:[0-5]\d)$/i;

/** An instant in UTC; `now` in whole seconds, since Stash keeps no more. */
export function momentOf(name: string, text: string, now: number): Instant {
  if (text.toLowerCase() === 'now') return instantOf(Math.floor(now / 1000) * 1_000_000);
  const day = rfc3339.exec(text)?.[1];
  if (day !== undefined && isDay(day)) return instantOf(microseconds(text.toUpperCase()));
  throw new StowageError('usage', `${quoted(text)} is no instant for ${name}.`, {
    remedy:
      'Write one with its zone, as 2024-01-02T03:04:05Z or 2024-01-02T03:04:05+01:00, or now.',
  });
}

/** What reads as JSON is that (`5`, `true`, `"5"` for the text 5, a list); anything else is a text. */
export function customValueOf(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

export function documentOf(name: string, text: string): Json {
  if (text === '') return null;
  try {
    return parseJson(text);
  } catch {
    throw new StowageError('usage', `${name} is a JSON document, and what was given is none.`);
  }
}

export const quoted = (text: string): string => `“${text}”`;
