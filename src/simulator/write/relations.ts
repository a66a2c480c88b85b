import type { Library } from '../library.ts';
import { type Field, text, urls } from './fields.ts';
import { refuseFixed } from './fixedGalleries.ts';

/** `url` was a column once; where it is none any more, it is the first of the urls. */
export const formerUrl =
  (table: string, owner: string): Field =>
  (write, url: string | null) => {
    const { library, id } = write;
    if (!library.has(table)) {
      text('url')(write, url as never);
      return;
    }
    const sql = `select url from ${table} where ${owner} = ? order by position`;
    const [, ...rest] = library.rows(sql, id).map(([one]) => one as string);
    urls(table, owner)(write, [...(url ? [url] : []), ...rest] as never);
  };

/** Before v0.28 a performer had these beside its url; now they join the others. */
export const formerAccount =
  (column: 'twitter' | 'instagram'): Field =>
  (write, account: string | null) => {
    const { library, later } = write;
    if (library.has('performers', column)) text(column)(write, account as never);
    else if (account) {
      const url = account.startsWith('http') ? account : `https://${column}.com/${account}`;
      later.push(() =>
        library.run(
          `insert into performer_urls (performer_id, position, url) values (?1,
             (select coalesce(max(position) + 1, 0) from performer_urls where performer_id = ?1), ?2)`,
          write.id,
          url,
        ),
      );
    }
  };

export const inGroups =
  (key: 'group_id' | 'movie_id'): Field =>
  (write, list: { [key: string]: string | number | null }[] | null) => {
    const { library, later } = write;
    const { scenes, key: column } = library.groups;
    later.push(() => {
      library.run(`delete from ${scenes} where scene_id = ?`, write.id);
      for (const one of list ?? []) {
        library.run(
          `insert into ${scenes} (${column}, scene_id, scene_index) values (?, ?, ?)`,
          Number(one[key]),
          write.id,
          one.scene_index ?? null,
        );
      }
    });
  };

/** Files come from the scenes that had them; the first is the primary one of a scene that had none. */
export function assignFiles(library: Library, scene: number, files: readonly number[]): void {
  for (const file of files) {
    const has = library.scalar('select 1 from scenes_files where scene_id = ?', scene);
    library.run('delete from scenes_files where file_id = ?', file);
    library.run(
      'insert into scenes_files (scene_id, file_id, "primary") values (?, ?, ?)',
      scene,
      file,
      has ? 0 : 1,
    );
  }
}

export function refuseImage(library: Library, image: number, gallery: number): void {
  const name = library.scalar(
    `select coalesce(nullif(i.title, ''), f.basename, '') from images i
       left join images_files p on p.image_id = i.id and p."primary" = 1
       left join files f on f.id = p.file_id
     where i.id = ?`,
    image,
  );
  try {
    refuseFixed(library, gallery);
  } catch (error) {
    throw new Error(`changing galleries of image "${name}": ${(error as Error).message}`);
  }
}

export const primaryFile =
  (table: string, owner: string, word: string): Field =>
  (write, file: string | null) => {
    if (file === null) return;
    const { library, id, later } = write;
    later.push(() => {
      const there = `select 1 from ${table} where ${owner} = ? and file_id = ?`;
      if (!library.scalar(there, id, Number(file))) {
        throw new Error(`file with id ${file} not associated with ${word}`);
      }
      library.run(`update ${table} set "primary" = 0 where ${owner} = ?`, id);
      library.run(
        `update ${table} set "primary" = 1 where ${owner} = ? and file_id = ?`,
        id,
        Number(file),
      );
    });
  };
