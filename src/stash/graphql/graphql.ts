import type { Kind, Rec } from '../../model/kinds.ts';
import type { Reading, SourceProfile, Trouble, UnknownData } from '../../model/reading.ts';
import { type Answers, mapperOf } from '../mapper.ts';
import { basenameOf } from '../paths.ts';
import type { StashServer } from '../server.ts';
import * as ask from '../types.ts';
import { type ById, Listing } from './listing.ts';
import type { ListingOptions } from './lists.ts';
import { type ByPage, Paging } from './paging.ts';
import { Staging } from './staging.ts';

export interface GraphqlOptions {
  /** Records asked for at a time. */
  batchSize?: number;
}

/** Opens the road that every server allows: its records, asked for in batches through GraphQL. */
export function openGraphql(server: StashServer, options: GraphqlOptions = {}): Reading {
  return new GraphqlReading(server, options);
}

type Answering<K extends Kind> = (signal?: AbortSignal) => AsyncIterable<Answers[K][]>;

class GraphqlReading implements Reading {
  readonly road = 'graphql';
  readonly file = null;
  readonly profile: SourceProfile;
  readonly unknown: readonly UnknownData[];
  readonly troubles: Trouble[] = [];
  readonly #server: StashServer;
  readonly #options: GraphqlOptions;
  readonly #staging = new Staging();
  /** Kinds that were read to their end, so that all that they tell of others is staged. */
  readonly #staged = new Set<Kind>();
  readonly #hasFiles: boolean;
  readonly #hasGroups: boolean;

  readonly #answers: { readonly [K in Kind]: Answering<K> } = {
    tag: (signal) =>
      this.#list('tag', { ids: ask.TagIdsDocument, batch: ask.TagsDocument }, signal),
    studio: (signal) =>
      this.#list('studio', { ids: ask.StudioIdsDocument, batch: ask.StudiosDocument }, signal),
    performer: (signal) =>
      this.#list(
        'performer',
        { ids: ask.PerformerIdsDocument, batch: ask.PerformersDocument },
        signal,
      ),
    group: (signal) =>
      this.#hasGroups
        ? this.#list('group', { ids: ask.GroupIdsDocument, batch: ask.GroupsDocument }, signal)
        : this.#list('group', { ids: ask.MovieIdsDocument, batch: ask.MoviesDocument }, signal),
    image: (signal) => this.#images(signal),
    gallery: (signal) => this.#galleries(signal),
    scene: (signal) => this.#scenes(signal),
    marker: (signal) =>
      this.#server.lacks(ask.MarkersDocument, 'Query.findSceneMarkers(ids:)')
        ? this.#pages(
            'marker',
            { ids: ask.MarkerIdsDocument, page: ask.MarkerPageDocument },
            signal,
          )
        : this.#list('marker', { ids: ask.MarkerIdsDocument, batch: ask.MarkersDocument }, signal),
    chapter: (signal) => this.#chapters(signal),
    file: (signal) => this.#files(signal),
    savedFilter: (signal) => this.#savedFilters(signal),
  };

  constructor(server: StashServer, options: GraphqlOptions) {
    this.#server = server;
    this.#options = options;
    this.profile = server.profile;
    this.unknown = server.unknown;
    this.#hasFiles = server.supports(ask.FilesDocument);
    this.#hasGroups = server.supports(ask.GroupsDocument);
  }

  /** Before v0.29 a server does not count its files: their number is then that of the records that have them. */
  async counts(): Promise<{ [K in Kind]: number }> {
    const [counts, { findGalleries }] = await Promise.all([
      this.#server.request(ask.CountsDocument, { filter: { per_page: 1 } }),
      this.#server.request(ask.ChapterIdsDocument, { filter: { per_page: -1 } }),
    ]);
    const scene = counts.findScenes.count;
    const image = counts.findImages.count;
    const gallery = counts.findGalleries.count;
    return {
      tag: counts.findTags.count,
      studio: counts.findStudios.count,
      performer: counts.findPerformers.count,
      group: (this.#hasGroups ? counts.findGroups : counts.findMovies).count,
      image,
      gallery,
      scene,
      marker: counts.findSceneMarkers.count,
      chapter: findGalleries.galleries.reduce((sum, { chapters }) => sum + chapters.length, 0),
      file: this.#hasFiles ? counts.findFiles.count : scene + image + gallery,
      savedFilter: counts.findSavedFilters.length,
    };
  }

  async *records<K extends Kind>(kind: K, signal?: AbortSignal): AsyncGenerator<Rec<K>[]> {
    const record = mapperOf(kind);
    for await (const answers of this.#answers[kind](signal)) yield answers.map(record);
  }

  async close(): Promise<void> {
    this.#staging.close();
  }

  #list<A extends { id: string }>(kind: Kind, queries: ById<A>, signal?: AbortSignal) {
    const options = { ...this.#listing(kind, signal), files: !this.#hasFiles };
    return new Listing(this.#server, queries, options).batches();
  }

  #pages<A extends { id: string }>(kind: Kind, queries: ByPage<A>, signal?: AbortSignal) {
    return new Paging(this.#server, queries, this.#listing(kind, signal)).batches();
  }

  #listing(kind: Kind, signal: AbortSignal | undefined): ListingOptions {
    return { kind, troubles: this.troubles, signal, batchSize: this.#options.batchSize };
  }

  async *#images(signal?: AbortSignal): AsyncGenerator<Answers['image'][]> {
    const operations = { ids: ask.ImageIdsDocument, batch: ask.ImagesDocument };
    for await (const answers of this.#list('image', operations, signal)) {
      this.#staging.images(answers);
      yield this.profile.schema < 72 ? answers.map(withoutFileName) : answers;
    }
    this.#staged.add('image');
  }

  async *#galleries(signal?: AbortSignal): AsyncGenerator<Answers['gallery'][]> {
    await this.#stage('image', signal);
    const operations = { ids: ask.GalleryIdsDocument, batch: ask.GalleriesDocument };
    for await (const answers of this.#list('gallery', operations, signal)) {
      const images = this.#staging.imagesOf(answers.map(({ id }) => Number(id)));
      this.#staging.galleries(answers);
      yield answers.map((answer) => ({ ...answer, imageIds: images.get(Number(answer.id)) ?? [] }));
    }
    this.#staged.add('gallery');
  }

  async *#scenes(signal?: AbortSignal): AsyncGenerator<Answers['scene'][]> {
    const operations = { ids: ask.SceneIdsDocument, batch: ask.ScenesDocument };
    for await (const answers of this.#list('scene', operations, signal)) {
      this.#staging.scenes(answers);
      yield answers;
    }
    this.#staged.add('scene');
  }

  async *#chapters(signal?: AbortSignal): AsyncGenerator<Answers['chapter'][]> {
    await this.#stage('gallery', signal);
    yield* this.#staging.all<Answers['chapter']>('chapters');
  }

  async *#files(signal?: AbortSignal): AsyncGenerator<Answers['file'][]> {
    await this.#stage('scene', signal);
    for await (const answers of this.#hasFiles
      ? this.#listedFiles(signal)
      : this.#stagedFiles(signal)) {
      const facts = this.#staging.sceneFactsOf(answers.map(({ id }) => Number(id)));
      yield answers.map((answer) => ({ ...answer, scene: facts.get(Number(answer.id)) }));
    }
  }

  #listedFiles(signal?: AbortSignal): AsyncIterable<Answers['file'][]> {
    return this.#pages('file', { ids: ask.FileIdsDocument, page: ask.FilesDocument }, signal);
  }

  async *#stagedFiles(signal?: AbortSignal): AsyncGenerator<Answers['file'][]> {
    await this.#stage('image', signal);
    await this.#stage('gallery', signal);
    yield* this.#staging.all<Answers['file']>('files');
  }

  async *#savedFilters(signal?: AbortSignal): AsyncGenerator<Answers['savedFilter'][]> {
    const { findSavedFilters } = await this.#server.request(
      ask.SavedFiltersDocument,
      {},
      { signal },
    );
    yield findSavedFilters.sort((a, b) => Number(a.id) - Number(b.id));
  }

  /** Reads a kind for what it tells of another one, unless it was read already. */
  async #stage(kind: 'image' | 'gallery' | 'scene', signal?: AbortSignal): Promise<void> {
    if (this.#staged.has(kind)) return;
    for await (const _ of this.#answers[kind](signal)) signal?.throwIfAborted();
  }
}

/** Before v0.28 an image without a title is served under its file's name: a title of that very name is unknown. */
function withoutFileName(image: Answers['image']): Answers['image'] {
  const path = image.visual_files?.[0]?.path;
  return path !== undefined && basenameOf(path) === image.title
    ? { ...image, title: undefined }
    : image;
}
