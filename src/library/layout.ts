import type { Shape } from '../model/fields.ts';
import { type FieldName, type Kind, kindNames, kinds, type Road } from '../model/kinds.ts';
import { discreet, historyTable } from '../model/vocabulary.ts';

/**
 * Where each field lives in schema `qar`. With `migrations/*.sql` this is all that the loader and the reader
 * know of the tables; a test holds it against PostgreSQL's catalog.
 */
type Storage = Column | Join | StashIdRows | Fingerprints | Voyages;

/** A column of the kind's own table. */
export interface Column {
  in: 'column';
  column: string;
}
/** One row for each record that the value names: `owner_id`, the target's id, and what the relation says. */
interface Join {
  in: 'join';
  table: string;
  target: string;
  /** Columns beyond the two ids: the place among files, a scene's index in a group, … */
  extra: readonly string[];
}
/** One row for each identity on a stash-box. */
interface StashIdRows {
  in: 'stashIds';
  table: string;
}
interface Fingerprints {
  in: 'fingerprints';
  table: string;
}
/** One row for each play or O. */
interface Voyages {
  in: 'voyages';
  table: string;
  what: 'play' | 'o';
}

const column = (name: string): Column => ({ in: 'column', column: name });
const join = (table: string, target: string, ...extra: string[]): Join => ({
  in: 'join',
  table,
  target,
  extra,
});
const stashIdRows = (table: string): StashIdRows => ({ in: 'stashIds', table });
const voyages = (what: Voyages['what']): Voyages => ({ in: 'voyages', table: historyTable, what });

const times = { createdAt: column('created_at'), updatedAt: column('updated_at') };

const layout = {
  tag: {
    name: column('name'),
    sortName: column('sort_name'),
    description: column('description'),
    aliases: column('aliases'),
    ignoreAutoTag: column('ignore_auto_tag'),
    favorite: column('favorite'),
    parents: join('tag_parents', 'parent_id'),
    stashIds: stashIdRows('tag_stash_ids'),
    customFields: column('custom_fields'),
    image: column('image'),
    ...times,
  },
  studio: {
    name: column('name'),
    urls: column('urls'),
    parent: column('parent_id'),
    aliases: column('aliases'),
    tags: join('fleet_tags', 'tag_id'),
    ignoreAutoTag: column('ignore_auto_tag'),
    organized: column('organized'),
    rating: column('rating'),
    favorite: column('favorite'),
    details: column('details'),
    stashIds: stashIdRows('fleet_stash_ids'),
    customFields: column('custom_fields'),
    image: column('image'),
    ...times,
  },
  performer: {
    name: column('name'),
    disambiguation: column('disambiguation'),
    urls: column('urls'),
    twitter: column('twitter'),
    instagram: column('instagram'),
    gender: column('gender'),
    birthdate: column('birthdate'),
    deathDate: column('death_date'),
    ethnicity: column('ethnicity'),
    country: column('country'),
    eyeColor: column('eye_color'),
    hairColor: column('hair_color'),
    height: column('height'),
    weight: column('weight'),
    measurements: column('measurements'),
    fakeTits: column('fake_tits'),
    penisLength: column('penis_length'),
    circumcised: column('circumcised'),
    careerLength: column('career_length'),
    careerStart: column('career_start'),
    careerEnd: column('career_end'),
    tattoos: column('tattoos'),
    piercings: column('piercings'),
    aliases: column('aliases'),
    favorite: column('favorite'),
    tags: join('crew_tags', 'tag_id'),
    ignoreAutoTag: column('ignore_auto_tag'),
    rating: column('rating'),
    details: column('details'),
    stashIds: stashIdRows('crew_stash_ids'),
    customFields: column('custom_fields'),
    image: column('image'),
    ...times,
  },
  group: {
    name: column('name'),
    aliases: column('aliases'),
    duration: column('duration'),
    date: column('date'),
    rating: column('rating'),
    studio: column('fleet_id'),
    director: column('director'),
    synopsis: column('synopsis'),
    urls: column('urls'),
    tags: join('group_tags', 'tag_id'),
    subGroups: join('group_sub_groups', 'sub_group_id', 'position', 'description'),
    customFields: column('custom_fields'),
    frontImage: column('front_image'),
    backImage: column('back_image'),
    ...times,
  },
  gallery: {
    title: column('title'),
    code: column('code'),
    urls: column('urls'),
    date: column('date'),
    details: column('details'),
    photographer: column('photographer'),
    rating: column('rating'),
    organized: column('organized'),
    studio: column('fleet_id'),
    tags: join('gallery_tags', 'tag_id'),
    performers: join('gallery_crew', 'crew_id'),
    images: join('gallery_images', 'image_id'),
    cover: column('cover_image_id'),
    customFields: column('custom_fields'),
    files: join('gallery_files', 'file_id', 'position'),
    folder: column('folder'),
    ...times,
  },
  image: {
    title: column('title'),
    code: column('code'),
    rating: column('rating'),
    urls: column('urls'),
    date: column('date'),
    details: column('details'),
    photographer: column('photographer'),
    oCounter: column('o_counter'),
    organized: column('organized'),
    studio: column('fleet_id'),
    tags: join('image_tags', 'tag_id'),
    performers: join('image_crew', 'crew_id'),
    customFields: column('custom_fields'),
    files: join('image_files', 'file_id', 'position'),
    ...times,
  },
  scene: {
    title: column('title'),
    code: column('code'),
    details: column('details'),
    director: column('director'),
    urls: column('urls'),
    date: column('date'),
    rating: column('rating'),
    organized: column('organized'),
    studio: column('fleet_id'),
    tags: join('cargo_tags', 'tag_id'),
    performers: join('cargo_crew', 'crew_id'),
    groups: join('cargo_groups', 'group_id', 'scene_index'),
    galleries: join('cargo_galleries', 'gallery_id'),
    stashIds: stashIdRows('cargo_stash_ids'),
    customFields: column('custom_fields'),
    cover: column('cover'),
    plays: voyages('play'),
    os: voyages('o'),
    resumeTime: column('resume_time'),
    playDuration: column('play_duration'),
    files: join('cargo_files', 'file_id', 'position'),
    ...times,
  },
  marker: {
    title: column('title'),
    seconds: column('seconds'),
    endSeconds: column('end_seconds'),
    primaryTag: column('primary_tag_id'),
    tags: join('marker_tags', 'tag_id'),
    scene: column('cargo_id'),
    ...times,
  },
  chapter: {
    gallery: column('gallery_id'),
    title: column('title'),
    imageIndex: column('image_index'),
    ...times,
  },
  file: {
    path: column('path'),
    type: column('type'),
    size: column('size'),
    modTime: column('mod_time'),
    zipFile: column('zip_file_id'),
    fingerprints: { in: 'fingerprints', table: 'file_fingerprints' },
    format: column('format'),
    width: column('width'),
    height: column('height'),
    duration: column('duration'),
    videoCodec: column('video_codec'),
    audioCodec: column('audio_codec'),
    frameRate: column('frame_rate'),
    bitRate: column('bit_rate'),
    interactive: column('interactive'),
    interactiveSpeed: column('interactive_speed'),
    captions: column('captions'),
    ...times,
  },
  savedFilter: {
    mode: column('mode'),
    name: column('name'),
    findFilter: column('find_filter'),
    objectFilter: column('object_filter'),
    uiOptions: column('ui_options'),
  },
} as const satisfies { [K in Kind]: Road<K, Storage> };

/** The column that names the owner in the tables of its relations. */
export const ownerColumn: { [K in Kind]: string } = {
  tag: 'tag_id',
  studio: 'fleet_id',
  performer: 'crew_id',
  group: 'group_id',
  gallery: 'gallery_id',
  image: 'image_id',
  scene: 'cargo_id',
  marker: 'marker_id',
  chapter: 'chapter_id',
  file: 'file_id',
  savedFilter: 'saved_filter_id',
};

/** PostgreSQL's type for a column, by what its values look like. */
export const columnType = {
  text: 'text',
  integer: 'bigint',
  real: 'double precision',
  flag: 'boolean',
  date: 'text',
  choice: 'text',
  instant: 'timestamp with time zone',
  ref: 'uuid',
  names: 'text[]',
  urls: 'text[]',
  customFields: 'jsonb',
  picture: 'text',
  document: 'jsonb',
} as const satisfies { [S in Shape]?: string };

/** One field with all that the loader and the reader need to know about it. */
export interface StoredField {
  name: string;
  shape: Shape;
  fact: boolean;
  counter: boolean;
  target: Kind | undefined;
  storage: Storage;
}

export const storedFields: { [K in Kind]: readonly StoredField[] } = Object.fromEntries(
  kindNames.map((kind) => [
    kind,
    Object.entries(kinds[kind]).map(([name, field]): StoredField => {
      const storage = (layout[kind] as { [field: string]: Storage })[
        name as FieldName<typeof kind>
      ];
      if (!storage) throw new Error(`no place for ${kind}.${name}`);
      return {
        name,
        shape: field.shape,
        fact: field.merge === 'fact',
        counter: field.merge === 'counter',
        target: field.target as Kind | undefined,
        storage,
      };
    }),
  ]),
) as never;

/** A kind's small number: in `stowage.links.kind` and in computed ids. Never renumber. */
export const kindNumber: { [K in Kind]: number } = {
  tag: 1,
  studio: 2,
  performer: 3,
  group: 4,
  gallery: 5,
  image: 6,
  scene: 7,
  marker: 8,
  chapter: 9,
  file: 10,
  savedFilter: 11,
};

export const kindOfNumber: ReadonlyMap<number, Kind> = new Map(
  kindNames.map((kind) => [kindNumber[kind], kind]),
);

export const tableOf = (kind: Kind): string => discreet[kind];

export const linksTable = 'stowage.links';

/** Every table that an import fills. */
export const importTables: readonly string[] = [
  ...new Set(
    kindNames.flatMap((kind) => [
      `qar.${tableOf(kind)}`,
      ...storedFields[kind].flatMap(({ storage }) =>
        storage.in === 'column' ? [] : [`qar.${storage.table}`],
      ),
    ]),
  ),
];
