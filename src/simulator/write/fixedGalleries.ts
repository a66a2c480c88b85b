import type { Library } from '../library.ts';

/** A gallery's images are its folder's or zip's, if it has one: they are not to be changed by hand. */
export function refuseFixed(library: Library, gallery: number): void {
  const [row] = library.rows(
    `select coalesce(nullif(g.title, ''), f.path, ''), f.path,
       exists (select 1 from galleries_files where gallery_id = g.id)
     from galleries g left join folders f on f.id = g.folder_id where g.id = ?`,
    gallery,
  );
  const [title, folder, zipped] = row ?? [];
  if (!folder && !zipped) return;
  const name = String(title).split(/[\\/]/).at(-1);
  const based = folder ? 'folder' : 'zip';
  throw new Error(`cannot change contents of ${based}-based gallery "${name}"`);
}
