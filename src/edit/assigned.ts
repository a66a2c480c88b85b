import type { ClientBase } from 'pg';
import { boxesOf } from '../library/stashBoxes.ts';
import { StowageError } from '../model/errors.ts';
import type { Instant, Json, PictureId, StashIds, SubGroup } from '../model/fields.ts';
import type { LibraryId, Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import type { Boxes } from '../model/stashBoxes.ts';
import type { Assignment } from './assignment.ts';
import { conditionsOf, findFilterOf } from './filters.ts';
import { recordNamed } from './find.ts';
import { customValueOf, documentOf, flagOf, momentOf, numberOf, quoted } from './texts.ts';

/** What a command line's words need to become values. */
export interface Reading {
  /** Asked for the records that are named. */
  client: ClientBase;
  /** Keeps the picture in a file, and says what it is called from then on. */
  picture(file: string): Promise<PictureId>;
  /** Milliseconds since 1970. */
  now: number;
}

/**
 * What a record's fields become, one assignment after the other: so `tags= tags+=a tags+=b` says all of them.
 *
 * @throws StowageError `usage` where a text is no value for its field.
 */
export async function assigned(
  reading: Reading,
  held: Values,
  assignments: readonly Assignment[],
): Promise<Values> {
  const changes: Values = {};
  for (const assignment of assignments) {
    const { name } = assignment;
    changes[name] = await next(reading, { ...held, ...changes }, assignment);
  }
  return changes;
}

async function next(reading: Reading, record: Values, given: Assignment): Promise<unknown> {
  const { name, field, operator, text } = given;
  const before = record[name];
  if (field.merge === 'counter') return counted(Number(before ?? 0), given);
  switch (field.shape) {
    case 'text':
      return text;
    case 'integer':
    case 'real':
      return text === '' ? null : numberOf(name, text);
    case 'flag':
      return flagOf(name, text);
    case 'date':
      return text === '' ? null : text;
    case 'choice':
      return text === '' ? null : text.toUpperCase();
    case 'document':
      return documented(reading, record, given);
    case 'picture':
      return pictureOf(reading, name, text);
    case 'ref':
      return text === '' ? null : named(reading, given, text);
    case 'refs':
      return collected(before, operator, await all(text, () => named(reading, given, text)));
    case 'names':
    case 'urls':
      return collected(before, operator, await all(text, () => text.trim()));
    case 'instants':
      return happened((before as Instant[]) ?? [], given, reading.now);
    case 'stashIds':
      return identified((before as StashIds) ?? {}, given, await boxesOf(reading.client));
    case 'customFields':
      return noted((before as { [name: string]: Json }) ?? {}, given);
    case 'groups':
      return grouped(reading, (before as { [id: LibraryId]: number | null }) ?? {}, given);
    case 'subGroups':
      return arranged(reading, (before as { [id: LibraryId]: SubGroup }) ?? {}, given);
    default:
      throw new TypeError(`${name} cannot be edited`);
  }
}

const named = ({ client }: Reading, { field }: Assignment, text: string): Promise<LibraryId> =>
  recordNamed(client, field.target as Kind, text);

/** Nothing is the text of none. */
const all = async <T>(text: string, read: () => T | Promise<T>): Promise<T[]> =>
  text === '' ? [] : [await read()];

function collected<T>(before: unknown, operator: Assignment['operator'], given: T[]): T[] {
  const held = (before as T[]) ?? [];
  if (operator === '=') return given;
  if (operator === '-=') return held.filter((one) => !given.includes(one));
  return [...held, ...given.filter((one) => !held.includes(one))];
}

function counted(before: number, { name, operator, text }: Assignment): number {
  const number = numberOf(name, text);
  if (operator === '=') return number;
  return operator === '+=' ? before + number : before - number;
}

/** Equal instants count each: one is taken away at a time. */
function happened(
  before: readonly Instant[],
  { name, operator, text }: Assignment,
  now: number,
): Instant[] {
  if (operator === '=' && text === '') return [];
  const at = momentOf(name, text, now);
  if (operator === '=') return [at];
  if (operator === '+=') return [...before, at];
  const place = before.indexOf(at);
  if (place >= 0) return before.toSpliced(place, 1);
  throw new StowageError('usage', `${name} has nothing at ${at}.`, {
    remedy: before.length > 0 ? `It has: ${before.slice(-10).join(', ')}.` : 'It is empty.',
  });
}

function identified(before: StashIds, given: Assignment, boxes: Boxes): StashIds {
  const { key } = given;
  if (key !== null) {
    const id = given.text.trim();
    const others = Object.entries(before).filter(([one]) => !boxes.isSame(one, key));
    // A box that it has already keeps the way in which its address is written.
    const known = Object.keys(before).find((one) => boxes.isSame(one, key));
    const entry = id === '' ? [] : [[known ?? key, [{ stashId: id }]] as const];
    return Object.fromEntries([...others, ...entry]);
  }
  return wholly(before, given, given.text);
}

function noted(before: { [name: string]: Json }, given: Assignment): { [name: string]: Json } {
  if (given.key !== null) return { ...before, [given.key]: customValueOf(given.text) };
  return wholly(before, given, given.text);
}

async function grouped(
  reading: Reading,
  before: { [id: LibraryId]: number | null },
  given: Assignment,
): Promise<{ [id: LibraryId]: number | null }> {
  const { key, name, operator, text } = given;
  if (key !== null) {
    const index = text === '' ? null : numberOf(name, text);
    if (index === null || Number.isSafeInteger(index)) {
      return { ...before, [await named(reading, given, key)]: index };
    }
    throw new StowageError('usage', `A scene’s place in a group is a whole number, not ${text}.`);
  }
  if (operator === '+=') return { [await named(reading, given, text)]: null, ...before };
  return wholly(before, given, operator === '-=' ? await named(reading, given, text) : text);
}

async function arranged(
  reading: Reading,
  before: { [id: LibraryId]: SubGroup },
  given: Assignment,
): Promise<{ [id: LibraryId]: SubGroup }> {
  const { key, operator, text } = given;
  if (key !== null || operator === '+=') {
    const id = await named(reading, given, key ?? text);
    const { position = Object.keys(before).length, description = '' } = before[id] ?? {};
    return { ...before, [id]: { position, description: key === null ? description : text } };
  }
  const id = operator === '-=' ? await named(reading, given, text) : text;
  const left = Object.entries(wholly(before, given, id)).sort(
    ([, a], [, b]) => a.position - b.position,
  );
  return Object.fromEntries(left.map(([id, entry], position) => [id, { ...entry, position }]));
}

/** All entries taken away, or one; to set one, its key is needed. */
function wholly<T>(
  before: { [key: string]: T },
  { name, operator, text }: Assignment,
  key: string,
): { [key: string]: T } {
  if (operator === '=' && text === '') return {};
  if (operator === '-=' && Object.hasOwn(before, key)) return without(before, key);
  if (operator === '-=') {
    const keys = Object.keys(before);
    throw new StowageError('usage', `${name} has no entry ${quoted(text)}.`, {
      remedy:
        keys.length > 0 ? `It has ${keys.length}; \`stowage show\` lists them.` : 'It is empty.',
    });
  }
  throw new StowageError('usage', `${name} has entries: set one of them, by its key.`, {
    remedy: `Write ${name}.KEY=…, or ${name}-=KEY; ${name}= takes all away.`,
  });
}

function without<T>(entries: { [key: string]: T }, key: string): { [key: string]: T } {
  const { [key]: _, ...others } = entries;
  return others;
}

function documented(
  { client }: Reading,
  { mode }: Values,
  { name, text }: Assignment,
): Json | Promise<Json> {
  const document = documentOf(name, text);
  if (name === 'findFilter') return findFilterOf(document);
  return name === 'objectFilter' ? conditionsOf(client, String(mode), document) : document;
}

function pictureOf({ picture }: Reading, name: string, text: string): Promise<PictureId> | null {
  if (text === '') return null;
  if (text.startsWith('@') && text.length > 1) return picture(text.slice(1));
  throw new StowageError('usage', `${name} is a picture, which comes from a file.`, {
    remedy: `Write ${name}=@/path/of/it.jpg, or ${name}= for none.`,
  });
}
