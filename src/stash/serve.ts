import type { Id } from '../model/fields.ts';
import { formsAt, inForms } from '../model/forms/otherForm.ts';
import type { Values } from '../model/held.ts';
import type { FieldName, Fields, Kind, Rec, ValueOf } from '../model/kinds.ts';
import type { SourceProfile } from '../model/reading.ts';
import { basenameOf, pathOn } from './paths.ts';

/** The kinds that a server lists; files and chapters come inside of others. */
export type ServedKind = Exclude<Kind, 'file' | 'chapter'>;

/** What a server says with a record that other records own: inverses, and the records that are written out in it. */
export interface Surroundings {
  tag: { children: Id[] };
  studio: object;
  performer: object;
  group: { containedIn: { group: Id; description: string }[] };
  /** `files` in the order of the record's own. */
  gallery: { files: Rec<'file'>[]; scenes: Id[]; chapters: Rec<'chapter'>[] };
  image: { files: Rec<'file'>[]; galleries: Id[] };
  scene: { files: Rec<'file'>[]; markers: Id[] };
  marker: object;
  savedFilter: object;
}

/** A record as its source writes it. To be turned into text by `jsonText`: custom fields may hold big integers. */
export type ServedRecord = { [name: string]: unknown };

/** What the words of a source depend on. */
interface Words {
  /** Does it serve this field, undeprecated? */
  has(type: string, field: string): boolean;
  schema: number;
  os: string | undefined;
}

/** For each of a kind's fields, the names it is served under, and how to write it there. */
type Served<K extends ServedKind> = {
  [F in FieldName<K>]: {
    [name: string]: (value: ValueOf<Fields<K>[F]>, words: Words) => unknown;
  };
};

/**
 * Writes records in the words of one source (`stowage export --as`), a field if the source has it: the inverse
 * of reading. Beside GraphQL's own there are the pictures' checksums (`…_md5`), and a gallery's `cover` is only
 * the one that was set. What is not known is null.
 */
export function servedBy(profile: SourceProfile) {
  const fields = Object.fromEntries(
    Object.entries(profile.types).map(([type, names]) => [type, new Set(names)]),
  );
  const has = (type: string, field: string) => fields[type]?.has(field) ?? false;
  const words: Words = { has, schema: profile.schema, os: profile.os };
  return <K extends ServedKind>(kind: K, held: Rec<K>, around: Surroundings[K]): ServedRecord => {
    const forms = formsAt(profile, kind);
    const record =
      forms.length > 0 ? (inForms(forms, held as unknown as Values) as unknown as Rec<K>) : held;
    const type = kind === 'group' && !fields.Group ? 'Movie' : typeOf[kind];
    const written: ServedRecord = { id: String(record.id) };
    for (const [field, names] of Object.entries(servedFields[kind]) as Entries<K>) {
      const value = record[field];
      for (const [name, write] of Object.entries(names)) {
        if (!has(type, name) && !name.endsWith('_md5')) continue;
        written[name] = value === undefined ? null : write(value as never, words);
      }
    }
    for (const [name, write] of Object.entries(servedAround[kind])) {
      if (has(type, name)) written[name] = write(around, words, record);
    }
    return written;
  };
}

type Entries<K extends ServedKind> = [
  FieldName<K>,
  { [name: string]: (value: never, words: Words) => unknown },
][];

/** The GraphQL type of a kind's records; groups were movies before v0.27. */
const typeOf = {
  tag: 'Tag',
  studio: 'Studio',
  performer: 'Performer',
  group: 'Group',
  gallery: 'Gallery',
  image: 'Image',
  scene: 'Scene',
  marker: 'SceneMarker',
  savedFilter: 'SavedFilter',
} as const satisfies { [K in ServedKind]: string };

const same = (value: unknown) => value;
const as = <N extends string>(name: N) => ({ [name]: same }) as { [name in N]: typeof same };
const link = (id: Id | null) => (id === null ? null : { id: String(id) });
const links = (ids: Id[]) => ids.map(link);
const onlyUrl = (urls: string[]) => urls[0] ?? '';
/** A text that a server serves as null where there is none. */
const orNull = (text: string) => text || null;

const common = {
  createdAt: as('created_at'),
  updatedAt: as('updated_at'),
};

const stashIds = {
  stash_ids: (
    value: { [endpoint: string]: { stashId: string; updatedAt?: string }[] },
    words: Words,
  ) =>
    Object.entries(value).flatMap(([endpoint, ids]) =>
      ids.map(({ stashId, updatedAt }) => ({
        endpoint,
        stash_id: stashId,
        ...(words.has('StashID', 'updated_at') && { updated_at: updatedAt ?? null }),
      })),
    ),
};

const servedFields: { readonly [K in ServedKind]: Served<K> } = {
  tag: {
    name: as('name'),
    sortName: as('sort_name'),
    description: as('description'),
    aliases: as('aliases'),
    ignoreAutoTag: as('ignore_auto_tag'),
    favorite: as('favorite'),
    parents: { parents: links },
    stashIds,
    customFields: as('custom_fields'),
    image: as('image_md5'),
    ...common,
  },
  studio: {
    name: as('name'),
    urls: { url: onlyUrl, urls: same },
    parent: { parent_studio: link },
    aliases: as('aliases'),
    tags: { tags: links },
    ignoreAutoTag: as('ignore_auto_tag'),
    organized: as('organized'),
    rating: as('rating100'),
    favorite: as('favorite'),
    details: as('details'),
    stashIds,
    customFields: as('custom_fields'),
    image: as('image_md5'),
    ...common,
  },
  performer: {
    name: as('name'),
    disambiguation: as('disambiguation'),
    urls: { url: onlyUrl, urls: same },
    twitter: as('twitter'),
    instagram: as('instagram'),
    gender: as('gender'),
    birthdate: as('birthdate'),
    deathDate: as('death_date'),
    ethnicity: as('ethnicity'),
    country: as('country'),
    eyeColor: as('eye_color'),
    hairColor: as('hair_color'),
    height: as('height_cm'),
    weight: as('weight'),
    measurements: as('measurements'),
    fakeTits: as('fake_tits'),
    penisLength: as('penis_length'),
    circumcised: as('circumcised'),
    careerLength: as('career_length'),
    careerStart: as('career_start'),
    careerEnd: as('career_end'),
    tattoos: as('tattoos'),
    piercings: as('piercings'),
    aliases: as('alias_list'),
    favorite: as('favorite'),
    tags: { tags: links },
    ignoreAutoTag: as('ignore_auto_tag'),
    rating: as('rating100'),
    details: as('details'),
    stashIds,
    customFields: as('custom_fields'),
    image: as('image_md5'),
    ...common,
  },
  group: {
    name: as('name'),
    aliases: as('aliases'),
    duration: as('duration'),
    date: as('date'),
    rating: as('rating100'),
    studio: { studio: link },
    director: as('director'),
    synopsis: as('synopsis'),
    urls: { url: onlyUrl, urls: same },
    tags: { tags: links },
    subGroups: {
      sub_groups: (value) =>
        Object.entries(value)
          .sort(([, a], [, b]) => a.position - b.position)
          .map(([id, { description }]) => ({ group: { id }, description: orNull(description) })),
    },
    customFields: as('custom_fields'),
    frontImage: as('front_image_md5'),
    backImage: as('back_image_md5'),
    ...common,
  },
  gallery: {
    title: as('title'),
    code: as('code'),
    urls: as('urls'),
    date: as('date'),
    details: as('details'),
    photographer: as('photographer'),
    rating: as('rating100'),
    organized: as('organized'),
    studio: { studio: link },
    tags: { tags: links },
    performers: { performers: links },
    images: { image_count: (ids) => ids.length },
    cover: { cover: link },
    customFields: as('custom_fields'),
    files: {},
    folder: { folder: (value) => value && { id: String(value.id), path: value.path } },
    ...common,
  },
  image: {
    title: as('title'),
    code: as('code'),
    rating: as('rating100'),
    urls: as('urls'),
    date: as('date'),
    details: as('details'),
    photographer: as('photographer'),
    oCounter: as('o_counter'),
    organized: as('organized'),
    studio: { studio: link },
    tags: { tags: links },
    performers: { performers: links },
    customFields: as('custom_fields'),
    files: {},
    ...common,
  },
  scene: {
    title: as('title'),
    code: as('code'),
    details: as('details'),
    director: as('director'),
    urls: as('urls'),
    date: as('date'),
    rating: as('rating100'),
    organized: as('organized'),
    studio: { studio: link },
    tags: { tags: links },
    performers: { performers: links },
    groups: {
      groups: (value) =>
        Object.entries(value).map(([id, index]) => ({ group: { id }, scene_index: index })),
      movies: (value) =>
        Object.entries(value).map(([id, index]) => ({ movie: { id }, scene_index: index })),
    },
    galleries: { galleries: links },
    stashIds,
    customFields: as('custom_fields'),
    cover: as('cover_md5'),
    plays: {
      play_history: same,
      play_count: (plays) => plays.length,
      last_played_at: (plays) => plays.at(-1) ?? null,
    },
    os: { o_history: same, o_counter: (os) => os.length },
    resumeTime: as('resume_time'),
    playDuration: as('play_duration'),
    files: {},
    ...common,
  },
  marker: {
    title: as('title'),
    seconds: as('seconds'),
    endSeconds: as('end_seconds'),
    primaryTag: { primary_tag: link },
    tags: { tags: links },
    scene: { scene: link },
    ...common,
  },
  savedFilter: {
    mode: as('mode'),
    name: as('name'),
    findFilter: as('find_filter'),
    objectFilter: as('object_filter'),
    uiOptions: as('ui_options'),
  },
};

/** In the order in which they are exported. */
export const servedKinds = Object.keys(servedFields) as ServedKind[];

/** What is served with a record, but told by others. */
const servedAround: {
  readonly [K in ServedKind]: {
    [name: string]: (around: Surroundings[K], words: Words, record: Rec<K>) => unknown;
  };
} = {
  tag: { children: ({ children }) => links(children) },
  studio: {},
  performer: {},
  group: {
    containing_groups: ({ containedIn }) =>
      containedIn.map(({ group, description }) => ({
        group: link(group),
        description: orNull(description),
      })),
  },
  gallery: {
    files: ({ files }, words) => files.map((file) => fileAs('GalleryFile', file, words)),
    scenes: ({ scenes }) => links(scenes),
    chapters: ({ chapters }) =>
      chapters
        .toSorted((a, b) => (a.imageIndex ?? 0) - (b.imageIndex ?? 0) || a.id - b.id)
        .map(({ id, title, imageIndex, createdAt, updatedAt }) => ({
          id: String(id),
          title,
          image_index: imageIndex,
          created_at: createdAt,
          updated_at: updatedAt,
        })),
  },
  image: {
    // Before v0.28 an image without a title was served under its file's name (fixture v0.25.1).
    title: ({ files }, { schema }, { title }) =>
      title === '' && schema < 72 ? basenameOf(files[0]?.path ?? '') : (title ?? null),
    visual_files: ({ files }, words) =>
      files.map((file) => fileAs(file.type === 'video' ? 'VideoFile' : 'ImageFile', file, words)),
    galleries: ({ galleries }) => links(galleries),
  },
  scene: {
    files: ({ files }, words) => files.map((file) => fileAs('VideoFile', file, words)),
    scene_markers: ({ markers }) => links(markers),
    // Those of the primary file, which comes first.
    interactive: ({ files: [primary] }) => primary?.interactive ?? false,
    interactive_speed: ({ files: [primary] }) => primary?.interactiveSpeed ?? null,
    captions: ({ files: [primary] }) =>
      primary?.captions?.length
        ? primary.captions.map(({ languageCode, captionType }) => ({
            language_code: languageCode,
            caption_type: captionType,
          }))
        : null,
  },
  marker: {},
  savedFilter: {},
};

function fileAs(
  type: 'VideoFile' | 'ImageFile' | 'GalleryFile',
  file: Rec<'file'>,
  { has, os }: Words,
): ServedRecord {
  const zip = file.zipFile ?? null;
  return {
    id: String(file.id),
    path: file.path && pathOn(os, file.path),
    basename: basenameOf(file.path ?? ''),
    size: file.size,
    mod_time: file.modTime,
    fingerprints: file.fingerprints,
    ...(has('VideoFile', 'zip_file')
      ? { zip_file: link(zip) }
      : { zip_file_id: zip === null ? null : String(zip) }),
    created_at: file.createdAt,
    updated_at: file.updatedAt,
    ...(type !== 'GalleryFile' && {
      ...((type === 'VideoFile' || has('ImageFile', 'format')) && { format: file.format }),
      width: file.width,
      height: file.height,
    }),
    ...(type === 'VideoFile' && {
      duration: file.duration,
      video_codec: file.videoCodec,
      audio_codec: file.audioCodec,
      frame_rate: file.frameRate,
      bit_rate: file.bitRate,
    }),
  };
}
