import type { Id, Json } from '../../model/fields.ts';
import type { Caption, Fingerprint, Folder, Kind } from '../../model/kinds.ts';
import { isTooDeep } from '../../model/records.ts';
import { pathIn } from '../paths.ts';
import {
  aliases,
  type ChildRows,
  choice,
  countedOs,
  countedPlays,
  counter,
  cover,
  customFields,
  date,
  type Finding,
  files,
  flag,
  groups,
  history,
  instant,
  number,
  numberOf,
  type OwnColumns,
  onlyUrl,
  ref,
  refs,
  stashIds,
  subGroups,
  type TablesRoad,
  text,
  urls,
} from './sources.ts';
import type { Cell } from './values.ts';
import * as values from './values.ts';

const times = { createdAt: instant('created_at'), updatedAt: instant('updated_at') };

const tagFromTables = {
  name: text('name'),
  sortName: text('sort_name'),
  description: text('description'),
  aliases: aliases('tag_aliases', 'tag_id'),
  ignoreAutoTag: flag('ignore_auto_tag'),
  favorite: flag('favorite'),
  parents: refs('tag', 'tags_relations', 'child_id', 'parent_id'),
  stashIds: stashIds('tag_stash_ids', 'tag_id'),
  customFields: customFields('tag_custom_fields', 'tag_id'),
  image: choice('image_blob'),
  ...times,
} satisfies TablesRoad<'tag'>;

const studioFromTables = {
  name: text('name'),
  urls: [urls('studio_urls', 'studio_id'), onlyUrl],
  parent: ref('studio', 'parent_id'),
  aliases: aliases('studio_aliases', 'studio_id'),
  tags: refs('tag', 'studios_tags', 'studio_id', 'tag_id'),
  ignoreAutoTag: flag('ignore_auto_tag'),
  organized: flag('organized'),
  rating: number('rating'),
  favorite: flag('favorite'),
  details: text('details'),
  stashIds: stashIds('studio_stash_ids', 'studio_id'),
  customFields: customFields('studio_custom_fields', 'studio_id'),
  image: choice('image_blob'),
  ...times,
} satisfies TablesRoad<'studio'>;

const performerFromTables = {
  name: text('name'),
  disambiguation: text('disambiguation'),
  urls: [urls('performer_urls', 'performer_id'), onlyUrl],
  twitter: text('twitter'),
  instagram: text('instagram'),
  gender: choice('gender'),
  birthdate: date('birthdate'),
  deathDate: date('death_date'),
  ethnicity: text('ethnicity'),
  country: text('country'),
  eyeColor: text('eye_color'),
  hairColor: text('hair_color'),
  height: number('height'),
  weight: number('weight'),
  measurements: text('measurements'),
  fakeTits: text('fake_tits'),
  penisLength: number('penis_length'),
  circumcised: choice('circumcised'),
  careerLength: text('career_length'),
  careerStart: date('career_start'),
  careerEnd: date('career_end'),
  tattoos: text('tattoos'),
  piercings: text('piercings'),
  aliases: aliases('performer_aliases', 'performer_id'),
  favorite: flag('favorite'),
  tags: refs('tag', 'performers_tags', 'performer_id', 'tag_id'),
  ignoreAutoTag: flag('ignore_auto_tag'),
  rating: number('rating'),
  details: text('details'),
  stashIds: stashIds('performer_stash_ids', 'performer_id'),
  customFields: customFields('performer_custom_fields', 'performer_id'),
  image: choice('image_blob'),
  ...times,
} satisfies TablesRoad<'performer'>;

const groupFromTables = {
  name: text('name'),
  aliases: text('aliases'),
  duration: number('duration'),
  date: date('date'),
  rating: number('rating'),
  studio: ref('studio', 'studio_id'),
  director: text('director'),
  synopsis: text('description'),
  urls: [urls('group_urls', 'group_id'), onlyUrl],
  tags: refs('tag', 'groups_tags', 'group_id', 'tag_id'),
  subGroups,
  customFields: customFields('group_custom_fields', 'group_id'),
  frontImage: choice('front_image_blob'),
  backImage: choice('back_image_blob'),
  ...times,
} satisfies TablesRoad<'group'>;

const folder: OwnColumns<Folder | null> = {
  columns: [{ name: 'folder_id' }, { name: 'folders.path' }],
  read(cells, finding) {
    const [id, path] = cells as [Id | null, string | null];
    if (id !== null && path !== null) return { id, path };
    if (id !== null) finding.trouble(`names folder ${id}, which is not there`);
    return null;
  },
};

const galleryFromTables = {
  title: text('title'),
  code: text('code'),
  urls: urls('gallery_urls', 'gallery_id'),
  date: date('date'),
  details: text('details'),
  photographer: text('photographer'),
  rating: number('rating'),
  organized: flag('organized'),
  studio: ref('studio', 'studio_id'),
  tags: refs('tag', 'galleries_tags', 'gallery_id', 'tag_id'),
  performers: refs('performer', 'performers_galleries', 'gallery_id', 'performer_id'),
  images: refs('image', 'galleries_images', 'gallery_id', 'image_id'),
  cover,
  customFields: customFields('gallery_custom_fields', 'gallery_id'),
  files: files('galleries_files', 'gallery_id'),
  folder,
  ...times,
} satisfies TablesRoad<'gallery'>;

const imageFromTables = {
  title: text('title'),
  code: text('code'),
  rating: number('rating'),
  urls: urls('image_urls', 'image_id'),
  date: date('date'),
  details: text('details'),
  photographer: text('photographer'),
  oCounter: counter('o_counter'),
  organized: flag('organized'),
  studio: ref('studio', 'studio_id'),
  tags: refs('tag', 'images_tags', 'image_id', 'tag_id'),
  performers: refs('performer', 'performers_images', 'image_id', 'performer_id'),
  customFields: customFields('image_custom_fields', 'image_id'),
  files: files('images_files', 'image_id'),
  ...times,
} satisfies TablesRoad<'image'>;

const sceneFromTables = {
  title: text('title'),
  code: text('code'),
  details: text('details'),
  director: text('director'),
  urls: urls('scene_urls', 'scene_id'),
  date: date('date'),
  rating: number('rating'),
  organized: flag('organized'),
  studio: ref('studio', 'studio_id'),
  tags: refs('tag', 'scenes_tags', 'scene_id', 'tag_id'),
  performers: refs('performer', 'performers_scenes', 'scene_id', 'performer_id'),
  groups,
  galleries: refs('gallery', 'scenes_galleries', 'scene_id', 'gallery_id'),
  stashIds: stashIds('scene_stash_ids', 'scene_id'),
  customFields: customFields('scene_custom_fields', 'scene_id'),
  cover: choice('cover_blob'),
  plays: [history('scenes_view_dates', 'view_date'), countedPlays],
  os: [history('scenes_o_dates', 'o_date'), countedOs],
  resumeTime: number('resume_time'),
  playDuration: counter('play_duration'),
  files: files('scenes_files', 'scene_id'),
  ...times,
} satisfies TablesRoad<'scene'>;

const markerFromTables = {
  title: text('title'),
  seconds: number('seconds'),
  endSeconds: number('end_seconds'),
  primaryTag: ref('tag', 'primary_tag_id'),
  tags: refs('tag', 'scene_markers_tags', 'scene_marker_id', 'tag_id'),
  scene: ref('scene', 'scene_id'),
  ...times,
} satisfies TablesRoad<'marker'>;

const chapterFromTables = {
  gallery: ref('gallery', 'gallery_id'),
  title: text('title'),
  imageIndex: number('image_index'),
  ...times,
} satisfies TablesRoad<'chapter'>;

const path: OwnColumns<string> = {
  columns: [{ name: 'folders.path' }, { name: 'basename' }, { name: 'parent_folder_id' }],
  read([folder = null, basename = null, id], finding) {
    // Without its folder a server shows the bare name.
    if (folder === null) finding.trouble(`names folder ${id}, which is not there`);
    return pathIn(values.text(folder), values.text(basename));
  },
};

/** What a file is told by: a row in either makes it visual, and one in `image_files` an image (v0.30 pkg/sqlite/file.go). */
const isImage = { name: 'image_files.file_id' };
const isVideo = { name: 'video_files.file_id' };

const type: OwnColumns<string> = {
  columns: [isImage, isVideo],
  read: ([image, video]) => (image !== null ? 'image' : video !== null ? 'video' : 'basic'),
};

type Reader<T> = (cell: Cell, finding: Finding) => T | undefined;

/** A fact of visual files: absent where the file is no image or video. */
const ofVisual = <T>(column: string, read: Reader<T>): OwnColumns<T> => ({
  columns: [isImage, isVideo, { name: `image_files.${column}` }, { name: `video_files.${column}` }],
  read([image, video, ofImage = null, ofVideo = null], finding) {
    if (image !== null) return read(ofImage, finding);
    return video !== null ? read(ofVideo, finding) : undefined;
  },
});

/** A fact of videos: absent where the file is none. */
const ofVideo = <T>(column: string, read: Reader<T>): OwnColumns<T> => ({
  columns: [isImage, isVideo, { name: `video_files.${column}` }],
  read: ([image, video, cell = null], finding) =>
    image === null && video !== null ? read(cell, finding) : undefined,
});

const fingerprints: ChildRows<Fingerprint[]> = {
  table: 'files_fingerprints',
  owner: 'file_id',
  columns: [
    { name: 'type' },
    {
      name: 'fingerprint',
      as: (c) => `iif(typeof(${c}) = 'integer', printf('%x', ${c}), cast(${c} as text))`,
    },
  ],
  order: ['type', 'fingerprint'],
  read: values.fingerprints,
};

const captions: ChildRows<Caption[]> = {
  table: 'video_captions',
  owner: 'file_id',
  columns: [{ name: 'language_code' }, { name: 'caption_type' }, { name: 'filename' }],
  read: values.captions,
};

const fileFromTables = {
  path,
  type,
  size: number('size'),
  modTime: instant('mod_time'),
  zipFile: ref('file', 'zip_file_id'),
  fingerprints,
  format: ofVisual('format', values.text),
  width: ofVisual('width', numberOf),
  height: ofVisual('height', numberOf),
  duration: ofVideo('duration', numberOf),
  videoCodec: ofVideo('video_codec', values.text),
  audioCodec: ofVideo('audio_codec', values.text),
  frameRate: ofVideo('frame_rate', numberOf),
  bitRate: ofVideo('bit_rate', numberOf),
  interactive: ofVideo('interactive', values.flag),
  interactiveSpeed: ofVideo('interactive_speed', numberOf),
  captions,
  ...times,
} satisfies TablesRoad<'file'>;

/** A column that holds JSON as text. */
const json = (
  column: string,
  read: (stored: string, finding: Finding) => Json,
): OwnColumns<Json> => ({
  columns: [{ name: column, as: (c) => `cast(${c} as text)` }],
  read([cell], finding) {
    try {
      const value = cell === null || cell === '' ? null : read(cell as string, finding);
      if (!isTooDeep(value)) return value;
      finding.trouble('is nested deeper than can be kept');
    } catch {
      finding.trouble('is not JSON');
    }
    return undefined;
  },
});

/** Served with all of its keys. A filter saved without one has the text `null` (v0.30.1). */
const findFilter = json('find_filter', (stored) => {
  const filter = JSON.parse(stored) as { [key: string]: Json } | null;
  if (filter === null) return null;
  const keys = ['q', 'page', 'per_page', 'sort', 'direction'];
  return Object.fromEntries(keys.map((key) => [key, filter[key] ?? null]));
});

/** Stash shows an empty one in the place of what is no object. */
const document = (column: string) =>
  json(column, (stored, finding) => {
    const value: Json = JSON.parse(stored);
    if (typeof value === 'object' && !Array.isArray(value)) return value;
    finding.trouble('is JSON, but no object; Stash shows an empty one');
    return {};
  });

const savedFilterFromTables = {
  mode: text('mode'),
  name: text('name'),
  findFilter,
  objectFilter: document('object_filter'),
  uiOptions: document('ui_options'),
} satisfies TablesRoad<'savedFilter'>;

/** The table of a kind's own rows, and the tables joined to it: each by its key, and our column that has it. */
export interface Origin {
  readonly table: string;
  readonly joins?: { readonly [table: string]: readonly [key: string, column: string] };
}

export const origins: { readonly [K in Kind]: Origin } = {
  tag: { table: 'tags' },
  studio: { table: 'studios' },
  performer: { table: 'performers' },
  group: { table: 'groups' },
  gallery: { table: 'galleries', joins: { folders: ['id', 'folder_id'] } },
  image: { table: 'images' },
  scene: { table: 'scenes' },
  marker: { table: 'scene_markers' },
  chapter: { table: 'galleries_chapters' },
  file: {
    table: 'files',
    joins: {
      folders: ['id', 'parent_folder_id'],
      video_files: ['file_id', 'id'],
      image_files: ['file_id', 'id'],
    },
  },
  savedFilter: { table: 'saved_filters' },
};

export const tableRoads: { readonly [K in Kind]: TablesRoad<K> } = {
  tag: tagFromTables,
  studio: studioFromTables,
  performer: performerFromTables,
  group: groupFromTables,
  gallery: galleryFromTables,
  image: imageFromTables,
  scene: sceneFromTables,
  marker: markerFromTables,
  chapter: chapterFromTables,
  file: fileFromTables,
  savedFilter: savedFilterFromTables,
};
