import type { ClientBase } from 'pg';
import {
  byAlias,
  byFingerprint,
  byName,
  bySimilarName,
  type Found,
} from '../../library/lookUps.ts';
import type { LibraryId } from '../../model/held.ts';
import type { Kind } from '../../model/kinds.ts';
import { filesOf, gather, type NewRecord } from './evidence.ts';

/** Why a record may be one of the library's, though not surely enough to tie them without asking. */
export interface Resemblance {
  /** Place among the records that were asked for. */
  record: number;
  libraryId: LibraryId;
  why: string;
  /** 0 to 1. */
  score: number;
}

/** How like names must be (design.md §5.3); pg_trgm's measure. */
const likeness = { performer: 0.85, studio: 0.9 } as const;

/** What may be one of these records: the same to look at, another's alias, or nearly the same name. */
export async function resemblances(
  client: ClientBase,
  kind: Kind,
  records: readonly NewRecord[],
  warn: (message: string) => void = () => {},
): Promise<Resemblance[]> {
  const found: Resemblance[] = [];
  if (kind === 'scene' || kind === 'image') found.push(...(await alike(client, kind, records)));
  if (kind === 'tag' || kind === 'studio' || kind === 'performer') {
    found.push(...(await aliased(client, kind, records)));
  }
  if (kind === 'studio' || kind === 'performer') {
    const similar = await similarNames(client, kind, records);
    if (similar) found.push(...similar);
    else warn('similar names are not looked for: PostgreSQL needs its extension pg_trgm for that');
  }
  return found;
}

async function alike(
  client: ClientBase,
  kind: Kind,
  records: readonly NewRecord[],
): Promise<Resemblance[]> {
  const { clues, owners } = gather(records, (record) =>
    filesOf(record).flatMap(({ fingerprints }) =>
      fingerprints.filter(({ type }) => type === 'phash'),
    ),
  );
  return told(owners, await byFingerprint(client, kind, clues), 'the same phash', 0.9);
}

async function aliased(
  client: ClientBase,
  kind: 'tag' | 'studio' | 'performer',
  records: readonly NewRecord[],
): Promise<Resemblance[]> {
  const names = gather(records, nameOf);
  const aliases = gather(records, ({ values }) => (values.aliases ?? []) as string[]);
  const named = aliases.clues.map((name) => ({ name }));
  return [
    ...told(
      names.owners,
      await byAlias(client, kind, names.clues),
      'its name is an alias here',
      0.9,
    ),
    ...told(aliases.owners, await byName(client, kind, named), 'an alias is the name here', 0.9),
  ];
}

async function similarNames(
  client: ClientBase,
  kind: 'studio' | 'performer',
  records: readonly NewRecord[],
): Promise<Resemblance[] | undefined> {
  const { clues, owners } = gather(records, nameOf);
  const found = await bySimilarName(client, kind, clues, likeness[kind]);
  return found?.flatMap((one) => told(owners, [one], 'a similar name', one.score));
}

const nameOf = ({ values }: NewRecord): string[] => (values.name ? [values.name as string] : []);

const told = (
  owners: readonly number[],
  found: readonly Found[],
  why: string,
  score: number,
): Resemblance[] =>
  found.map(({ n, libraryId }) => ({ record: owners[n] as number, libraryId, why, score }));
