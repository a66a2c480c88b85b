import type { Library } from '../library.ts';
import { refuseFixed } from './fixedGalleries.ts';
import { writables } from './kinds.ts';
import { destroy, found, touch } from './write.ts';

interface ImagesInput {
  input: { gallery_id: string; image_ids: string[] };
}

/** The gallery's time moves, the images' stay. */
export function addImages(library: Library, { input }: ImagesInput): boolean {
  const gallery = Number(input.gallery_id);
  found(library, writables.gallery, gallery);
  refuseFixed(library, gallery);
  for (const id of input.image_ids) {
    const sql = 'insert into galleries_images (gallery_id, image_id) values (?, ?)';
    library.run(`${sql} on conflict do nothing`, gallery, Number(id));
  }
  touch(library, writables.gallery, gallery);
  return true;
}

export function removeImages(library: Library, { input }: ImagesInput): boolean {
  const gallery = Number(input.gallery_id);
  found(library, writables.gallery, gallery);
  refuseFixed(library, gallery);
  for (const id of input.image_ids) {
    const sql = 'delete from galleries_images where gallery_id = ? and image_id = ?';
    library.run(sql, gallery, Number(id));
  }
  touch(library, writables.gallery, gallery);
  return true;
}

/** Without an image, or with one that it does not hold, the gallery has no cover of its own any more. */
export function setCover(
  library: Library,
  { input }: { input: { gallery_id: string; cover_image_id?: string } },
): boolean {
  const gallery = Number(input.gallery_id);
  found(library, writables.gallery, gallery);
  library.run('update galleries_images set cover = 0 where gallery_id = ?', gallery);
  if (input.cover_image_id !== undefined) {
    const image = Number(input.cover_image_id);
    const sql = 'update galleries_images set cover = 1 where gallery_id = ? and image_id = ?';
    library.run(sql, gallery, image);
  }
  touch(library, writables.gallery, gallery);
  return true;
}

/**
 * With a zip goes what lies in it, unless another gallery has it too: on v0.25.1 each image with a file in there,
 * later only those that have no other.
 */
export function destroyGallery(library: Library, gallery: number): void {
  found(library, writables.gallery, gallery);
  const inZip = library.rows(
    `select i.image_id, i.file_id from galleries_files g join files f on f.zip_file_id = g.file_id
       join images_files i on i.file_id = f.id
     where g.gallery_id = ?1
       and not exists (select 1 from galleries_files where file_id = g.file_id and gallery_id <> ?1)`,
    gallery,
  );
  for (const [image, file] of inZip as [number, number][]) {
    library.run('delete from images_files where image_id = ? and file_id = ?', image, file);
    const left = library.scalar('select 1 from images_files where image_id = ?', image);
    if (!left || library.version === 'v0.25') destroy(library, writables.image, image);
    else {
      library.run(
        `update images_files set "primary" = 1 where image_id = ?1 and file_id =
           (select min(file_id) from images_files where image_id = ?1)
           and not exists (select 1 from images_files where image_id = ?1 and "primary" = 1)`,
        image,
      );
    }
  }
  destroy(library, writables.gallery, gallery);
}
