import type { Id, Instant } from '../../model/fields.ts';
import type { Kind, Rec } from '../../model/kinds.ts';
import type { Reading, SourceProfile, Trouble, UnknownData, Untold } from '../../model/reading.ts';
import { type Answers, mapperOf } from '../mapper.ts';
import { basenameOf } from '../paths.ts';
import type { StashServer } from '../server.ts';
import * as ask from '../types.ts';
import { Ids } from './ids.ts';
import { type ById, Listing } from './listing.ts';
import { type IdsQuery, isRefusal, type ListingOptions } from './lists.ts';
import { Paging } from './paging.ts';
import { Refusals } from './refusals.ts';
import { savedFilters } from './savedFilters.ts';
import { Staging } from './staging.ts';

export interface GraphqlOptions {
  /** Records asked for at a time. */
  batchSize?: number;
}

/** Opens the road that every server allows: its records, asked for in batches through GraphQL. */
export function openGraphql(server: StashServer, options: GraphqlOptions = {}): Reading {
  return new GraphqlReading(server, options);
}

/** All of a kind, or just these. */
type Answering<K extends Kind> = (signal?: AbortSignal, ids?: Id[]) => AsyncIterable<Answers[K][]>;

class GraphqlReading implements Reading {
  readonly road = 'graphql';
  readonly file = null;
  readonly notes = null;
  readonly profile: SourceProfile;
  readonly unknown: readonly UnknownData[];
  readonly #refusals = new Refusals();
  readonly #server: StashServer;
  readonly #options: GraphqlOptions;
  readonly #staging = new Staging();
  /** Kinds that were read to their end, so that all that they tell of others is staged. */
  readonly #staged = new Set<Kind>();
  readonly #hasFiles: boolean;
  readonly #hasGroups: boolean;

  readonly #answers: { readonly [K in Kind]: Answering<K> } = {
    tag: (signal, ids) =>
      this.#list('tag', { ids: ask.TagIdsDocument, batch: ask.TagsDocument }, signal, ids),
    studio: (signal, ids) =>
      this.#list('studio', { ids: ask.StudioIdsDocument, batch: ask.StudiosDocument }, signal, ids),
    performer: (signal, ids) => {
      const queries = { ids: ask.PerformerIdsDocument, batch: ask.PerformersDocument };
      return this.#list('performer', queries, signal, ids);
    },
    group: (signal, ids) => {
      const groups = { ids: ask.GroupIdsDocument, batch: ask.GroupsDocument };
      const movies = { ids: ask.MovieIdsDocument, batch: ask.MoviesDocument };
      return this.#hasGroups
        ? this.#list('group', groups, signal, ids)
        : this.#list('group', movies, signal, ids);
    },
    image: (signal, ids) => this.#images(signal, ids),
    gallery: (signal, ids) => this.#galleries(signal, ids),
    scene: (signal, ids) => this.#scenes(signal, ids),
    marker: (signal, ids) =>
      this.#list('marker', { ids: ask.MarkerIdsDocument, batch: ask.MarkersDocument }, signal, ids),
    chapter: (signal, ids) => (ids ? this.#someChapters(ids, signal) : this.#chapters(signal)),
    file: (signal, ids) => this.#files(signal, ids),
    savedFilter: (signal, ids) => only(once(this.#savedFilters(signal)), ids),
  };

  constructor(server: StashServer, options: GraphqlOptions) {
    this.#server = server;
    this.#options = options;
    this.profile = server.profile;
    this.unknown = server.unknown;
    this.#hasFiles = server.supports(ask.FilesDocument);
    this.#hasGroups = server.supports(ask.GroupsDocument);
  }

  get troubles(): readonly Trouble[] {
    return this.#refusals.troubles;
  }

  untold(kind: Kind): Untold {
    return this.#refusals.untold(kind);
  }

  /** Before v0.29 a server does not count its files: their number is then that of the records that have them. */
  async counts(): Promise<{ [K in Kind]: number }> {
    const chapter = await this.#chapterCount();
    const told = await this.#countedTogether();
    const counts = { ...told, chapter } as { [K in Kind]: number };
    if (!this.#hasFiles) counts.file = counts.scene + counts.image + counts.gallery;
    return counts;
  }

  /** In one request, or kind by kind where one of them is refused. */
  async #countedTogether(): Promise<{ [K in Kind]?: number }> {
    try {
      const counts = await this.#server.request(ask.CountsDocument, { filter: { per_page: 0 } });
      return {
        tag: counts.findTags.count,
        studio: counts.findStudios.count,
        performer: counts.findPerformers.count,
        group: (this.#hasGroups ? counts.findGroups : counts.findMovies).count,
        image: counts.findImages.count,
        gallery: counts.findGalleries.count,
        scene: counts.findScenes.count,
        marker: counts.findSceneMarkers.count,
        ...(this.#hasFiles && { file: counts.findFiles.count }),
        savedFilter: counts.findSavedFilters.length,
      };
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
    const counts: { [K in Kind]?: number } = {};
    for (const [kind] of this.#idsQueries()) counts[kind] = await this.#ids(kind).count();
    return { ...counts, savedFilter: (await this.#savedFilters()).length };
  }

  /** Chapters are served only with their galleries, of which the server may refuse one. */
  async #chapterCount(): Promise<number> {
    const filter = { per_page: -1 };
    try {
      const { findGalleries } = await this.#server.request(ask.ChapterIdsDocument, { filter });
      return findGalleries.galleries.reduce((sum, { chapters }) => sum + chapters.length, 0);
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
    let count = 0;
    const operations = { ids: ask.GalleryIdsDocument, batch: ask.GalleryChaptersDocument };
    for await (const galleries of this.#list('gallery', operations, undefined, undefined)) {
      for (const { chapters } of galleries) count += chapters?.length ?? 0;
    }
    return count;
  }

  async *records<K extends Kind>(kind: K, signal?: AbortSignal): AsyncGenerator<Rec<K>[]> {
    const record = mapperOf(kind);
    for await (const answers of this.#answers[kind](signal)) yield answers.map(record);
  }

  ids(): null {
    return null; // what one kind tells of another is noted while all of it is read
  }

  async *some<K extends Kind>(
    kind: K,
    ids: readonly Id[],
    signal?: AbortSignal,
  ): AsyncGenerator<Rec<K>[]> {
    const asked = [...new Set(ids)].sort((a, b) => a - b);
    if (asked.length === 0) return;
    const record = mapperOf(kind);
    for await (const answers of this.#answers[kind](signal, asked)) {
      if (answers.length > 0) yield answers.map(record);
    }
  }

  /** Those there: what was given before and is gone, GraphQL does not tell; of chapters and old servers' files, nothing. */
  async highest(): Promise<{ [K in Kind]?: Id }> {
    const found: { [K in Kind]?: Id } = {};
    for (const [kind] of this.#idsQueries()) found[kind] = await this.#ids(kind).highest();
    found.savedFilter = Number((await this.#savedFilters()).at(-1)?.id ?? 0);
    return found;
  }

  async created(kind: Kind, ids: readonly Id[]): Promise<Map<Id, Instant | null>> {
    const found = new Map<Id, Instant | null>();
    if (kind === 'savedFilter') return found;
    for await (const records of this.some(kind, ids)) {
      for (const { id, createdAt } of records as { id: Id; createdAt?: Instant }[]) {
        found.set(id, createdAt ?? null);
      }
    }
    const { ids: untold, isOpen } = this.untold(kind);
    for (const id of ids) if (!found.has(id) && (isOpen || untold.has(id))) found.set(id, null);
    return found;
  }

  async close(): Promise<void> {
    this.#staging.close();
  }

  #idsQueries(): [Kind, IdsQuery][] {
    return [
      ['tag', ask.TagIdsDocument],
      ['studio', ask.StudioIdsDocument],
      ['performer', ask.PerformerIdsDocument],
      ['group', this.#hasGroups ? ask.GroupIdsDocument : ask.MovieIdsDocument],
      ['image', ask.ImageIdsDocument],
      ['gallery', ask.GalleryIdsDocument],
      ['scene', ask.SceneIdsDocument],
      ['marker', ask.MarkerIdsDocument],
      ...(this.#hasFiles ? ([['file', ask.FileIdsDocument]] as [Kind, IdsQuery][]) : []),
    ];
  }

  #ids(kind: Kind, signal?: AbortSignal): Ids {
    const query = new Map(this.#idsQueries()).get(kind) as IdsQuery;
    return new Ids(this.#server, query, { kind, refusals: this.#refusals, signal });
  }

  #list<A extends { id: string }>(
    kind: Kind,
    queries: ById<A>,
    signal: AbortSignal | undefined,
    ids: Id[] | undefined,
  ) {
    const options = { ...this.#listing(kind, signal), files: !this.#hasFiles };
    // Before v0.25 a server cannot be asked for records by their numbers, and markers only since v0.26.
    if (this.#server.known(queries.batch)?.includes('ids:') === false) {
      const byPage = { ids: queries.ids, page: queries.batch };
      return only(new Paging(this.#server, byPage, options).batches(), ids);
    }
    const listing = new Listing(this.#server, queries, options);
    return ids ? listing.some(ids) : listing.batches();
  }

  #listing(kind: Kind, signal: AbortSignal | undefined): ListingOptions {
    return { kind, refusals: this.#refusals, signal, batchSize: this.#options.batchSize };
  }

  async *#images(signal?: AbortSignal, ids?: Id[]): AsyncGenerator<Answers['image'][]> {
    const operations = {
      ids: ask.ImageIdsDocument,
      batch: ask.ImagesDocument,
      alone: ask.ImageAloneDocument,
    };
    for await (const answers of this.#list('image', operations, signal, ids)) {
      if (!ids) this.#staging.images(answers);
      yield this.profile.schema < 72 ? answers.map(withoutFileName) : answers;
    }
    if (!ids) this.#staged.add('image');
  }

  async *#galleries(signal?: AbortSignal, ids?: Id[]): AsyncGenerator<Answers['gallery'][]> {
    await this.#stage('image', signal);
    const operations = {
      ids: ask.GalleryIdsDocument,
      batch: ask.GalleriesDocument,
      alone: ask.GalleryAloneDocument,
    };
    // An image says which galleries it is in: one that does not may be in any.
    const isWhole = !this.#refusals.hides('image', 'galleries');
    for await (const answers of this.#list('gallery', operations, signal, ids)) {
      const images = this.#staging.imagesOf(answers.map(({ id }) => Number(id)));
      if (!ids) this.#staging.galleries(answers);
      yield answers.map((answer) => ({
        ...answer,
        imageIds: isWhole ? (images.get(Number(answer.id)) ?? []) : undefined,
      }));
      if (!isWhole)
        for (const { id } of answers) this.#refusals.also('gallery', Number(id), untoldImages);
    }
    if (!ids) this.#staged.add('gallery');
    if (this.#refusals.hides('gallery', 'chapters')) this.#refusals.open('chapter');
  }

  async *#scenes(signal?: AbortSignal, ids?: Id[]): AsyncGenerator<Answers['scene'][]> {
    const operations = {
      ids: ask.SceneIdsDocument,
      batch: ask.ScenesDocument,
      alone: ask.SceneAloneDocument,
    };
    for await (const answers of this.#list('scene', operations, signal, ids)) {
      this.#staging.scenes(answers);
      yield answers;
    }
    if (!ids) this.#staged.add('scene');
  }

  /** A chapter is served only with its gallery, and nothing says which that is. */
  async *#someChapters(ids: Id[], signal?: AbortSignal): AsyncGenerator<Answers['chapter'][]> {
    const operations = { ids: ask.GalleryIdsDocument, batch: ask.GalleryChaptersDocument };
    const asked = new Set(ids);
    const found: Answers['chapter'][] = [];
    for await (const galleries of this.#list('gallery', operations, signal, undefined)) {
      for (const { id, chapters } of galleries) {
        const chosen = chapters.filter((chapter) => asked.has(Number(chapter.id)));
        found.push(...chosen.map((chapter) => ({ ...chapter, gallery: Number(id) })));
      }
    }
    yield found.sort((a, b) => Number(a.id) - Number(b.id));
  }

  async *#chapters(signal?: AbortSignal): AsyncGenerator<Answers['chapter'][]> {
    await this.#stage('gallery', signal);
    yield* this.#staging.all<Answers['chapter']>('chapters');
  }

  async *#files(signal?: AbortSignal, ids?: Id[]): AsyncGenerator<Answers['file'][]> {
    await this.#stage('scene', signal);
    const files = this.#hasFiles
      ? this.#listedFiles(signal, ids)
      : only(this.#stagedFiles(signal), ids);
    for await (const answers of files) {
      const facts = this.#staging.sceneFactsOf(answers.map(({ id }) => Number(id)));
      yield answers.map((answer) => ({ ...answer, scene: facts.get(Number(answer.id)) }));
    }
  }

  #listedFiles(signal?: AbortSignal, ids?: Id[]): AsyncIterable<Answers['file'][]> {
    if (!ids) {
      const byPage = { ids: ask.FileIdsDocument, page: ask.FilesDocument };
      return new Paging(this.#server, byPage, {
        ...this.#listing('file', signal),
        files: false,
      }).batches();
    }
    const byId = { ids: ask.FileIdsDocument, batch: ask.FilesByIdDocument };
    return this.#list('file', byId, signal, ids);
  }

  async *#stagedFiles(signal?: AbortSignal): AsyncGenerator<Answers['file'][]> {
    await this.#stage('image', signal);
    await this.#stage('gallery', signal);
    const owners = [
      ['scene', 'files'],
      ['image', 'visual_files'],
      ['gallery', 'files'],
    ] as const;
    if (owners.some(([kind, field]) => this.#refusals.hides(kind, field))) {
      this.#refusals.open('file');
    }
    yield* this.#staging.all<Answers['file']>('files');
  }

  #savedFilters(signal?: AbortSignal): Promise<Answers['savedFilter'][]> {
    return savedFilters(this.#server, this.#refusals, signal);
  }

  /** Reads a kind for what it tells of another one, unless it was read already. */
  async #stage(kind: 'image' | 'gallery' | 'scene', signal?: AbortSignal): Promise<void> {
    if (this.#staged.has(kind)) return;
    for await (const _ of this.#answers[kind](signal)) signal?.throwIfAborted();
  }
}

const untoldImages = [
  'imageIds',
  'it refuses to tell of some images in which galleries they are',
] as const;

/** Before v0.28 an image without a title is served under its file's name: a title of that very name is unknown. */
function withoutFileName(image: Answers['image']): Answers['image'] {
  // Whose files the server refuses to tell may be served under the name of one.
  if (image.visual_files === undefined) return { ...image, title: undefined };
  const path = image.visual_files[0]?.path;
  return path !== undefined && basenameOf(path) === image.title
    ? { ...image, title: undefined }
    : image;
}

async function* once<A>(answers: Promise<A>): AsyncGenerator<A> {
  yield await answers;
}

/** Of all, just these. */
async function* only<A extends { id: string }>(
  batches: AsyncIterable<A[]>,
  ids: Id[] | undefined,
): AsyncGenerator<A[]> {
  const asked = ids && new Set(ids);
  for await (const batch of batches) {
    yield asked ? batch.filter(({ id }) => asked.has(Number(id))) : batch;
  }
}
