import { type Node, parent, related, rowsOf } from '../batch.ts';
import type { Context, Resolvers } from '../context.ts';
import { isUpTo25, type Library } from '../library.ts';
import { date, flag, text, value } from '../values.ts';
import { filesOfImage, galleryFiles, visualFiles } from './files.ts';
import {
  aliases,
  customFields,
  joined,
  pictureUrl,
  stashIds,
  tags,
  timestamps,
  urls,
  within,
} from './shared.ts';

const performerUrls = urls('performer_urls', 'performer_id');
const studioUrls = urls('studio_urls', 'studio_id');
const groupUrls = urls('group_urls', 'group_id');

/** What was a column of its own once, and is one of the urls now: the first that fits. */
const formerUrl = (column: string, list: (node: Node) => string[], fits: RegExp) => (node: Node) =>
  column in node.row
    ? (node.row[column] ?? '')
    : (list(node).find((url) => fits.test(url)) ?? null);

const groupRelation = (owner: string, target: string) => {
  const order = `where ${owner} ${within} order by ${owner}, order_index`;
  const present = (library: Library, sql: string) => (library.has('groups_relations') ? sql : null);
  const groups = related('Group', (library) =>
    present(library, `select ${owner}, ${target} from groups_relations ${order}`),
  );
  const descriptions = rowsOf(
    (library) => present(library, `select ${owner}, description from groups_relations ${order}`),
    ([description]: [string | null]) => description,
  );
  return (node: Node) => {
    const words = descriptions(node);
    return groups(node).map((group, i) => ({ group, description: words[i] }));
  };
};

/** v0.25 gives an image without a title its file's name. */
const fileName = (image: Node) => filesOfImage(image)[0]?.row.basename ?? '';

const galleryImages = rowsOf(
  () => `select gallery_id, count(*) from galleries_images where gallery_id ${within} group by 1`,
  ([count]: [number]) => count,
);

/** Where none was chosen, a real server takes the first by path; one called cover.jpg goes first. */
const covers = related(
  'Image',
  (library) =>
    `select g.gallery_id, g.image_id from galleries_images g
       left join images_files i on i.image_id = g.image_id and i."primary" = 1
       left join files f on f.id = i.file_id left join folders d on d.id = f.parent_folder_id
     where g.gallery_id ${within}
     order by g.gallery_id, ${library.has('galleries_images', 'cover') ? 'g.cover desc,' : ''}
       f.basename like '%cover.jpg' desc, d.path, f.basename, g.image_id`,
);

const group = {
  name: text('name'),
  aliases: text('aliases'),
  duration: value('duration'),
  date: date('date'),
  rating100: value('rating'),
  studio: parent('Studio', 'studio_id'),
  director: text('director'),
  synopsis: (node: Node) => node.row.description ?? node.row.synopsis ?? '',
  urls: groupUrls,
  tags: tags('groups_tags', 'group_id'),
  front_image_path: (node: Node, _: never, context: Context) =>
    pictureUrl(context, node, `${pathOf(context)}/${node.id}/frontimage`, 'front_image_blob'),
  back_image_path: (node: Node, _: never, context: Context) =>
    node.row.back_image_blob === null
      ? null
      : pictureUrl(context, node, `${pathOf(context)}/${node.id}/backimage`, 'back_image_blob'),
  ...timestamps,
};

const pathOf = ({ library }: Context) => (library.groups.table === 'movies' ? 'movie' : 'group');

export const records: Resolvers = {
  Performer: {
    name: text('name'),
    disambiguation: text('disambiguation'),
    url: formerUrl('url', performerUrls, /^/),
    urls: performerUrls,
    twitter: formerUrl('twitter', performerUrls, /^https?:\/\/(www\.)?(twitter|x)\.com\//),
    instagram: formerUrl('instagram', performerUrls, /^https?:\/\/(www\.)?instagram\.com\//),
    gender: (node: Node) => node.row.gender || null,
    birthdate: date('birthdate'),
    death_date: date('death_date'),
    ethnicity: text('ethnicity'),
    country: text('country'),
    eye_color: text('eye_color'),
    hair_color: text('hair_color'),
    height_cm: value('height'),
    weight: value('weight'),
    measurements: text('measurements'),
    fake_tits: text('fake_tits'),
    penis_length: value('penis_length'),
    circumcised: (node: Node) => node.row.circumcised || null,
    career_length: text('career_length'),
    career_start: date('career_start'),
    career_end: date('career_end'),
    tattoos: text('tattoos'),
    piercings: text('piercings'),
    alias_list: aliases('performer_aliases', 'performer_id'),
    favorite: flag('favorite'),
    tags: tags('performers_tags', 'performer_id'),
    ignore_auto_tag: flag('ignore_auto_tag'),
    rating100: value('rating'),
    details: text('details'),
    image_path: (node: Node, _: never, context: Context) =>
      pictureUrl(context, node, `performer/${node.id}/image`, 'image_blob'),
    stash_ids: stashIds('performer_stash_ids', 'performer_id'),
    custom_fields: customFields('performer_custom_fields', 'performer_id'),
    ...timestamps,
  },
  Studio: {
    name: text('name'),
    url: formerUrl('url', studioUrls, /^/),
    urls: studioUrls,
    parent_studio: parent('Studio', 'parent_id'),
    child_studios: related(
      'Studio',
      () => `select parent_id, id from studios where parent_id ${within} order by 1, 2`,
    ),
    aliases: aliases('studio_aliases', 'studio_id'),
    tags: tags('studios_tags', 'studio_id'),
    ignore_auto_tag: flag('ignore_auto_tag'),
    organized: flag('organized'),
    rating100: value('rating'),
    favorite: flag('favorite'),
    details: text('details'),
    image_path: (node: Node, _: never, context: Context) =>
      pictureUrl(context, node, `studio/${node.id}/image`, 'image_blob'),
    stash_ids: stashIds('studio_stash_ids', 'studio_id'),
    custom_fields: customFields('studio_custom_fields', 'studio_id'),
    ...timestamps,
  },
  Tag: {
    name: text('name'),
    sort_name: text('sort_name'),
    description: text('description'),
    aliases: aliases('tag_aliases', 'tag_id'),
    ignore_auto_tag: flag('ignore_auto_tag'),
    favorite: flag('favorite'),
    parents: tags('tags_relations', 'child_id', 'parent_id'),
    children: tags('tags_relations', 'parent_id', 'child_id'),
    image_path: (node: Node, _: never, context: Context) =>
      pictureUrl(context, node, `tag/${node.id}/image`, 'image_blob'),
    stash_ids: stashIds('tag_stash_ids', 'tag_id'),
    custom_fields: customFields('tag_custom_fields', 'tag_id'),
    ...timestamps,
  },
  Group: {
    ...group,
    containing_groups: groupRelation('sub_id', 'containing_id'),
    sub_groups: groupRelation('containing_id', 'sub_id'),
    custom_fields: customFields('group_custom_fields', 'group_id'),
  },
  Movie: { ...group, url: formerUrl('url', groupUrls, /^/) },
  Gallery: {
    title: text('title'),
    code: text('code'),
    urls: urls('gallery_urls', 'gallery_id'),
    date: date('date'),
    details: text('details'),
    photographer: text('photographer'),
    rating100: value('rating'),
    organized: flag('organized'),
    files: galleryFiles,
    folder: parent('Folder', 'folder_id'),
    chapters: related(
      'GalleryChapter',
      () =>
        `select gallery_id, id from galleries_chapters where gallery_id ${within}
         order by gallery_id, image_index, id`,
    ),
    scenes: joined('Scene', 'scenes_galleries', 'gallery_id', 'scene_id'),
    studio: parent('Studio', 'studio_id'),
    tags: tags('galleries_tags', 'gallery_id'),
    performers: joined('Performer', 'performers_galleries', 'gallery_id', 'performer_id'),
    image_count: (node: Node) => galleryImages(node)[0] ?? 0,
    cover: (node: Node) => covers(node)[0] ?? null,
    custom_fields: customFields('gallery_custom_fields', 'gallery_id'),
    ...timestamps,
  },
  GalleryChapter: {
    gallery: parent('Gallery', 'gallery_id'),
    title: text('title'),
    image_index: value('image_index'),
    ...timestamps,
  },
  Image: {
    title: (node: Node, _: never, { library }: Context) =>
      node.row.title || (isUpTo25(library.version) ? fileName(node) : ''),
    code: text('code'),
    rating100: value('rating'),
    urls: urls('image_urls', 'image_id'),
    date: date('date'),
    details: text('details'),
    photographer: text('photographer'),
    o_counter: value('o_counter'),
    organized: flag('organized'),
    visual_files: visualFiles,
    paths: (node: Node, _: never, context: Context) => ({
      image: pictureUrl(context, node, `image/${node.id}/image`, null),
    }),
    galleries: joined('Gallery', 'galleries_images', 'image_id', 'gallery_id'),
    studio: parent('Studio', 'studio_id'),
    tags: tags('images_tags', 'image_id'),
    performers: joined('Performer', 'performers_images', 'image_id', 'performer_id'),
    custom_fields: customFields('image_custom_fields', 'image_id'),
    ...timestamps,
  },
  SavedFilter: {
    mode: text('mode'),
    name: text('name'),
    find_filter: document('find_filter'),
    object_filter: document('object_filter'),
    ui_options: document('ui_options'),
  },
};

/** JSON, kept in a blob. A server decodes it into an object, which stays empty where the JSON is none. */
function document(column: string) {
  return (node: Node) => {
    const stored = node.row[column];
    if (stored === null || stored === undefined || stored === '') return null;
    const value = JSON.parse(
      typeof stored === 'string' ? stored : Buffer.from(stored as never).toString(),
    );
    return typeof value === 'object' && !Array.isArray(value) ? value : {};
  };
}
