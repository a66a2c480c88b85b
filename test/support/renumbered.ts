import { DatabaseSync } from 'node:sqlite';

/** What has numbers of its own. */
const tables = [
  ...['tags', 'performers', 'studios', 'groups', 'scenes', 'images', 'galleries', 'scene_markers'],
  ...['galleries_chapters', 'files', 'folders'],
];

/**
 * Gives every record of a Stash's database another number, one that another had, as a full export and import may; times
 * of creation stay. Saved filters are no part of an export.
 */
export function renumber(file: string): void {
  const db = new DatabaseSync(file);
  db.exec(
    'pragma foreign_keys = off; pragma ignore_check_constraints = on; delete from saved_filters',
  );
  const named = db
    .prepare(
      // What is told of a file beside it has the file's number.
      `select m.name as owner, f."from" as field,
          iif(f."table" in ('video_files', 'image_files'), 'files', f."table") as target
         from sqlite_master m, pragma_foreign_key_list(m.name) f where m.type = 'table'`,
    )
    .all() as { owner: string; field: string; target: string }[];
  for (const table of tables) {
    const { highest } = db.prepare(`select max(id) as highest from ${table}`).get() as {
      highest: number;
    };
    const owners = [{ owner: table, field: 'id', target: table }, ...named];
    for (const { owner, field, target } of owners) {
      if (target !== table) continue;
      // By way of numbers that nobody has.
      db.exec(`update ${owner} set ${field} = ${field} - ${highest + 1}`);
      db.exec(`update ${owner} set ${field} = -${field}`);
    }
  }
  const dangling = db.prepare('pragma foreign_key_check').all();
  db.close();
  if (dangling.length > 0) throw new Error(`Renumbered wrongly: ${JSON.stringify(dangling[0])}`);
}
