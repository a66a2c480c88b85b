import { type Node, parent, present, related, rowsOf } from '../batch.ts';
import type { Context, Resolvers } from '../context.ts';
import { listable } from '../refuse.ts';
import { date, flag, rfc3339, text, utc, value } from '../values.ts';
import { primaryVideo, videoFiles } from './files.ts';
import {
  customFields,
  joined,
  pictureUrl,
  stashIds,
  tags,
  timestamps,
  urls,
  within,
} from './shared.ts';

const history = (table: string, column: string) =>
  rowsOf(
    () =>
      `select scene_id, ${column} from ${table} where scene_id ${within}
       order by scene_id, ${column} desc`,
    ([instant]: [string]) => utc(instant),
  );

const plays = history('scenes_view_dates', 'view_date');
const os = history('scenes_o_dates', 'o_date');

const inGroups = (name: 'group' | 'movie') => {
  const groups = related(
    'Group',
    ({ groups: { scenes, key } }) =>
      `select scene_id, ${key} from ${scenes} where scene_id ${within} order by scene_id, rowid`,
  );
  const indexes = rowsOf(
    ({ groups: { scenes } }) =>
      `select scene_id, scene_index from ${scenes} where scene_id ${within}
       order by scene_id, rowid`,
    ([index]: [number | null]) => index,
  );
  return (scene: Node) => {
    const index = indexes(scene);
    return present(groups(scene)).map((group, i) => ({ [name]: group, scene_index: index[i] }));
  };
};

const sceneOf = parent('Scene', 'scene_id', true);

const captions = rowsOf(
  () =>
    `select s.scene_id, c.language_code, c.caption_type
     from scenes_files s join video_captions c on c.file_id = s.file_id
     where s."primary" = 1 and s.scene_id ${within} order by 1, 2, 3`,
  ([language_code, caption_type]: [string, string]) => ({ language_code, caption_type }),
);

export const scene: Resolvers = {
  Scene: {
    title: text('title'),
    code: text('code'),
    details: text('details'),
    director: text('director'),
    urls: urls('scene_urls', 'scene_id'),
    date: date('date'),
    rating100: value('rating'),
    organized: flag('organized'),
    o_counter: (node: Node) => node.row.o_counter ?? os(node).length,
    interactive: (node: Node) => primaryVideo(node)?.interactive === 1,
    interactive_speed: (node: Node) => primaryVideo(node)?.interactive_speed ?? null,
    captions: (node: Node) => {
      const found = captions(node);
      return found.length > 0 ? found : null;
    },
    ...timestamps,
    last_played_at: (node: Node) =>
      'last_played_at' in node.row ? rfc3339(node.row.last_played_at) : (plays(node)[0] ?? null),
    resume_time: value('resume_time'),
    play_duration: value('play_duration'),
    play_count: (node: Node) => node.row.play_count ?? plays(node).length,
    play_history: plays,
    o_history: os,
    files: videoFiles,
    paths: (node: Node, _: never, context: Context) => ({
      screenshot: pictureUrl(context, node, `scene/${node.id}/screenshot`, null),
      stream: streamUrl(node, context, 'stream'),
    }),
    sceneStreams: streams,
    scene_markers: related(
      'SceneMarker',
      () =>
        `select scene_id, id from scene_markers where scene_id ${within}
         order by scene_id, seconds, id`,
    ),
    galleries: joined('Gallery', 'scenes_galleries', 'scene_id', 'gallery_id'),
    studio: parent('Studio', 'studio_id'),
    groups: inGroups('group'),
    movies: inGroups('movie'),
    tags: tags('scenes_tags', 'scene_id'),
    performers: joined('Performer', 'performers_scenes', 'scene_id', 'performer_id'),
    stash_ids: stashIds('scene_stash_ids', 'scene_id'),
    custom_fields: customFields('scene_custom_fields', 'scene_id'),
  },
  SceneMarker: {
    title: text('title'),
    seconds: value('seconds'),
    end_seconds: value('end_seconds'),
    primary_tag: parent('Tag', 'primary_tag_id', true),
    tags: tags('scene_markers_tags', 'scene_marker_id'),
    scene: (node: Node) => {
      const found = sceneOf(node);
      return found && (listable([found])[0] ?? null);
    },
    ...timestamps,
  },
};

/** With authentication on, a real server puts its key into these addresses. */
function streamUrl({ id }: Node, { baseUrl, apiKey }: Context, name: string, resolution?: string) {
  const query = new URLSearchParams();
  if (apiKey) query.set('apikey', apiKey);
  if (resolution) query.set('resolution', resolution);
  return `${baseUrl}/scene/${id}/${name}${query.size > 0 ? `?${query}` : ''}`;
}

const transcodes = [
  ['stream.mp4', 'video/mp4', 'MP4'],
  ['stream.webm', 'video/webm', 'WEBM'],
  ['stream.m3u8', 'application/vnd.apple.mpegurl', 'HLS'],
  ['stream.mpd', 'application/dash+xml', 'DASH'],
] as const;

export function streams(scene: Node, _: never, context: Context) {
  if (videoFiles(scene).length === 0) return [];
  return [
    { url: streamUrl(scene, context, 'stream'), mime_type: 'video/mp4', label: 'Direct stream' },
    ...transcodes.flatMap(([name, mime_type, label]) => [
      { url: streamUrl(scene, context, name, 'ORIGINAL'), mime_type, label },
      { url: streamUrl(scene, context, name, 'LOW'), mime_type, label: `${label} Low (240p)` },
    ]),
  ];
}
