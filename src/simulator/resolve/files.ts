import { type Node, parent, present, related, rowsOf } from '../batch.ts';
import type { Context, Resolvers } from '../context.ts';
import type { Library, Row } from '../library.ts';
import { text, time, value } from '../values.ts';
import { timestamps, within } from './shared.ts';

/** The primary file first. */
const ofRecord = (table: string, owner: string) =>
  related(
    'File',
    () =>
      `select ${owner}, file_id from ${table} where ${owner} ${within}
       order by ${owner}, "primary" desc, file_id`,
  );

const filesOfScene = ofRecord('scenes_files', 'scene_id');
export const filesOfImage = ofRecord('images_files', 'image_id');
const filesOfGallery = ofRecord('galleries_files', 'gallery_id');

/** Those of a scene are videos, those of an image images or videos; what is neither is refused. */
const ofType = (files: Node[], types: readonly string[], word: string): Node[] => {
  const other = present(files).find((one) => !types.includes(typeOfFile(one)));
  if (!other) return files;
  const goType = typeOfFile(other) === 'BasicFile' ? 'BaseFile' : typeOfFile(other);
  throw new Error(`file *models.${goType} is not a ${word} file`);
};

export const videoFiles = (scene: Node) => ofType(filesOfScene(scene), ['VideoFile'], 'video');
export const visualFiles = (image: Node) =>
  ofType(filesOfImage(image), ['VideoFile', 'ImageFile'], 'visual');
export const galleryFiles = (gallery: Node) => present(filesOfGallery(gallery));

export function primaryVideo(scene: Node): Row | undefined {
  const [first] = videoFiles(scene);
  return first && media(first);
}

const videos = Symbol('video files');
const images = Symbol('image files');
const detail = (table: string) => (file: Node) =>
  file.batch
    .loaded(table === 'video_files' ? videos : images, ({ library, parameter }) => {
      const rows = library.objects(`select * from ${table} where file_id ${within}`, parameter);
      return new Map(rows.map((row) => [row.file_id as number, row]));
    })
    .get(file.id);

const video = detail('video_files');
const image = detail('image_files');
const media = (file: Node): Row | undefined => video(file) ?? image(file);

/** The GraphQL type that a file is of. */
export const typeOfFile = (file: Node): string =>
  image(file) ? 'ImageFile' : video(file) ? 'VideoFile' : 'BasicFile';

const fingerprints = rowsOf(
  () =>
    `select file_id, type, case typeof(fingerprint) when 'integer'
       then printf('%x', fingerprint) else cast(fingerprint as text) end
     from files_fingerprints where file_id ${within} order by 1, 2, 3`,
  ([type, value]: [string, string]) => ({ type, value }),
);

const folder = parent('Folder', 'parent_folder_id');
const zip = parent('File', 'zip_file_id');

/** What separates the parts of a path: the look of the folders tells, as offline nothing else does. */
export function separatorOf(library: Library): string {
  const path = library.scalar('select path from folders order by id limit 1');
  return typeof path === 'string' && /^[A-Za-z]:\\|^\\\\/.test(path) ? '\\' : '/';
}

const file = {
  path: (node: Node, _: never, { server }: Context) =>
    `${folder(node)?.row.path}${server.os === 'windows' ? '\\' : '/'}${node.row.basename}`,
  basename: text('basename'),
  parent_folder_id: value('parent_folder_id'),
  parent_folder: folder,
  zip_file_id: value('zip_file_id'),
  zip_file: zip,
  mod_time: time('mod_time'),
  size: value('size'),
  fingerprints,
  ...timestamps,
};

const of = (column: string) => (node: Node) => media(node)?.[column];

const visual = { format: of('format'), width: of('width'), height: of('height') };

export const files: Resolvers = {
  BasicFile: file,
  GalleryFile: file,
  ImageFile: { ...file, ...visual },
  VideoFile: {
    ...file,
    ...visual,
    duration: of('duration'),
    video_codec: of('video_codec'),
    audio_codec: of('audio_codec'),
    frame_rate: of('frame_rate'),
    bit_rate: of('bit_rate'),
  },
  Folder: {
    path: value('path'),
    parent_folder_id: value('parent_folder_id'),
    parent_folder: parent('Folder', 'parent_folder_id'),
    zip_file_id: value('zip_file_id'),
    zip_file: zip,
    mod_time: time('mod_time'),
    ...timestamps,
  },
};
