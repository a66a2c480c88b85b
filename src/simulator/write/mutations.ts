import { nodeOf } from '../batch.ts';
import type { Context, Resolver, Resolvers } from '../context.ts';
import type { Library } from '../library.ts';
import { linked, type Write } from './fields.ts';
import { moveFiles, setFingerprints } from './files.ts';
import { addImages, destroyGallery, removeImages, setCover } from './galleries.ts';
import { add, os, plays, remove } from './history.ts';
import { type Writable, writables } from './kinds.ts';
import { destroyScene, mergePerformers, mergeScenes, mergeTags, type SceneMerge } from './merge.ts';
import { destroyFilter, saveFilter } from './savedFilters.ts';
import { addSubGroups, reorderSubGroups } from './subGroups.ts';
import { create, destroy, existing, found, type Input, update } from './write.ts';

/** Each mutation is one transaction: it happens, or it does not. */
const mutation =
  <A>(act: (library: Library, args: A) => unknown): Resolver =>
  (_: never, args: never, { library }: Context) =>
    library.transaction(() => act(library, args));

interface InputArgument<I = Input & { id: string }> {
  input: I;
}

const createOf = (kind: Writable) =>
  mutation((library, { input }: InputArgument<Input>) => create(library, kind, input));
const updateOf = (kind: Writable, missing?: string) =>
  mutation((library, { input }: InputArgument) => {
    if (missing && !nodeOf(library, kind.type, Number(input.id))) throw new Error(missing);
    return update(library, kind, Number(input.id), input);
  });
const updatesOf = (kind: Writable) =>
  mutation((library, { input }: InputArgument<(Input & { id: string })[]>) =>
    input.map((one) => update(library, kind, Number(one.id), one)),
  );
const destroyOf = (kind: Writable) =>
  mutation((library, args: { input?: { id: string }; id?: string }) => {
    destroy(library, kind, Number(args.input?.id ?? args.id));
    return true;
  });
const destroyFoundOf = (kind: Writable) =>
  mutation((library, args: { input?: { id: string }; id?: string }) => {
    const id = Number(args.input?.id ?? args.id);
    found(library, kind, id);
    destroy(library, kind, id);
    return true;
  });

const { scene, marker, image, gallery, chapter, performer, studio, tag, group } = writables;

/** What a bulk update does to each scene, as an update of that scene. */
function bulkInput(library: Library, id: number, input: Input): Input {
  const { group_ids, movie_ids, ids: _, ...rest } = input;
  const groups = (group_ids ?? movie_ids) as BulkIds | null | undefined;
  const { scenes, key } = library.groups;
  const write = { library, id } as Write;
  const bulk = (given: unknown, now: () => string[]) => apply(given as BulkIds, now());
  const changed: Input = { ...rest };
  for (const [name, table, target] of [
    ['gallery_ids', 'scenes_galleries', 'gallery_id'],
    ['performer_ids', 'performers_scenes', 'performer_id'],
    ['tag_ids', 'scenes_tags', 'tag_id'],
  ] as const) {
    if (!rest[name]) continue;
    changed[name] = bulk(rest[name], () => linked(write, table, 'scene_id', target).map(String));
  }
  if (rest.urls) {
    const sql = 'select url from scene_urls where scene_id = ? order by position';
    changed.urls = bulk(rest.urls, () => library.rows(sql, id).map(([url]) => url as string));
  }
  if (groups) {
    const rows = library.rows(`select ${key}, scene_index from ${scenes} where scene_id = ?`, id);
    const indexes = new Map(rows.map(([one, index]) => [String(one), index]));
    changed.groups = bulk(groups, () => [...indexes.keys()]).map((one) => ({
      group_id: one,
      scene_index: indexes.get(one) ?? null,
    }));
  }
  return changed;
}

interface BulkIds {
  ids?: string[] | null;
  values?: string[] | null;
  mode: 'SET' | 'ADD' | 'REMOVE';
}

function apply({ ids, values, mode }: BulkIds, now: string[]): string[] {
  const given = ids ?? values ?? [];
  if (mode === 'SET') return given;
  if (mode === 'REMOVE') return now.filter((one) => !given.includes(one));
  return [...now, ...given.filter((one) => !now.includes(one))];
}

interface HistoryArguments {
  id: string;
  times?: string[] | null;
}

const imageO = (expression: string) =>
  mutation((library, { id }: { id: string }) => {
    existing(library, image, Number(id));
    library.run(`update images set o_counter = ${expression} where id = ?`, Number(id));
    return library.scalar('select o_counter from images where id = ?', Number(id));
  });

export const mutations: Resolvers = {
  Mutation: {
    sceneCreate: createOf(scene),
    sceneUpdate: updateOf(scene),
    scenesUpdate: updatesOf(scene),
    bulkSceneUpdate: mutation((library, { input }: InputArgument<Input & { ids: string[] }>) =>
      input.ids.map((id) => {
        if (!nodeOf(library, 'Scene', Number(id))) throw new Error('sql: no rows in result set');
        return update(library, scene, Number(id), bulkInput(library, Number(id), input));
      }),
    ),
    sceneMerge: mutation((library, { input }: InputArgument<SceneMerge>) =>
      mergeScenes(library, input),
    ),
    sceneDestroy: mutation((library, { input }: InputArgument) => {
      destroyScene(library, Number(input.id));
      return true;
    }),
    scenesDestroy: mutation((library, { input }: InputArgument<{ ids: string[] }>) => {
      for (const id of input.ids) destroyScene(library, Number(id));
      return true;
    }),
    sceneAddPlay: mutation((library, { id, times }: HistoryArguments) =>
      add(library, plays, Number(id), times),
    ),
    sceneDeletePlay: mutation((library, { id, times }: HistoryArguments) =>
      remove(library, plays, Number(id), times),
    ),
    sceneAddO: mutation((library, { id, times }: HistoryArguments) =>
      add(library, os, Number(id), times),
    ),
    sceneDeleteO: mutation((library, { id, times }: HistoryArguments) =>
      remove(library, os, Number(id), times),
    ),
    sceneSaveActivity: mutation(
      (
        library,
        args: { id: string; resume_time?: number | null; playDuration?: number | null },
      ) => {
        existing(library, scene, Number(args.id));
        library.run(
          `update scenes set resume_time = coalesce(?, resume_time),
             play_duration = play_duration + coalesce(?, 0) where id = ?`,
          args.resume_time ?? null,
          args.playDuration ?? null,
          Number(args.id),
        );
        return true;
      },
    ),
    sceneMarkerCreate: createOf(marker),
    sceneMarkerUpdate: updateOf(marker),
    sceneMarkerDestroy: destroyFoundOf(marker),
    imageUpdate: updateOf(image),
    imagesUpdate: updatesOf(image),
    imageDestroy: destroyFoundOf(image),
    imageIncrementO: imageO('o_counter + 1'),
    imageDecrementO: imageO('max(o_counter - 1, 0)'),
    imageResetO: imageO('0'),
    galleryCreate: createOf(gallery),
    galleryUpdate: updateOf(gallery),
    galleryDestroy: mutation((library, { input }: InputArgument<{ ids: string[] }>) => {
      for (const id of input.ids) destroyGallery(library, Number(id));
      return true;
    }),
    addGalleryImages: mutation(addImages),
    removeGalleryImages: mutation(removeImages),
    setGalleryCover: mutation(setCover),
    resetGalleryCover: mutation(setCover),
    galleryChapterCreate: createOf(chapter),
    galleryChapterUpdate: updateOf(chapter),
    galleryChapterDestroy: destroyFoundOf(chapter),
    performerCreate: createOf(performer),
    performerUpdate: updateOf(performer),
    performerDestroy: destroyOf(performer),
    studioCreate: createOf(studio),
    studioUpdate: updateOf(studio),
    studioDestroy: destroyOf(studio),
    groupCreate: createOf(group),
    groupUpdate: updateOf(group, 'not found'),
    groupDestroy: destroyOf(group),
    movieCreate: createOf(group),
    movieUpdate: updateOf(group, 'sql: no rows in result set'),
    movieDestroy: destroyOf(group),
    addGroupSubGroups: mutation((library, { input }: InputArgument<SubGroupAdd>) => {
      const id = Number(input.containing_group_id);
      addSubGroups(library, id, input.sub_groups, input.insert_index);
      return true;
    }),
    removeGroupSubGroups: mutation((library, { input }: InputArgument<SubGroupRemove>) => {
      for (const sub of input.sub_group_ids) {
        library.run(
          'delete from groups_relations where containing_id = ? and sub_id = ?',
          Number(input.containing_group_id),
          Number(sub),
        );
      }
      return true;
    }),
    reorderSubGroups: mutation((library, { input }: InputArgument<SubGroupOrder>) => {
      const subs = input.sub_group_ids.map(Number);
      const { group_id, insert_at_id, insert_after } = input;
      reorderSubGroups(
        library,
        Number(group_id),
        subs,
        Number(insert_at_id),
        insert_after === true,
      );
      return true;
    }),
    tagCreate: createOf(tag),
    tagUpdate: updateOf(tag),
    tagDestroy: mutation((library, { input }: InputArgument) => {
      const sql = 'select 1 from scene_markers where primary_tag_id = ?';
      if (library.scalar(sql, Number(input.id))) {
        throw new Error('cannot delete tag used as a primary tag in scene markers');
      }
      destroy(library, tag, Number(input.id));
      return true;
    }),
    performerMerge: mutation(
      (library, { input }: InputArgument<{ source: string[]; destination: string }>) =>
        mergePerformers(library, input.source.map(Number), Number(input.destination)),
    ),
    tagsMerge: mutation(
      (library, { input }: InputArgument<{ source: string[]; destination: string }>) =>
        mergeTags(library, input.source.map(Number), Number(input.destination)),
    ),
    moveFiles: mutation(moveFiles),
    fileSetFingerprints: mutation(setFingerprints),
    saveFilter: mutation(saveFilter),
    destroySavedFilter: mutation(destroyFilter),
  },
};

interface SubGroupAdd {
  containing_group_id: string;
  sub_groups: { group_id: string; description?: string | null }[];
  insert_index?: number | null;
}
interface SubGroupRemove {
  containing_group_id: string;
  sub_group_ids: string[];
}
interface SubGroupOrder {
  group_id: string;
  sub_group_ids: string[];
  insert_at_id: string;
  insert_after?: boolean | null;
}
