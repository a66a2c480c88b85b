import type { ClientBase } from 'pg';
import { type Link, linksOf } from '../library/links.ts';
import type { Source } from '../library/sources.ts';
import type { Id } from '../model/fields.ts';
import type { Values } from '../model/held.ts';
import { type Fingerprint, type Folder, fieldsOf, type Kind } from '../model/kinds.ts';
import type { Reading } from '../model/reading.ts';
import { sameField } from './compare.ts';
import { ownerField } from './deletions.ts';
import { batchesOf } from './planning.ts';

/**
 * What a number of the source stands for, held against what it stood for when it was last seen: wholly the same record;
 * one of the same name or file of which something else differs; or another one.
 */
type Standing = 'same' | 'edited' | 'another';

export interface Looking {
  client: ClientBase;
  source: Source;
  reading: Reading;
}

/**
 * Of numbers that tell another time of creation than before, those that still stand for the same record: people change
 * these times by SQL, to sort by the date of a file. That has to be so for nearly all of them; where much else differs,
 * too, these are other records of the same names, as in a database that was filled anew.
 */
export async function redatedAmong(
  looking: Looking,
  kind: Kind,
  ids: readonly Id[],
): Promise<Set<Id>> {
  const standings = await standingsOf(looking, kind, ids);
  const among = (wanted: Standing) =>
    [...standings].flatMap(([id, standing]) => (standing === wanted ? [id] : []));
  const [same, edited] = [among('same'), among('edited')];
  return new Set(edited.length * 3 <= same.length ? [...same, ...edited] : same);
}

/** Of those numbers that are there, what each stands for now. */
export async function standingsOf(
  { client, source, reading }: Looking,
  kind: Kind,
  ids: readonly Id[],
): Promise<Map<Id, Standing>> {
  const standings = new Map<Id, Standing>();
  for (const some of batchesOf(ids)) {
    const links = await linksOf(client, source, kind, some);
    const told: ({ id: Id } & Values)[] = [];
    for await (const batch of reading.some(kind, some)) told.push(...(batch as never[]));
    const first = kind === 'file' ? [] : told.flatMap(({ files }) => firstOf(files) ?? []);
    const files =
      first.length === 0
        ? new Map()
        : await standingsOf(
            { client, source, reading },
            'file',
            [...new Set(first)].sort((a, b) => a - b),
          );
    for (const { id, ...now } of told) {
      const link = links.get(id);
      if (link) standings.set(id, standingOf(kind, now, link, files));
    }
  }
  return standings;
}

function standingOf(
  kind: Kind,
  now: Values,
  { base, facts }: Link,
  files: ReadonlyMap<Id, Standing>,
): Standing {
  const was = { ...base, ...facts };
  if (kind === 'file') return sameFile(now, was) ? 'same' : 'another';
  const file = firstOf(now.files);
  if (file !== firstOf(was.files)) return 'another';
  const isCalledSame =
    file === undefined
      ? calledBy(kind, now) === calledBy(kind, was)
      : files.get(file) !== 'another';
  if (!isCalledSame) return 'another';
  const isSame = fieldsOf[kind].every(
    ([name, field]) =>
      field.merge === 'fact' ||
      now[name] === undefined ||
      base[name] === undefined ||
      sameField(field, now[name], base[name]),
  );
  return isSame ? 'same' : 'edited';
}

const firstOf = (files: unknown): Id | undefined => (files as Id[] | undefined)?.[0];

/** What tells a record that has no file from others of its kind; what belongs to another, by that and its place there. */
export function calledBy(kind: Kind, values: Values): string {
  const { name, disambiguation, title, path, folder, seconds, imageIndex } = values;
  const owner = ownerField[kind];
  if (owner !== undefined) return `${values[owner]}\n${seconds ?? imageIndex}\n${title}`;
  if (kind === 'file') return String(path);
  if (kind === 'performer') return `${name}\n${disambiguation ?? ''}`;
  return String((folder as Folder | null | undefined)?.path ?? name ?? title ?? '');
}

/** The same path, and nothing that tells its bytes from those that were there. */
const sameFile = (now: Values, was: Values): boolean =>
  now.path === was.path && !tellsApart(now, was);

/** Whether two files are known to be of other bytes: by a fingerprint of the same sort, else by their size. */
export function tellsApart(now: Values, was: Values): boolean {
  const [ours, theirs] = [now, was].map(
    ({ fingerprints }) =>
      new Map(((fingerprints ?? []) as Fingerprint[]).map(({ type, value }) => [type, value])),
  ) as [Map<string, string>, Map<string, string>];
  const both = [...ours.keys()].filter((type) => theirs.has(type) && type !== 'phash');
  if (both.length > 0) return both.every((type) => ours.get(type) !== theirs.get(type));
  return now.size !== undefined && was.size !== undefined && now.size !== was.size;
}
