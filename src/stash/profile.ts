import { type GraphQLSchema, isObjectType } from 'graphql';
import type { SourceProfile } from '../model/reading.ts';
import recordFields from './recordFields.json' with { type: 'json' };
import { recordTypes } from './recordTypes.ts';
import type { Layout } from './tables/layout.ts';

/** What a server serves of the contract's fields, from its introspection. */
export function typesServed(schema: GraphQLSchema): SourceProfile['types'] {
  return contractFields((type, field) => {
    const theirs = schema.getType(type);
    const served = isObjectType(theirs) ? theirs.getFields()[field] : undefined;
    return served !== undefined && served.deprecationReason == null;
  });
}

/** What the server that laid these tables out serves, where only its file is at hand. */
export const profileOfLayout = (layout: Layout): SourceProfile => ({
  version: null,
  schema: layout.schema,
  types: contractFields((type, field) => {
    const typeIsThere = servedWith[type]?.(layout) ?? true;
    return typeIsThere && (servedWith[`${type}.${field}`]?.(layout) ?? true);
  }),
});

function contractFields(
  isServed: (type: string, field: string) => boolean,
): SourceProfile['types'] {
  const types: SourceProfile['types'] = {};
  for (const name of recordTypes) {
    const served = recordFields[name].split(' ').filter((field) => isServed(name, field));
    if (served.length > 0) types[name] = served;
  }
  return types;
}

type Sign = (layout: Layout) => boolean;
const table =
  (name: string): Sign =>
  (layout) =>
    layout.tables.has(name);
const column =
  (table: string, name: string): Sign =>
  (layout) =>
    layout.tables.get(table)?.has(name) ?? false;
const schema =
  (since: number): Sign =>
  (layout) =>
    layout.schema >= since;
const not =
  (sign: Sign): Sign =>
  (layout) =>
    !sign(layout);
const either =
  (one: Sign, other: Sign): Sign =>
  (layout) =>
    one(layout) || other(layout);

/**
 * Which table or column tells that a server serves a type or field, undeprecated; all others are served by every
 * version since v0.25. Files' `zip_file` and an image's `format` leave no trace in the tables: they came with
 * v0.29, whose schema is that of v0.28 (72), so they are only told from v0.30 (75) on.
 */
const servedWith: { readonly [coordinate: string]: Sign } = {
  'Tag.sort_name': column('tags', 'sort_name'),
  'Tag.favorite': column('tags', 'favorite'),
  'Tag.stash_ids': table('tag_stash_ids'),
  'Tag.custom_fields': table('tag_custom_fields'),
  'Studio.url': column('studios', 'url'),
  'Studio.urls': table('studio_urls'),
  'Studio.tags': table('studios_tags'),
  'Studio.favorite': column('studios', 'favorite'),
  'Studio.organized': column('studios', 'organized'),
  'Studio.custom_fields': table('studio_custom_fields'),
  'Performer.url': column('performers', 'url'),
  'Performer.urls': table('performer_urls'),
  'Performer.twitter': column('performers', 'twitter'),
  'Performer.instagram': column('performers', 'instagram'),
  'Performer.career_length': column('performers', 'career_length'),
  'Performer.career_start': column('performers', 'career_start'),
  'Performer.career_end': column('performers', 'career_end'),
  'Performer.custom_fields': table('performer_custom_fields'),
  Group: table('groups'),
  GroupDescription: table('groups_relations'),
  SceneGroup: table('groups'),
  'Group.custom_fields': table('group_custom_fields'),
  'Movie.url': column('movies', 'url'),
  'Movie.urls': either(table('movie_urls'), table('group_urls')),
  'Movie.tags': either(table('movies_tags'), table('groups_tags')),
  'Gallery.custom_fields': table('gallery_custom_fields'),
  'Image.custom_fields': table('image_custom_fields'),
  'Scene.play_history': table('scenes_view_dates'),
  'Scene.o_history': table('scenes_o_dates'),
  'Scene.groups': table('groups'),
  'Scene.movies': not(table('groups')),
  'Scene.custom_fields': table('scene_custom_fields'),
  'SceneMarker.end_seconds': column('scene_markers', 'end_seconds'),
  'StashID.updated_at': column('scene_stash_ids', 'updated_at'),
  BasicFile: schema(75),
  'ImageFile.format': schema(75),
  ...Object.fromEntries(
    ['VideoFile', 'ImageFile', 'GalleryFile', 'BasicFile', 'Folder'].flatMap((type) => [
      [`${type}.zip_file`, schema(75)],
      [`${type}.zip_file_id`, not(schema(75))],
      [`${type}.parent_folder`, schema(75)],
      [`${type}.parent_folder_id`, not(schema(75))],
    ]),
  ),
};
