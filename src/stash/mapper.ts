import type { Id, Instant, StashIds } from '../model/fields.ts';
import type { Caption, FieldName, Fields, Kind, Rec, Road, ValueOf } from '../model/kinds.ts';
import { pathOf } from './paths.ts';
import { datedAlike, history } from './tables/values.ts';
import type * as served from './types.ts';

/** What a server tells of a record: without what it does not know (see `prune.ts`). */
type Answer<T> = { id: string } & { [P in keyof T]?: T[P] | undefined };

/** The answers that records are made of. Where a relation is served from its other end, the road adds it here. */
export interface Answers {
  tag: Answer<served.TagFieldsFragment>;
  studio: Answer<served.StudioFieldsFragment>;
  performer: Answer<served.PerformerFieldsFragment>;
  group: Answer<served.GroupFieldsFragment & served.MovieFieldsFragment>;
  image: Answer<served.ImageFieldsFragment>;
  gallery: Answer<served.GalleryFieldsFragment> & { imageIds: Id[] | undefined };
  scene: Answer<served.SceneFieldsFragment>;
  marker: Answer<served.MarkerFieldsFragment>;
  chapter: Answer<served.ChapterFieldsFragment> & { gallery: Id };
  file: FileAnswer;
  savedFilter: Answer<served.SavedFilterFieldsFragment>;
}

export type FileAnswer = Answer<served.VideoFileFieldsFragment> & {
  /** What the scene whose primary file it is says about it. */
  scene?: SceneFileFacts | undefined;
} & { __typename: 'VideoFile' | 'ImageFile' | 'GalleryFile' | 'BasicFile' };

export type SceneFileFacts = Pick<
  Answers['scene'],
  'interactive' | 'interactive_speed' | 'captions'
>;

type FromGraphql<K extends Kind> = {
  [F in FieldName<K>]: ((answer: Answers[K]) => ValueOf<Fields<K>[F]> | undefined) | 'unknown';
} & Road<K, (answer: Answers[K]) => unknown>;

const times = {
  createdAt: (r: { created_at?: Instant | undefined }) => r.created_at,
  updatedAt: (r: { updated_at?: Instant | undefined }) => r.updated_at,
};

const tag = {
  name: (t) => t.name,
  sortName: (t) => text(t.sort_name),
  description: (t) => text(t.description),
  aliases: (t) => names(t.aliases),
  ignoreAutoTag: (t) => t.ignore_auto_tag,
  favorite: (t) => t.favorite,
  parents: (t) => ids(t.parents),
  stashIds: (t) => stashIds(t.stash_ids),
  customFields: (t) => t.custom_fields,
  image: 'unknown',
  ...times,
} satisfies FromGraphql<'tag'>;

const studio = {
  name: (s) => s.name,
  urls: (s) => s.urls ?? onlyUrl(s.url),
  parent: (s) => ref(s.parent_studio),
  aliases: (s) => names(s.aliases),
  tags: (s) => ids(s.tags),
  ignoreAutoTag: (s) => s.ignore_auto_tag,
  organized: (s) => s.organized,
  rating: (s) => s.rating100,
  favorite: (s) => s.favorite,
  details: (s) => text(s.details),
  stashIds: (s) => stashIds(s.stash_ids),
  customFields: (s) => s.custom_fields,
  image: 'unknown',
  ...times,
} satisfies FromGraphql<'studio'>;

const performer = {
  name: (p) => p.name,
  disambiguation: (p) => text(p.disambiguation),
  urls: (p) => (p.urls === undefined ? onlyUrl(p.url) : (p.urls ?? [])),
  twitter: (p) => text(p.twitter),
  instagram: (p) => text(p.instagram),
  gender: (p) => p.gender,
  birthdate: (p) => p.birthdate,
  deathDate: (p) => p.death_date,
  ethnicity: (p) => text(p.ethnicity),
  country: (p) => text(p.country),
  eyeColor: (p) => text(p.eye_color),
  hairColor: (p) => text(p.hair_color),
  height: (p) => p.height_cm,
  weight: (p) => p.weight,
  measurements: (p) => text(p.measurements),
  fakeTits: (p) => text(p.fake_tits),
  penisLength: (p) => p.penis_length,
  circumcised: (p) => p.circumcised,
  careerLength: (p) => text(p.career_length),
  careerStart: (p) => p.career_start,
  careerEnd: (p) => p.career_end,
  tattoos: (p) => text(p.tattoos),
  piercings: (p) => text(p.piercings),
  aliases: (p) => names(p.alias_list),
  favorite: (p) => p.favorite,
  tags: (p) => ids(p.tags),
  ignoreAutoTag: (p) => p.ignore_auto_tag,
  rating: (p) => p.rating100,
  details: (p) => text(p.details),
  stashIds: (p) => stashIds(p.stash_ids),
  customFields: (p) => p.custom_fields,
  image: 'unknown',
  ...times,
} satisfies FromGraphql<'performer'>;

const group = {
  name: (g) => g.name,
  aliases: (g) => text(g.aliases),
  duration: (g) => g.duration,
  date: (g) => g.date,
  rating: (g) => g.rating100,
  studio: (g) => ref(g.studio),
  director: (g) => text(g.director),
  synopsis: (g) => text(g.synopsis),
  urls: (g) => g.urls ?? onlyUrl(g.url),
  tags: (g) => ids(g.tags),
  subGroups: (g) =>
    g.sub_groups &&
    Object.fromEntries(
      g.sub_groups.map((sub, position) => [
        sub.group.id,
        { position, description: sub.description ?? '' },
      ]),
    ),
  customFields: (g) => g.custom_fields,
  frontImage: 'unknown',
  backImage: 'unknown',
  ...times,
} satisfies FromGraphql<'group'>;

const image = {
  title: (i) => text(i.title),
  code: (i) => text(i.code),
  rating: (i) => i.rating100,
  urls: (i) => i.urls,
  date: (i) => i.date,
  details: (i) => text(i.details),
  photographer: (i) => text(i.photographer),
  oCounter: (i) => number(i.o_counter),
  organized: (i) => i.organized,
  studio: (i) => ref(i.studio),
  tags: (i) => ids(i.tags),
  performers: (i) => ids(i.performers),
  customFields: (i) => i.custom_fields,
  files: (i) => files(i.visual_files),
  ...times,
} satisfies FromGraphql<'image'>;

const gallery = {
  title: (g) => text(g.title),
  code: (g) => text(g.code),
  urls: (g) => g.urls,
  date: (g) => g.date,
  details: (g) => text(g.details),
  photographer: (g) => text(g.photographer),
  rating: (g) => g.rating100,
  organized: (g) => g.organized,
  studio: (g) => ref(g.studio),
  tags: (g) => ids(g.tags),
  performers: (g) => ids(g.performers),
  images: (g) => g.imageIds,
  cover: 'unknown',
  customFields: (g) => g.custom_fields,
  files: (g) => files(g.files),
  folder: (g) => g.folder && { id: Number(g.folder.id), path: g.folder.path },
  ...times,
} satisfies FromGraphql<'gallery'>;

const scene = {
  title: (s) => text(s.title),
  code: (s) => text(s.code),
  details: (s) => text(s.details),
  director: (s) => text(s.director),
  urls: (s) => s.urls,
  date: (s) => s.date,
  rating: (s) => s.rating100,
  organized: (s) => s.organized,
  studio: (s) => ref(s.studio),
  tags: (s) => ids(s.tags),
  performers: (s) => ids(s.performers),
  groups: (s) =>
    s.groups
      ? Object.fromEntries(s.groups.map((g) => [g.group.id, g.scene_index]))
      : s.movies && Object.fromEntries(s.movies.map((m) => [m.movie.id, m.scene_index])),
  galleries: (s) => ids(s.galleries),
  stashIds: (s) => stashIds(s.stash_ids),
  customFields: (s) => s.custom_fields,
  cover: 'unknown',
  plays: (s) =>
    s.play_history
      ? history(s.play_history)
      : counted(s.play_count, s.created_at, s.last_played_at?.replace(/\.\d+/, '')),
  os: (s) => (s.o_history ? history(s.o_history) : counted(s.o_counter, s.created_at)),
  resumeTime: (s) => s.resume_time,
  playDuration: (s) => number(s.play_duration),
  files: (s) => files(s.files),
  ...times,
} satisfies FromGraphql<'scene'>;

const marker = {
  title: (m) => m.title,
  seconds: (m) => m.seconds,
  endSeconds: (m) => m.end_seconds,
  primaryTag: (m) => ref(m.primary_tag),
  tags: (m) => ids(m.tags),
  scene: (m) => ref(m.scene),
  ...times,
} satisfies FromGraphql<'marker'>;

const chapter = {
  gallery: (c) => c.gallery,
  title: (c) => c.title,
  imageIndex: (c) => c.image_index,
  ...times,
} satisfies FromGraphql<'chapter'>;

const fileTypes = {
  VideoFile: 'video',
  ImageFile: 'image',
  GalleryFile: 'basic',
  BasicFile: 'basic',
};

const file = {
  path: (f) => f.path && pathOf(f.path),
  type: (f) => fileTypes[f.__typename],
  size: (f) => f.size,
  modTime: (f) => f.mod_time,
  zipFile: (f) => (f.zip_file === undefined ? id(f.zip_file_id) : ref(f.zip_file)),
  fingerprints: (f) =>
    f.fingerprints
      ?.map(({ type, value }) => ({ type, value }))
      .sort((a, b) => order(a.type, b.type) || order(a.value, b.value)),
  format: (f) => f.format,
  width: (f) => f.width,
  height: (f) => f.height,
  duration: (f) => f.duration,
  videoCodec: (f) => f.video_codec,
  audioCodec: (f) => f.audio_codec,
  frameRate: (f) => f.frame_rate,
  bitRate: (f) => f.bit_rate,
  interactive: (f) => f.scene?.interactive,
  interactiveSpeed: (f) => f.scene?.interactive_speed,
  captions: (f) => f.scene && captions(f.scene.captions),
  ...times,
} satisfies FromGraphql<'file'>;

const savedFilter = {
  mode: (f) => f.mode,
  name: (f) => f.name,
  findFilter: (f) => f.find_filter,
  objectFilter: (f) => f.object_filter,
  uiOptions: (f) => f.ui_options,
} satisfies FromGraphql<'savedFilter'>;

const roads: { [K in Kind]: FromGraphql<K> } = {
  tag,
  studio,
  performer,
  group,
  image,
  gallery,
  scene,
  marker,
  chapter,
  file,
  savedFilter,
};

/** Makes records of a kind from answers, in canonical form (docs/architecture.md). */
export function mapperOf<K extends Kind>(kind: K): (answer: Answers[K]) => Rec<K> {
  const sources = Object.entries<'unknown' | ((answer: Answers[K]) => unknown)>(roads[kind]);
  const known = sources.flatMap(([field, read]) =>
    read === 'unknown' ? [] : [[field, read] as const],
  );
  return (answer) => {
    const record: { [field: string]: unknown } & { id: Id } = { id: Number(answer.id) };
    for (const [field, read] of known) {
      const value = read(answer);
      if (value !== undefined) record[field] = value;
    }
    return record as Rec<K>;
  };
}

/**
 * The field of a record that is read from a field of an answer; of several, the one that is read from least besides (the
 * creation time, not plays, which have it where nothing else dates them). Undefined where it tells of other records.
 */
export function fieldToldBy(kind: Kind, served: string): string | undefined {
  const sources = Object.entries<'unknown' | ((answer: never) => unknown)>(roads[kind]);
  const told = sources.flatMap(([field, read]) => {
    const names = read === 'unknown' ? new Set() : namesRead(read);
    return names.has(served) ? [{ field, count: names.size }] : [];
  });
  return told.sort((one, other) => one.count - other.count)[0]?.field;
}

function namesRead(read: (answer: never) => unknown): Set<string | symbol> {
  const names = new Set<string | symbol>();
  const get = (_: object, name: string | symbol) => void names.add(name);
  read(new Proxy({}, { get }) as never);
  return names;
}

// What is undefined in an answer stays unknown; what is null is empty.
type Maybe<T> = T | null | undefined;

const text = (value: Maybe<string>) => (value === null ? '' : value);
const number = (value: Maybe<number>) => (value === null ? 0 : value);
const id = (value: Maybe<string>) => (value == null ? value : Number(value));
const ref = (value: Maybe<{ id: string }>) => (value == null ? value : Number(value.id));
const onlyUrl = (url: Maybe<string>) => (url === undefined ? undefined : url ? [url] : []);
const names = (values: string[] | undefined) => values && [...new Set(values)].sort();
const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Before v0.25 plays and Os have no times of their own. */
const counted = (count: Maybe<number>, created: Instant | undefined, last?: Instant) =>
  count == null || created === undefined ? undefined : datedAlike(count, created, last);

const ids = (values: { id: string }[] | undefined): Id[] | undefined =>
  values?.map((value) => Number(value.id)).sort((a, b) => a - b);

/** Served with the primary one first. */
function files(values: { id: string }[] | undefined): Id[] | undefined {
  const [primary, ...others] = values ?? [];
  return values && [...(ids(primary && [primary]) ?? []), ...(ids(others) ?? [])];
}

function stashIds(values: served.StashIdFieldsFragment[] | undefined): StashIds | undefined {
  if (!values) return undefined;
  const sorted = values.toSorted(
    (a, b) => order(a.endpoint, b.endpoint) || order(a.stash_id, b.stash_id),
  );
  const found = new Map<string, StashIds[string]>();
  for (const { endpoint, stash_id: stashId, updated_at: updatedAt } of sorted) {
    const one = updatedAt === undefined ? { stashId } : { stashId, updatedAt };
    const others = found.get(endpoint);
    if (others) others.push(one);
    else found.set(endpoint, [one]);
  }
  return Object.fromEntries(found);
}

function captions(values: SceneFileFacts['captions']): Caption[] | undefined {
  if (values === undefined) return undefined;
  return (values ?? [])
    .map((caption) => ({
      languageCode: caption.language_code,
      captionType: caption.caption_type,
    }))
    .sort((a, b) => order(a.languageCode, b.languageCode) || order(a.captionType, b.captionType));
}
