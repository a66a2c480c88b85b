import type { RefusedPart, StashFailure } from '../http/failure.ts';

/** Records that are asked for in one request. */
export interface Span<A> {
  /** How many there are; of a page, how many there may be. */
  readonly size: number;
  /** Asks for them without some fields, and narrows down what is refused then. */
  ask(without: Fields): Promise<A[]>;
  /** The same of a single record, without narrowing. Whether it is told. */
  isTold(without: Fields): Promise<boolean>;
  /** Smaller spans that make up this one; by what is said of each place, where they can be told apart by that. */
  parts(said: readonly Fields[]): { span: Span<A>; without: Fields }[];
  /** What is asked of each record, `id` aside. */
  readonly fields: readonly string[];
  /** Of a single record: it is not told at all. */
  leave(why: string): Promise<A[]>;
}

/** As the server calls them, from the record down: `created_at`, `stash_ids.updated_at`. */
export type Fields = ReadonlySet<string>;

export const noFields: Fields = new Set();

/** Why a field was refused, by its name. */
export type Reasons = Map<string, string>;

/**
 * Asks again for what a server refused, for less and less: for records apart, until those that it refuses are alone,
 * and for these without the fields that it refuses. Where it says which fields of which records these are, that takes
 * two or three requests, however many there are; else halves are asked for.
 */
export async function narrowed<A>(
  span: Span<A>,
  refusal: StashFailure,
  without: Fields,
  reasons: Reasons,
): Promise<A[]> {
  const said = saidOf(span.size, refusal.refused, without, reasons);
  if (!said && span.size === 1) return alone(span, refusal, without, reasons);
  const [first = noFields] = said ?? [];
  // Of one record, or of all alike: only those fields have to go.
  if (said?.every((fields) => isSame(fields, first))) return span.ask(without.union(first));
  const answers: A[] = [];
  for (const part of span.parts(said ?? [])) {
    answers.push(...(await part.span.ask(without.union(part.without))));
  }
  return answers;
}

/** A single record, of which the server does not say what it refuses. */
async function alone<A>(
  span: Span<A>,
  refusal: StashFailure,
  without: Fields,
  reasons: Reasons,
): Promise<A[]> {
  const why = refusal.refused[0]?.why ?? refusal.message;
  const all = new Set(span.fields);
  if (!(await span.isTold(all))) return span.leave(why);
  // Those that were refused of other records are likely, and few.
  const suspects = new Set([...reasons.keys()].filter((field) => !without.has(field)));
  const isEnough = suspects.size > 0 && (await span.isTold(without.union(suspects)));
  const asked = isEnough ? [...suspects] : span.fields.filter((field) => !without.has(field));
  const refused = await refusedAmong(asked, (fields) =>
    span.isTold(without.union(all.difference(new Set(fields)))),
  );
  // All are told one by one, only not together: then the record is not to be had.
  if (refused.length === 0) return span.leave(why);
  for (const field of refused) reasons.set(field, why);
  return span.ask(without.union(new Set(refused)));
}

async function refusedAmong(
  fields: string[],
  isTold: (fields: string[]) => Promise<boolean>,
): Promise<string[]> {
  if (fields.length === 0 || (await isTold(fields))) return [];
  if (fields.length === 1) return fields;
  const half = Math.ceil(fields.length / 2);
  return [
    ...(await refusedAmong(fields.slice(0, half), isTold)),
    ...(await refusedAmong(fields.slice(half), isTold)),
  ];
}

/**
 * What a refusal says of each place; undefined where it says nothing that helps. A value that may not be null is one of
 * that very record; any other failure may be that of records that were looked up together with it.
 */
function saidOf(
  size: number,
  refused: readonly RefusedPart[],
  without: Fields,
  reasons: Reasons,
): Fields[] | undefined {
  const places = Array.from({ length: size }, () => new Set<string>());
  for (const { path, why } of refused) {
    const at = path.findIndex((step) => typeof step === 'number');
    const place = places[path[at] as number];
    const field = fieldAt(path.slice(at + 1));
    if (!place || field === '' || without.has(field)) return undefined;
    if (size > 1 && !isOwn.test(why)) return undefined;
    place.add(field);
    reasons.set(field, why);
  }
  return refused.length === 0 ? undefined : places;
}

/** The smallest part of a record that may be left out: of most fields a part makes no sense without the others. */
function fieldAt(path: readonly (string | number)[]): string {
  const [top = '', inside] = path.filter((step) => typeof step === 'string');
  const part = `${top}.${inside}`;
  return inside !== undefined && separable.test(part) ? part : top;
}

const separable = /^(files|visual_files|chapters)\.(?!id$)|^stash_ids\.updated_at$/;

/** In the words of newer and older servers. */
const isOwn = /which the schema does not allow|must not be null/;

const isSame = (a: Fields, b: Fields): boolean => a.size === b.size && a.isSubsetOf(b);

/** One text for the same fields. */
export const keyOf = (fields: Fields): string => [...fields].sort().join(' ');
