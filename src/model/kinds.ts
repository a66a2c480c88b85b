import {
  choice,
  count,
  counter,
  customFields,
  date,
  document,
  type Field,
  fact,
  flag,
  groups,
  history,
  type Id,
  integer,
  names,
  picture,
  real,
  ref,
  refs,
  stashIds,
  subGroups,
  text,
  urls,
} from './fields.ts';

/** A fingerprint of a file. `value` as Stash serves it: a phash is unsigned hex without leading zeros. */
export interface Fingerprint {
  type: string;
  value: string;
}
export interface Caption {
  languageCode: string;
  captionType: string;
  /** Absent through GraphQL, which does not tell. */
  filename?: string;
}
/** The folder that a gallery was made from, and its number at the source. */
export interface Folder {
  id: Id;
  path: string;
}

const times = { createdAt: fact.instant(), updatedAt: fact.instant() };

/**
 * Every kind of record, a line a field. A relation has one owner; its inverse is derived
 * (`tag.parents` is here, its children are not). Add a field, and TypeScript refuses to compile
 * until each road, the library and the export say what they do with it, or that they cannot.
 */
export const kinds = {
  tag: {
    name: text(),
    sortName: text(),
    description: text(),
    aliases: names(),
    ignoreAutoTag: flag(),
    favorite: flag(),
    parents: refs('tag'),
    stashIds: stashIds(),
    customFields: customFields(),
    image: picture(),
    ...times,
  },
  studio: {
    name: text(),
    urls: urls(),
    parent: ref('studio'),
    aliases: names(),
    tags: refs('tag'),
    ignoreAutoTag: flag(),
    organized: flag(),
    rating: integer(),
    favorite: flag(),
    details: text(),
    stashIds: stashIds(),
    customFields: customFields(),
    image: picture(),
    ...times,
  },
  performer: {
    name: text(),
    disambiguation: text(),
    urls: urls(),
    /** Before v0.28 a performer had one `url` (here the only one of `urls`) and these two beside it. */
    twitter: text(),
    instagram: text(),
    gender: choice(),
    birthdate: date(),
    deathDate: date(),
    ethnicity: text(),
    country: text(),
    eyeColor: text(),
    hairColor: text(),
    height: integer(),
    weight: integer(),
    measurements: text(),
    fakeTits: text(),
    penisLength: real(),
    circumcised: choice(),
    /** Newer servers replace this text by the two dates after it. */
    careerLength: text(),
    careerStart: date(),
    careerEnd: date(),
    tattoos: text(),
    piercings: text(),
    aliases: names(),
    favorite: flag(),
    tags: refs('tag'),
    ignoreAutoTag: flag(),
    rating: integer(),
    details: text(),
    stashIds: stashIds(),
    customFields: customFields(),
    image: picture(),
    ...times,
  },
  group: {
    name: text(),
    aliases: text(),
    duration: integer(),
    date: date(),
    rating: integer(),
    studio: ref('studio'),
    director: text(),
    synopsis: text(),
    urls: urls(),
    tags: refs('tag'),
    subGroups: subGroups(),
    customFields: customFields(),
    frontImage: picture(),
    backImage: picture(),
    ...times,
  },
  image: {
    title: text(),
    code: text(),
    rating: integer(),
    urls: urls(),
    date: date(),
    details: text(),
    photographer: text(),
    oCounter: count(),
    organized: flag(),
    studio: ref('studio'),
    tags: refs('tag'),
    performers: refs('performer'),
    customFields: customFields(),
    files: fact.files(),
    ...times,
  },
  gallery: {
    title: text(),
    code: text(),
    urls: urls(),
    date: date(),
    details: text(),
    photographer: text(),
    rating: integer(),
    organized: flag(),
    studio: ref('studio'),
    tags: refs('tag'),
    performers: refs('performer'),
    images: refs('image'),
    /** The image chosen as the cover; null where Stash picks one itself. */
    cover: ref('image'),
    customFields: customFields(),
    files: fact.files(),
    folder: fact.document<Folder | null>(),
    ...times,
  },
  scene: {
    title: text(),
    code: text(),
    details: text(),
    director: text(),
    urls: urls(),
    date: date(),
    rating: integer(),
    organized: flag(),
    studio: ref('studio'),
    tags: refs('tag'),
    performers: refs('performer'),
    groups: groups(),
    galleries: refs('gallery'),
    stashIds: stashIds(),
    customFields: customFields(),
    cover: picture(),
    plays: history(),
    os: history(),
    /** Seconds. */
    resumeTime: real(),
    /** Seconds, over all plays. */
    playDuration: counter(),
    files: fact.files(),
    ...times,
  },
  marker: {
    title: text(),
    /** Seconds from the start. */
    seconds: real(),
    endSeconds: real(),
    primaryTag: ref('tag'),
    tags: refs('tag'),
    scene: ref('scene'),
    ...times,
  },
  chapter: {
    gallery: ref('gallery'),
    title: text(),
    /** Counted from 1. */
    imageIndex: integer(),
    ...times,
  },
  file: {
    path: fact.text(),
    /** What the server knows the file as: 'video', 'image' or 'basic' (a zip, say). */
    type: fact.text(),
    /** Bytes. */
    size: fact.integer(),
    modTime: fact.instant(),
    zipFile: fact.file(),
    fingerprints: fact.document<Fingerprint[]>(),
    /** Absent for what the server does not serve: an image's format before v0.30, say. */
    format: fact.text(),
    width: fact.integer(),
    height: fact.integer(),
    /** Seconds. */
    duration: fact.real(),
    videoCodec: fact.text(),
    audioCodec: fact.text(),
    frameRate: fact.real(),
    bitRate: fact.integer(),
    interactive: fact.flag(),
    interactiveSpeed: fact.integer(),
    captions: fact.document<Caption[]>(),
    ...times,
  },
  savedFilter: {
    mode: text(),
    name: text(),
    /** `{ q, page, per_page, sort, direction }`, or null. */
    findFilter: document(),
    /** The conditions, which name records by id inside (see `savedFilterIds.ts`). */
    objectFilter: document(),
    uiOptions: document(),
  },
} as const satisfies { [kind: string]: { [field: string]: Field } };

export type Kind = keyof typeof kinds;
export type Fields<K extends Kind> = (typeof kinds)[K];
export type FieldName<K extends Kind> = keyof Fields<K> & string;
export type ValueOf<F> = F extends Field<infer T> ? T : never;

/**
 * A record as one road tells it. A field that the road or the server's version cannot tell is absent:
 * *unknown* is not *empty*, and is neither compared nor merged.
 */
export type Rec<K extends Kind> = { id: Id } & {
  [F in FieldName<K>]?: ValueOf<Fields<K>[F]>;
};

/** Kinds in the order in which each comes after most of what it refers to. */
export const kindNames = Object.keys(kinds) as Kind[];

/** The fields of a kind as a list, for code that works on any kind. */
export const fieldsOf: { [K in Kind]: readonly (readonly [FieldName<K>, Field])[] } =
  Object.fromEntries(kindNames.map((kind) => [kind, Object.entries(kinds[kind])])) as never;

/** A field of a kind by its name, where that comes from outside: a conflict, a journal, a plan. */
export const fieldOf = (kind: Kind, name: string): Field => kinds[kind][name as never];

/** What a road says of every field: where it comes from, or that it cannot know. */
export type Road<K extends Kind, Source> = { [F in FieldName<K>]: Source | 'unknown' };
