import type { FieldName, Fields, Kind, Road, ValueOf } from '../../model/kinds.ts';
import type * as input from '../types.ts';
import {
  aliases,
  as,
  customFields,
  date,
  duration,
  type Entry,
  integer,
  name,
  owner,
  picture,
  ref,
  refs,
  stashIds,
  urls,
  type WrittenKind,
  word,
} from './entry.ts';

/** For each of a kind's fields, how it is written, or that it cannot be. */
type Writing<K extends Kind, Input> = {
  [F in FieldName<K>]: Entry<ValueOf<Fields<K>[F]>, keyof Input & string>;
} & Road<K, unknown>;

const trimmed = (alias: string) => alias.trim();

/** The server's own: never told to it. */
const times = { createdAt: 'fact', updatedAt: 'fact' } as const;

const tag = {
  name: name('name'),
  sortName: as('sort_name'),
  description: as('description'),
  aliases: aliases('aliases', trimmed),
  ignoreAutoTag: as('ignore_auto_tag'),
  favorite: as('favorite'),
  parents: refs('parent_ids', 'parents'),
  stashIds: stashIds('several'),
  customFields: customFields(),
  image: picture('image'),
  ...times,
} satisfies Writing<'tag', input.TagUpdateInput>;

const studio = {
  name: name('name'),
  urls: urls(),
  parent: ref('parent_id', 'parent_studio'),
  aliases: aliases('aliases', trimmed),
  tags: refs('tag_ids', 'tags'),
  ignoreAutoTag: as('ignore_auto_tag'),
  organized: as('organized'),
  rating: integer('rating100'),
  favorite: as('favorite'),
  details: as('details'),
  stashIds: stashIds('several'),
  customFields: customFields(),
  image: picture('image'),
  ...times,
} satisfies Writing<'studio', input.StudioUpdateInput>;

const performer = {
  name: name('name'),
  disambiguation: as('disambiguation'),
  urls: urls(),
  twitter: as('twitter'),
  instagram: as('instagram'),
  gender: word('gender', [
    'MALE',
    'FEMALE',
    'TRANSGENDER_MALE',
    'TRANSGENDER_FEMALE',
    'INTERSEX',
    'NON_BINARY',
  ] satisfies input.GenderEnum[]),
  birthdate: date('birthdate'),
  deathDate: date('death_date'),
  ethnicity: as('ethnicity'),
  country: as('country'),
  eyeColor: as('eye_color'),
  hairColor: as('hair_color'),
  height: integer('height_cm'),
  weight: integer('weight'),
  measurements: as('measurements'),
  fakeTits: as('fake_tits'),
  penisLength: as('penis_length'),
  circumcised: word('circumcised', ['CUT', 'UNCUT'] satisfies input.CircumisedEnum[]),
  careerLength: as('career_length'),
  careerStart: date('career_start'),
  careerEnd: date('career_end'),
  tattoos: as('tattoos'),
  piercings: as('piercings'),
  aliases: aliases('alias_list', (alias) => alias.trim().toLowerCase()),
  favorite: as('favorite'),
  tags: refs('tag_ids', 'tags'),
  ignoreAutoTag: as('ignore_auto_tag'),
  rating: integer('rating100'),
  details: as('details'),
  stashIds: stashIds('several'),
  customFields: customFields(),
  image: picture('image'),
  ...times,
} satisfies Writing<'performer', input.PerformerUpdateInput>;

const group = {
  name: name('name'),
  aliases: as('aliases'),
  duration: integer('duration'),
  date: date('date'),
  rating: integer('rating100'),
  studio: ref('studio_id', 'studio'),
  director: as('director'),
  synopsis: as('synopsis'),
  urls: urls(),
  tags: refs('tag_ids', 'tags'),
  subGroups: {
    answers: ['sub_groups'],
    // Their order is their place.
    input: (value) => ({
      sub_groups: Object.entries(value)
        .sort(([, a], [, b]) => a.position - b.position)
        .map(([group_id, { description }]) => ({ group_id, description })),
    }),
  },
  customFields: customFields(),
  frontImage: picture('front_image'),
  backImage: picture('back_image'),
  ...times,
} satisfies Writing<'group', input.GroupUpdateInput & input.MovieUpdateInput>;

const image = {
  title: as('title'),
  code: as('code'),
  rating: integer('rating100'),
  urls: as('urls'),
  date: date('date'),
  details: as('details'),
  photographer: as('photographer'),
  /** It can only be counted up, down and to nothing. */
  oCounter: { apart: true, holds: (value) => Number.isInteger(value) && value >= 0 },
  organized: as('organized'),
  studio: ref('studio_id', 'studio'),
  tags: refs('tag_ids', 'tags'),
  performers: refs('performer_ids', 'performers'),
  customFields: customFields(),
  files: 'fact',
  ...times,
} satisfies Writing<'image', input.ImageUpdateInput>;

const gallery = {
  title: as('title'),
  code: as('code'),
  urls: as('urls'),
  date: date('date'),
  details: as('details'),
  photographer: as('photographer'),
  rating: integer('rating100'),
  /** Before v0.30 it is ignored where a gallery is made. */
  organized: { ...as('organized'), onlyLater: true },
  studio: ref('studio_id', 'studio'),
  tags: refs('tag_ids', 'tags'),
  performers: refs('performer_ids', 'performers'),
  /** A folder's or a zip's gallery has what lies in there, and refuses. */
  images: { apart: true, holds: () => true },
  /** Chosen since v0.28 (72); before, every server picks one itself. */
  cover: { apart: true, holds: (_, { schema }) => schema >= 72 },
  customFields: customFields(),
  files: 'fact',
  folder: 'fact',
  ...times,
} satisfies Writing<'gallery', input.GalleryUpdateInput>;

const scene = {
  title: as('title'),
  code: as('code'),
  details: as('details'),
  director: as('director'),
  urls: as('urls'),
  date: date('date'),
  rating: integer('rating100'),
  organized: as('organized'),
  studio: ref('studio_id', 'studio'),
  tags: refs('tag_ids', 'tags'),
  performers: refs('performer_ids', 'performers'),
  groups: {
    answers: ['groups', 'movies'],
    input: (value, { serves }) => {
      const entries = Object.entries(value);
      return serves('groups')
        ? { groups: entries.map(([group_id, scene_index]) => ({ group_id, scene_index })) }
        : { movies: entries.map(([movie_id, scene_index]) => ({ movie_id, scene_index })) };
    },
  },
  galleries: refs('gallery_ids', 'galleries'),
  stashIds: stashIds('one'),
  customFields: customFields(),
  /** A server that is told to take it away leaves it. */
  cover: { picture: 'cover_image', clears: false },
  plays: { apart: true, holds: () => true },
  os: { apart: true, holds: () => true },
  /** `sceneUpdate` ignores it. A server has none that is empty: that is 0. */
  resumeTime: { apart: true, holds: (value) => value !== null && value >= 0 },
  playDuration: duration('play_duration'),
  files: 'fact',
  ...times,
} satisfies Writing<'scene', input.SceneUpdateInput>;

const marker = {
  title: as('title'),
  seconds: as('seconds'),
  endSeconds: as('end_seconds'),
  primaryTag: owner('primary_tag_id', 'primary_tag'),
  tags: refs('tag_ids', 'tags'),
  scene: owner('scene_id', 'scene'),
  ...times,
} satisfies Writing<'marker', input.SceneMarkerUpdateInput>;

const chapter = {
  gallery: owner('gallery_id', 'gallery'),
  title: as('title'),
  imageIndex: integer('image_index'),
  ...times,
} satisfies Writing<'chapter', input.GalleryChapterUpdateInput>;

const savedFilter = {
  mode: as('mode'),
  name: name('name'),
  findFilter: as('find_filter'),
  objectFilter: as('object_filter'),
  uiOptions: as('ui_options'),
} satisfies Writing<'savedFilter', input.SaveFilterInput>;

const writing: { readonly [K in WrittenKind]: object } = {
  tag,
  studio,
  performer,
  group,
  image,
  gallery,
  scene,
  marker,
  chapter,
  savedFilter,
};

/** How a field of a kind is written; undefined for one that there is not. */
export const entryOf = (kind: WrittenKind, field: string): Entry<never> | undefined =>
  (writing[kind] as { [field: string]: Entry<never> })[field];
