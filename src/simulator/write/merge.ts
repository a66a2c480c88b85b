import { nodeOf } from '../batch.ts';
import type { Library } from '../library.ts';
import { os, plays } from './history.ts';
import { writables } from './kinds.ts';
import { refuseLoop } from './names.ts';
import { assignFiles } from './relations.ts';
import { destroy, existing, found, type Input, update } from './write.ts';

export interface SceneMerge {
  source: string[];
  destination: string;
  values?: Input | null;
  play_history?: boolean | null;
  o_history?: boolean | null;
}

/** Files and markers go to the destination, histories if asked for; its other fields are those of `values`. */
export function mergeScenes(library: Library, input: SceneMerge) {
  const destination = Number(input.destination);
  const sources = [...new Set(input.source.map(Number))];
  if (sources.includes(destination)) throw new Error('destination scene cannot be in source list');
  for (const source of sources) {
    if (!nodeOf(library, 'Scene', source)) {
      throw new Error(`finding source scenes: scene with id ${source} not found`);
    }
    const files = library
      .rows('select file_id from scenes_files where scene_id = ? order by "primary" desc', source)
      .map(([file]) => file as number);
    library.run('update scene_markers set scene_id = ? where scene_id = ?', destination, source);
    assignFiles(library, destination, files);
    for (const [{ table }, wanted] of [
      [plays, input.play_history],
      [os, input.o_history],
    ] as const) {
      const sql = `update ${table} set scene_id = ? where scene_id = ?`;
      if (wanted) library.run(sql, destination, source);
    }
  }
  update(library, writables.scene, destination, input.values ?? {});
  for (const source of sources) destroyScene(library, source);
  return found(library, writables.scene, destination);
}

/** Its files stay, in no scene. */
export function destroyScene(library: Library, id: number): void {
  found(library, writables.scene, id);
  library.run('delete from scene_markers where scene_id = ?', id);
  destroy(library, writables.scene, id);
}

const performerTables = [
  'performers_scenes',
  'performers_galleries',
  'performers_images',
  'performers_tags',
] as const;

/** Whatever named the sources names the destination; its own fields stay. Newer than v0.30. */
export function mergePerformers(library: Library, sources: readonly number[], destination: number) {
  found(library, writables.performer, destination);
  if (sources.includes(destination)) {
    throw new Error('destination performer cannot be in source list');
  }
  for (const source of sources) {
    found(library, writables.performer, source);
    for (const table of performerTables) {
      const sql = `update or ignore ${table} set performer_id = ? where performer_id = ?`;
      library.run(sql, destination, source);
    }
    destroy(library, writables.performer, source);
  }
  return found(library, writables.performer, destination);
}

const tagTables = [
  ['scenes_tags', 'scene_id'],
  ['scene_markers_tags', 'scene_marker_id'],
  ['galleries_tags', 'gallery_id'],
  ['images_tags', 'image_id'],
  ['performers_tags', 'performer_id'],
  ['studios_tags', 'studio_id'],
  ['groups_tags', 'group_id'],
] as const;

/** The sources' names and aliases become aliases of the destination; nothing that had them is touched. */
export function mergeTags(library: Library, sources: readonly number[], destination: number) {
  if (sources.length === 0) return null;
  found(library, writables.tag, destination);
  if (sources.includes(destination)) throw new Error('cannot merge where source == destination');
  const all = [destination, ...sources];
  const relatives = (of: string, to: string) =>
    new Set(
      library
        .rows(
          `select ${to} from tags_relations where ${of} in (select value from json_each(?))
           and ${to} not in (select value from json_each(?))`,
          JSON.stringify(all),
          JSON.stringify(all),
        )
        .map(([id]) => id as number),
    );
  const [parents, children] = [
    relatives('child_id', 'parent_id'),
    relatives('parent_id', 'child_id'),
  ];
  for (const source of sources) {
    existing(library, writables.tag, source);
    for (const [table] of tagTables) {
      // v0.28.1 forgets the groups: they lose the source, and do not gain the destination.
      if (!library.has(table) || (table === 'groups_tags' && library.version === 'v0.28')) continue;
      const sql = `update or ignore ${table} set tag_id = ? where tag_id = ?`;
      library.run(sql, destination, source);
      library.run(`delete from ${table} where tag_id = ?`, source);
    }
    const sql = 'update scene_markers set primary_tag_id = ? where primary_tag_id = ?';
    library.run(sql, destination, source);
    library.run(
      'insert into tag_aliases (tag_id, alias) select ?, name from tags where id = ?',
      destination,
      source,
    );
    library.run('update tag_aliases set tag_id = ? where tag_id = ?', destination, source);
    if (library.has('tag_stash_ids')) {
      library.run('update tag_stash_ids set tag_id = ? where tag_id = ?', destination, source);
    }
    destroy(library, writables.tag, source);
  }
  library.run('delete from tags_relations where ? in (parent_id, child_id)', destination);
  const insert = 'insert into tags_relations (parent_id, child_id) values (?, ?)';
  for (const parent of parents) library.run(insert, parent, destination);
  for (const child of children) library.run(insert, destination, child);
  // As a real server finds out at the end: nothing of it stays then.
  for (const parent of parents) {
    refuseLoop(library, destination, destination, parent, 'parent', 'a descendant');
  }
  for (const child of children) {
    refuseLoop(library, destination, child, destination, 'child', 'an ancestor');
  }
  return found(library, writables.tag, destination);
}
