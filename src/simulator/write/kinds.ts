import type { TypeName } from '../batch.ts';
import {
  aliases,
  customFields,
  cut,
  day,
  type Field,
  flag,
  linked,
  links,
  picture,
  plain,
  reference,
  required,
  setLinks,
  stashIds,
  text,
  trims,
  urls,
  value,
  type Write,
} from './fields.ts';
import { checkPerformer, checkStudio, checkTag } from './names.ts';
import {
  assignFiles,
  formerAccount,
  formerUrl,
  inGroups,
  primaryFile,
  refuseImage,
} from './relations.ts';
import { setSubGroups } from './subGroups.ts';

/** What may be written of a kind. */
export interface Writable {
  type: TypeName;
  /** What an error calls one of them. */
  word: string;
  /** By the names of the inputs' fields. */
  fields: { [field: string]: Field };
  /** Fields that only a creation has, or that mean something else there. */
  creating?: { [field: string]: Field };
  check?: (write: Write, input: { [field: string]: unknown }) => void;
}

const custom = (table: string, owner: string) => ({
  fields: { custom_fields: customFields(table, owner, false) },
  creating: { custom_fields: customFields(table, owner, true) },
});

const performerFields = custom('performer_custom_fields', 'performer_id');
const studioFields = custom('studio_custom_fields', 'studio_id');
const tagFields = custom('tag_custom_fields', 'tag_id');
const groupFields = custom('group_custom_fields', 'group_id');
const galleryFields = custom('gallery_custom_fields', 'gallery_id');
const imageFields = custom('image_custom_fields', 'image_id');
const sceneFields = custom('scene_custom_fields', 'scene_id');

export const writables = {
  scene: {
    type: 'Scene',
    word: 'scene',
    fields: {
      title: text('title'),
      code: text('code'),
      details: text('details'),
      director: text('director'),
      urls: urls('scene_urls', 'scene_id'),
      date: day('date'),
      rating100: value('rating'),
      organized: flag('organized'),
      studio_id: reference('studio_id'),
      gallery_ids: links('scenes_galleries', 'scene_id', 'gallery_id'),
      performer_ids: links('performers_scenes', 'scene_id', 'performer_id'),
      movies: inGroups('movie_id'),
      groups: inGroups('group_id'),
      tag_ids: links('scenes_tags', 'scene_id', 'tag_id'),
      cover_image: picture('cover_blob'),
      stash_ids: stashIds('scene_stash_ids', 'scene_id'),
      play_duration: value('play_duration'),
      primary_file_id: primaryFile('scenes_files', 'scene_id', 'scene'),
      ...sceneFields.fields,
    },
    creating: {
      ...sceneFields.creating,
      file_ids: (write, files: string[] | null) => {
        write.later.push(() => assignFiles(write.library, write.id, (files ?? []).map(Number)));
      },
    },
    check: ({ library, id, columns }, { file_ids: files }) => {
      if (id ? columns.title !== null : columns.title || (files as string[] | null)?.length) return;
      const file = library.scalar('select 1 from scenes_files where scene_id = ?', id);
      if (!file) throw new Error('title must be set if scene has no files');
    },
  },
  marker: {
    type: 'SceneMarker',
    word: 'scene marker',
    fields: {
      title: (write, title: string | null) =>
        plain('title')(write, cut(write.library, title ?? '') as never),
      seconds: value('seconds'),
      end_seconds: value('end_seconds'),
      scene_id: reference('scene_id'),
      primary_tag_id: reference('primary_tag_id'),
      // The primary tag is not among the others.
      tag_ids: (write, ids: string[] | null) => {
        const { library, later } = write;
        later.push(() => {
          const sql = 'select primary_tag_id from scene_markers where id = ?';
          const primary = library.scalar(sql, write.id);
          const others = (ids ?? []).map(Number).filter((id) => id !== primary);
          setLinks(write, 'scene_markers_tags', 'scene_marker_id', 'tag_id', others);
        });
      },
    },
    check: ({ library, id, columns }) => {
      const [row] = library.objects('select * from scene_markers where id = ?', id);
      const { seconds, end_seconds: end } = { ...row, ...columns };
      if (end !== null && end !== undefined && Number(end) < Number(seconds)) {
        const [to, from] = [end, seconds].map((one) => Number(one).toFixed(6));
        throw new Error(`end_seconds (${to}) must be greater than or equal to seconds (${from})`);
      }
    },
  },
  image: {
    type: 'Image',
    word: 'image',
    fields: {
      title: text('title'),
      code: text('code'),
      rating100: value('rating'),
      organized: flag('organized'),
      urls: urls('image_urls', 'image_id'),
      date: day('date'),
      details: text('details'),
      photographer: text('photographer'),
      studio_id: reference('studio_id'),
      performer_ids: links('performers_images', 'image_id', 'performer_id'),
      tag_ids: links('images_tags', 'image_id', 'tag_id'),
      gallery_ids: (write, ids: string[] | null) => {
        const { library, id, later } = write;
        later.push(() => {
          // What stays keeps being the gallery's cover.
          const wanted = (ids ?? []).map(Number);
          const before = linked(write, 'galleries_images', 'image_id', 'gallery_id');
          for (const gallery of new Set([...before, ...wanted])) {
            if (!before.includes(gallery) || !wanted.includes(gallery))
              refuseImage(library, id, gallery);
          }
          for (const gallery of before) {
            if (wanted.includes(gallery)) continue;
            const sql = 'delete from galleries_images where image_id = ? and gallery_id = ?';
            library.run(sql, id, gallery);
          }
          for (const gallery of wanted) {
            const sql = 'insert into galleries_images (gallery_id, image_id) values (?, ?)';
            library.run(`${sql} on conflict do nothing`, gallery, id);
          }
        });
      },
      primary_file_id: primaryFile('images_files', 'image_id', 'image'),
      ...imageFields.fields,
    },
  },
  gallery: {
    type: 'Gallery',
    word: 'gallery',
    fields: {
      title: (write, title: string | null) => {
        if (title !== null) write.columns.title = title || null;
      },
      code: text('code'),
      urls: urls('gallery_urls', 'gallery_id'),
      date: day('date'),
      details: text('details'),
      photographer: text('photographer'),
      rating100: value('rating'),
      organized: flag('organized'),
      scene_ids: links('scenes_galleries', 'gallery_id', 'scene_id'),
      studio_id: reference('studio_id'),
      tag_ids: links('galleries_tags', 'gallery_id', 'tag_id'),
      performer_ids: links('performers_galleries', 'gallery_id', 'performer_id'),
      primary_file_id: primaryFile('galleries_files', 'gallery_id', 'gallery'),
      ...galleryFields.fields,
    },
    creating: {
      ...galleryFields.creating,
      title: required('title', 'title must not be empty'),
      organized: (write, given: boolean | null) => {
        if (trims(write.library)) flag('organized')(write, given as never);
      },
    },
    check: ({ library, id, columns }) => {
      if (!id || columns.title !== null) return;
      const sql = `select 1 from galleries g where id = ? and folder_id is null
        and not exists (select 1 from galleries_files where gallery_id = g.id)`;
      if (library.scalar(sql, id)) {
        throw new Error('title must not be empty for user-created galleries');
      }
    },
  },
  chapter: {
    type: 'GalleryChapter',
    word: 'gallery chapter',
    fields: {
      title: plain('title'),
      image_index: value('image_index'),
      gallery_id: reference('gallery_id'),
    },
    check: ({ library, id, columns }) => {
      const [row] = library.objects('select * from galleries_chapters where id = ?', id);
      const { gallery_id: gallery, image_index: index } = { ...row, ...columns };
      const sql = 'select count(*) from galleries_images where gallery_id = ?';
      const images = library.scalar(sql, gallery as number) as number;
      if (Number(index) < 1 || Number(index) > images) {
        throw new Error('Image # must greater than zero and in range of the gallery images');
      }
    },
  },
  performer: {
    type: 'Performer',
    word: 'performer',
    fields: {
      name: required('name', 'performer name must not be blank'),
      disambiguation: text('disambiguation'),
      url: formerUrl('performer_urls', 'performer_id'),
      urls: urls('performer_urls', 'performer_id'),
      twitter: formerAccount('twitter'),
      instagram: formerAccount('instagram'),
      gender: value('gender'),
      birthdate: day('birthdate'),
      death_date: day('death_date'),
      ethnicity: text('ethnicity'),
      country: text('country'),
      eye_color: text('eye_color'),
      hair_color: text('hair_color'),
      height_cm: value('height'),
      weight: value('weight'),
      measurements: text('measurements'),
      fake_tits: text('fake_tits'),
      penis_length: value('penis_length'),
      circumcised: value('circumcised'),
      career_length: (write, length: string | null) => {
        if (write.library.has('performers', 'career_length')) {
          text('career_length')(write, length as never);
        }
      },
      career_start: day('career_start'),
      career_end: day('career_end'),
      tattoos: text('tattoos'),
      piercings: text('piercings'),
      alias_list: aliases('performer_aliases', 'performer_id'),
      favorite: flag('favorite'),
      tag_ids: links('performers_tags', 'performer_id', 'tag_id'),
      ignore_auto_tag: flag('ignore_auto_tag'),
      rating100: value('rating'),
      details: text('details'),
      image: picture('image_blob'),
      stash_ids: stashIds('performer_stash_ids', 'performer_id'),
      ...performerFields.fields,
    },
    creating: performerFields.creating,
    check: checkPerformer,
  },
  studio: {
    type: 'Studio',
    word: 'studio',
    fields: {
      name: required('name', 'studio name must not be blank'),
      url: formerUrl('studio_urls', 'studio_id'),
      urls: urls('studio_urls', 'studio_id'),
      parent_id: reference('parent_id'),
      aliases: aliases('studio_aliases', 'studio_id'),
      tag_ids: links('studios_tags', 'studio_id', 'tag_id'),
      ignore_auto_tag: flag('ignore_auto_tag'),
      organized: flag('organized'),
      rating100: value('rating'),
      favorite: flag('favorite'),
      details: text('details'),
      image: picture('image_blob'),
      stash_ids: stashIds('studio_stash_ids', 'studio_id'),
      ...studioFields.fields,
    },
    creating: studioFields.creating,
    check: checkStudio,
  },
  tag: {
    type: 'Tag',
    word: 'tag',
    fields: {
      name: required('name', 'tag name must not be blank'),
      sort_name: text('sort_name'),
      description: text('description'),
      aliases: aliases('tag_aliases', 'tag_id'),
      ignore_auto_tag: flag('ignore_auto_tag'),
      favorite: flag('favorite'),
      image: picture('image_blob'),
      stash_ids: stashIds('tag_stash_ids', 'tag_id'),
      parent_ids: links('tags_relations', 'child_id', 'parent_id'),
      child_ids: links('tags_relations', 'parent_id', 'child_id'),
      ...tagFields.fields,
    },
    creating: tagFields.creating,
    check: checkTag,
  },
  group: {
    type: 'Group',
    word: 'group',
    fields: {
      name: required('name', 'name cannot be empty'),
      aliases: text('aliases'),
      duration: value('duration'),
      date: day('date'),
      rating100: value('rating'),
      studio_id: reference('studio_id'),
      director: text('director'),
      synopsis: (write, synopsis: string | null) =>
        text(write.library.has('groups') ? 'description' : 'synopsis')(write, synopsis as never),
      url: formerUrl('group_urls', 'group_id'),
      urls: urls('group_urls', 'group_id'),
      tag_ids: links('groups_tags', 'group_id', 'tag_id'),
      containing_groups: setSubGroups('sub_id', 'containing_id'),
      sub_groups: setSubGroups('containing_id', 'sub_id'),
      front_image: picture('front_image_blob'),
      back_image: picture('back_image_blob'),
      ...groupFields.fields,
    },
    creating: groupFields.creating,
  },
} as const satisfies { [kind: string]: Writable };
