import * as ask from '../types.ts';
import type { WrittenKind } from './entry.ts';

/**
 * Every mutation that is ever sent to a Stash. None of them deletes, moves or generates a file: what has files is only
 * ever destroyed with `delete_file: false` and `delete_generated: false`, which stands in `operations/mutations.graphql`.
 */
export const mutationsSent: readonly string[] = [
  // for reading; `querySQL` with SELECTs of our own
  'backupDatabase',
  'querySQL',

  'sceneCreate',
  'scenesUpdate',
  'sceneDestroy',
  'sceneAddPlay',
  'sceneDeletePlay',
  'sceneAddO',
  'sceneDeleteO',
  'sceneSaveActivity',
  'sceneMarkerCreate',
  'sceneMarkerUpdate',
  'sceneMarkerDestroy',
  'imagesUpdate',
  'imageDestroy',
  'imageIncrementO',
  'imageDecrementO',
  'imageResetO',
  'galleryCreate',
  'galleryUpdate',
  'galleryDestroy',
  'addGalleryImages',
  'removeGalleryImages',
  'setGalleryCover',
  'resetGalleryCover',
  'galleryChapterCreate',
  'galleryChapterUpdate',
  'galleryChapterDestroy',
  'performerCreate',
  'performerUpdate',
  'performerDestroy',
  'studioCreate',
  'studioUpdate',
  'studioDestroy',
  'groupCreate',
  'groupUpdate',
  'groupDestroy',
  'movieCreate',
  'movieUpdate',
  'movieDestroy',
  'tagCreate',
  'tagUpdate',
  'tagDestroy',
  'performerMerge',
  'tagsMerge',
  'sceneMerge',
  'saveFilter',
  'destroySavedFilter',
];

export type Operation = ask.TypedDocumentString<unknown, never>;

/** The mutations of a kind's records. Where there are two, a server has one of them. */
export interface KindMutations {
  /** A file makes an image, nobody else. */
  create?: readonly Operation[];
  update: readonly Operation[];
  destroy: readonly Operation[];
  /** The update takes a list, which is much faster than one by one. */
  takesList?: true;
}

export const mutationsOf: { readonly [K in WrittenKind]: KindMutations } = {
  tag: {
    create: [ask.TagCreateDocument],
    update: [ask.TagUpdateDocument],
    destroy: [ask.TagDestroyDocument],
  },
  studio: {
    create: [ask.StudioCreateDocument],
    update: [ask.StudioUpdateDocument],
    destroy: [ask.StudioDestroyDocument],
  },
  performer: {
    create: [ask.PerformerCreateDocument],
    update: [ask.PerformerUpdateDocument],
    destroy: [ask.PerformerDestroyDocument],
  },
  group: {
    create: [ask.GroupCreateDocument, ask.MovieCreateDocument],
    update: [ask.GroupUpdateDocument, ask.MovieUpdateDocument],
    destroy: [ask.GroupDestroyDocument, ask.MovieDestroyDocument],
  },
  image: {
    update: [ask.ImagesUpdateDocument],
    destroy: [ask.ImageDestroyDocument],
    takesList: true,
  },
  gallery: {
    create: [ask.GalleryCreateDocument],
    update: [ask.GalleryUpdateDocument],
    destroy: [ask.GalleryDestroyDocument],
  },
  scene: {
    create: [ask.SceneCreateDocument],
    update: [ask.ScenesUpdateDocument],
    destroy: [ask.SceneDestroyDocument],
    takesList: true,
  },
  marker: {
    create: [ask.MarkerCreateDocument],
    update: [ask.MarkerUpdateDocument],
    destroy: [ask.MarkerDestroyDocument],
  },
  chapter: {
    create: [ask.ChapterCreateDocument],
    update: [ask.ChapterUpdateDocument],
    destroy: [ask.ChapterDestroyDocument],
  },
  savedFilter: {
    create: [ask.SaveFilterDocument],
    update: [ask.SaveFilterDocument],
    destroy: [ask.DestroySavedFilterDocument],
  },
};
