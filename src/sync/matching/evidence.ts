import type { ClientBase } from 'pg';
import {
  byChapter,
  byDescription,
  byFile,
  byFilterName,
  byFingerprint,
  byFolder,
  byImages,
  byMoment,
  byName,
  byPath,
  byStashId,
  byTrimmedName,
  type Found,
  type StashIdClue,
} from '../../library/lookUps.ts';
import { isLibraryId } from '../../library/translate.ts';
import type { Id, StashIds } from '../../model/fields.ts';
import type { LibraryId, Values } from '../../model/held.ts';
import type { Folder, Kind } from '../../model/kinds.ts';
import type { Boxes } from '../../model/stashBoxes.ts';
import type { Contents } from './content.ts';
import type { Paths } from './paths.ts';

/** A record of the source that has no link yet. */
export interface NewRecord {
  remoteId: Id;
  /** In library ids, as far as what they name has been matched. */
  values: Values;
  /** Its files, their paths as the source has them. Of a file itself they are among its values. */
  files?: readonly FileFacts[];
}
export interface FileFacts extends Contents {
  path: string;
}

/** What a record is recognised by; how far each goes is in the order of `levels`. */
export type Level =
  | 'stash id'
  | 'fingerprint'
  | 'md5'
  | 'path'
  | 'composed path'
  | 'name'
  | 'trimmed name'
  | 'content'
  | 'replaced file'
  | 'primary file'
  | 'telling';

const ofNames = ['name', 'trimmed name'] as const;
const ofContents = ['fingerprint', 'md5'] as const;
const ofPlaces = ['path', 'composed path', 'replaced file'] as const;

/**
 * Design.md §5.3: the first is the strongest; what has files goes by their content before anything that people or programs
 * say of it. `md5`, `primary file` and `telling` only tell apart those that another level found: of two scenes that are
 * one here, of both files, it is the one of the file that comes first.
 */
export const levels: { [K in Kind]: readonly Level[] } = {
  tag: ['stash id', ...ofNames],
  studio: ['stash id', ...ofNames],
  performer: ['stash id', ...ofNames],
  group: ofNames,
  image: [...ofContents, ...ofPlaces, 'primary file', 'telling'],
  gallery: [...ofContents, ...ofPlaces, 'content', 'telling'],
  scene: [...ofContents, 'stash id', ...ofPlaces, 'content', 'primary file', 'telling'],
  marker: ['content', 'telling'],
  chapter: ['content', 'telling'],
  // Its place is what a file is known by; but not where something else lies there by now.
  file: ['path', 'composed path', ...ofContents, 'replaced file'],
  savedFilter: ['content'],
};

/** A record of the library, and a level at which it may be the one of the source. */
export interface Evidence {
  /** Place among the records that were asked for. */
  record: number;
  libraryId: LibraryId;
  level: Level;
  /** A path that holds something else now, and may be that of another server. */
  isDoubtful?: boolean;
}

/** Everything in the library that may be one of these records: a few statements for all of them. */
export async function evidenceFor(
  client: ClientBase,
  kind: Kind,
  records: readonly NewRecord[],
  pathsOf: () => Promise<Paths>,
  boxes: Boxes,
): Promise<Evidence[]> {
  const evidence: Evidence[] = [];
  const ask = async <C, F extends Found>(
    level: Level,
    cluesOf: (record: NewRecord) => readonly C[],
    lookUp: (clues: C[]) => Promise<F[]>,
    tell: (found: F, clue: C) => Partial<Evidence> = () => ({}),
    tellsApart: (found: F, clue: C) => boolean = () => false,
  ) => {
    const { clues, owners } = gather(records, cluesOf);
    for (const found of await lookUp(clues)) {
      const { n, libraryId } = found;
      const record = owners[n] as number;
      const clue = clues[n] as C;
      evidence.push({ record, libraryId, level, ...tell(found, clue) });
      if (tellsApart(found, clue)) evidence.push({ record, libraryId, level: 'primary file' });
    }
  };

  for (const level of levels[kind]) {
    switch (level) {
      case 'stash id':
        await ask(level, stashIdsOf, async (clues) =>
          (await byStashId(client, kind, clues)).filter(({ n, endpoint }) =>
            boxes.isSame(endpoint, (clues[n] as StashIdClue).endpoint),
          ),
        );
        break;
      case 'fingerprint':
        await ask(
          level,
          contentsOf,
          (clues) => byFingerprint(client, kind, clues),
          undefined,
          ({ primary }, { isOnly }) => primary && isOnly && levels[kind].includes('primary file'),
        );
        break;
      case 'path':
      case 'composed path': {
        const form = level === 'path' ? 'exact' : 'composed';
        const paths = await pathsOf();
        const isAsked = ({ path }: { path: string }) => form === 'exact' || !isAscii(path);
        if (form === 'exact') await ask(level, ownFilesOf, (clues) => byFile(client, kind, clues));
        await ask(
          level,
          (record) =>
            filesOf(record)
              .flatMap((file) => placesOf(file, paths))
              .filter(isAsked),
          (clues) => byPath(client, kind, clues, form),
          ({ differs }, { isSure }) =>
            differs ? { level: 'replaced file', isDoubtful: !isSure } : {},
        );
        if (kind === 'gallery') {
          await ask(
            level,
            ({ values }) => foldersOf(values, paths).filter(isAsked),
            (clues) =>
              byFolder(
                client,
                clues.map(({ path }) => path),
                form,
              ),
          );
        }
        break;
      }
      case 'name':
        await ask(
          level,
          (record) => namesOf(kind, record),
          (clues) => byName(client, kind, clues),
        );
        break;
      case 'trimmed name':
        await ask(
          level,
          (record) => namesOf(kind, record),
          (clues) => byTrimmedName(client, kind, clues),
        );
        break;
      case 'content':
        if (kind === 'gallery') await ask(level, madeOf, (clues) => byImages(client, clues));
        if (kind === 'scene') {
          await ask(level, toldOf, (clues) => byDescription(client, clues));
        }
        if (kind === 'marker') await ask(level, momentsOf, (clues) => byMoment(client, clues));
        if (kind === 'chapter') await ask(level, chaptersOf, (clues) => byChapter(client, clues));
        if (kind === 'savedFilter') {
          await ask(level, filtersOf, (clues) => byFilterName(client, clues));
        }
    }
  }
  return evidence;
}

/** What some records have, as one list, and whose each is: their places among the records. */
export function gather<C>(
  records: readonly NewRecord[],
  of: (record: NewRecord) => readonly C[],
): { clues: C[]; owners: number[] } {
  const clues: C[] = [];
  const owners: number[] = [];
  records.forEach((record, i) => {
    for (const clue of of(record)) {
      clues.push(clue);
      owners.push(i);
    }
  });
  return { clues, owners };
}

/** What tells a record from others that have the same clues, as `standings` tells it of the library's. */
export function tellingOf(kind: Kind, { values }: NewRecord): string {
  if (kind === 'scene' || kind === 'image' || kind === 'gallery') return String(values.title ?? '');
  if (kind !== 'marker') return '';
  const { endSeconds, tags } = values as { endSeconds?: number | null; tags?: LibraryId[] };
  return [endSeconds ?? '-', ...(tags ?? [])].join(' ');
}

const stashIdsOf = ({ values }: NewRecord) =>
  Object.entries((values.stashIds ?? {}) as StashIds).flatMap(([endpoint, ids]) =>
    ids.map(({ stashId }) => ({ endpoint, stashId })),
  );

export function filesOf({ values, files }: NewRecord): readonly FileFacts[] {
  if (files !== undefined) return files;
  const { path, fingerprints = [], size = null, duration = null } = values as Partial<FileFacts>;
  return path ? [{ path, fingerprints, size, duration }] : [];
}

/** Fingerprints that two contents do not share; a phash is one of what is seen, not of the bytes. */
const contentsOf = (record: NewRecord) =>
  filesOf(record).flatMap(({ fingerprints, size }, _, { length }) =>
    (size === 0 ? [] : fingerprints)
      .filter(({ type }) => type === 'oshash' || type === 'md5')
      .map((one) => ({ ...one, isOnly: length === 1 })),
  );

const ownFilesOf = ({ values }: NewRecord) =>
  ((values.files ?? []) as (Id | LibraryId)[]).filter(isLibraryId);

function placesOf({ path, fingerprints }: FileFacts, paths: Paths) {
  const value = (type: string) => fingerprints.find((one) => one.type === type)?.value;
  const known = { oshash: value('oshash'), md5: value('md5'), isSure: paths.isSure(path) };
  return paths.forms(path).map((form) => ({ path: form, ...known }));
}

const foldersOf = ({ folder }: Values, paths: Paths): { path: string }[] =>
  folder ? paths.forms((folder as Folder).path).map((path) => ({ path })) : [];

// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII begins with them
const isAscii = (text: string): boolean => /^[\x00-\x7f]*$/.test(text);

function namesOf(kind: Kind, { values }: NewRecord) {
  const name = values.name as string | undefined;
  if (!name) return [];
  if (kind !== 'performer') return [{ name }];
  return [{ name, disambiguation: (values.disambiguation as string | undefined) ?? '' }];
}

function momentsOf({ values }: NewRecord) {
  const { scene, seconds, primaryTag = null, title = '' } = values;
  if (!isLibraryId(scene) || typeof seconds !== 'number') return [];
  if (primaryTag !== null && !isLibraryId(primaryTag)) return [];
  return [{ scene, seconds, primaryTag, title: title as string }];
}

function chaptersOf({ values }: NewRecord) {
  const { gallery, imageIndex, title = '' } = values;
  if (!isLibraryId(gallery) || typeof imageIndex !== 'number') return [];
  return [{ gallery, imageIndex, title: title as string }];
}

/** A scene that has no file. */
function toldOf({ values, files = [] }: NewRecord) {
  const { title, date = null, code = '', details = '', director = '' } = values;
  const has = (values.files as unknown[] | undefined)?.length ?? 0;
  if (!title || has + files.length > 0) return [];
  return [{ title: title as string, described: inOne([date, code, details, director]) }];
}

const inOne = (values: readonly unknown[]): string =>
  values.filter((value) => value !== null).join('|');

/** A gallery that somebody put together: there is no folder and no zip to know it by. */
function madeOf({ values, files = [] }: NewRecord) {
  const { title, folder = null } = values;
  const all = (values.images ?? []) as (Id | LibraryId)[];
  const images = all.filter(isLibraryId);
  const isTold = title && (images.length > 0 || all.length === 0);
  if (!isTold || folder !== null || files.length > 0) return [];
  const { date = null, details = '', photographer = '' } = values;
  return [{ title: title as string, images, described: inOne([date, details, photographer]) }];
}

function filtersOf({ values }: NewRecord) {
  const { mode, name } = values;
  return mode && name ? [{ mode: mode as string, name: name as string }] : [];
}
