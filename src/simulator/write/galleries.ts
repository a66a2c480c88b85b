import type { Library } from '../library.ts';
import { writables } from './kinds.ts';
import { found, touch } from './write.ts';

interface ImagesInput {
  input: { gallery_id: string; image_ids: string[] };
}

/** The gallery's time moves, the images' stay. */
export function addImages(library: Library, { input }: ImagesInput): boolean {
  const gallery = Number(input.gallery_id);
  found(library, writables.gallery, gallery);
  refuseZips(library, gallery);
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
  refuseZips(library, gallery);
  for (const id of input.image_ids) {
    const sql = 'delete from galleries_images where gallery_id = ? and image_id = ?';
    library.run(sql, gallery, Number(id));
  }
  touch(library, writables.gallery, gallery);
  return true;
}

/** Without an image, the gallery has no cover of its own any more. */
export function setCover(
  library: Library,
  { input }: { input: { gallery_id: string; cover_image_id?: string } },
): boolean {
  const gallery = Number(input.gallery_id);
  found(library, writables.gallery, gallery);
  library.run('update galleries_images set cover = 0 where gallery_id = ?', gallery);
  if (input.cover_image_id !== undefined) {
    const image = Number(input.cover_image_id);
    const there = 'select 1 from galleries_images where gallery_id = ? and image_id = ?';
    if (!library.scalar(there, gallery, image)) throw new Error('failed to set cover: not found');
    const sql = 'update galleries_images set cover = 1 where gallery_id = ? and image_id = ?';
    library.run(sql, gallery, image);
  }
  touch(library, writables.gallery, gallery);
  return true;
}

function refuseZips(library: Library, gallery: number): void {
  if (library.scalar('select 1 from galleries_files where gallery_id = ?', gallery)) {
    throw new Error('cannot modify contents of zip-based or folder-based galleries');
  }
}
