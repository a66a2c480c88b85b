import type { Library } from '../library.ts';
import { utc } from '../values.ts';

export interface History {
  table: 'scenes_view_dates' | 'scenes_o_dates';
  column: 'view_date' | 'o_date';
}
export const plays: History = { table: 'scenes_view_dates', column: 'view_date' };
export const os: History = { table: 'scenes_o_dates', column: 'o_date' };

const seconds = (instant: string) => `${new Date(instant).toISOString().slice(0, 19)}Z`;

/** A multiset of instants, in UTC and whole seconds: sent again, they are added again. Without any, now. */
export function add(
  library: Library,
  { table, column }: History,
  scene: number,
  times: readonly string[] | null | undefined,
) {
  for (const time of times?.length ? times : [new Date().toISOString()]) {
    const sql = `insert into ${table} (scene_id, ${column}) values (?, ?)`;
    library.run(sql, scene, seconds(time));
  }
  return result(library, { table, column }, scene);
}

/** One of the equal instants each; without any, the latest. */
export function remove(
  library: Library,
  { table, column }: History,
  scene: number,
  times: readonly string[] | null | undefined,
) {
  const latest = library.scalar(`select max(${column}) from ${table} where scene_id = ?`, scene) as
    | string
    | null;
  for (const time of times?.length ? times : latest ? [latest] : []) {
    library.run(
      `delete from ${table} where rowid =
         (select rowid from ${table} where scene_id = ? and ${column} = ? limit 1)`,
      scene,
      seconds(time),
    );
  }
  return result(library, { table, column }, scene);
}

function result(library: Library, { table, column }: History, scene: number) {
  const history = library
    .rows(`select ${column} from ${table} where scene_id = ? order by 1 desc`, scene)
    .map(([instant]) => utc(instant as string));
  return { count: history.length, history };
}
