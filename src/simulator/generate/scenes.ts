import type { Making } from '../generate.ts';
import { timeAt, utcAt } from './dice.ts';
import { dayIn, precision, writeCustomFields, writeStashIds } from './people.ts';
import { hard, long, manners, scenery, weather } from './words.ts';

/** Which of the hard cases a scene is: each comes round every fifty scenes. */
const is = (id: number, hardCase: number) => id % 50 === hardCase;

export function writeScenes(making: Making): void {
  const { rows, dice, plan, album } = making;
  let marker = 0;
  for (let id = 1; id <= plan.scenes; id += 1) {
    const bare = is(id, 10);
    const [year, month] = [is(id, 4) || is(id, 24), is(id, 5) || is(id, 35)];
    const dated = !bare && id % 6 !== 0;
    const plays = is(id, 7) ? 4 : bare || dice.chance(0.7) ? 0 : 1 + dice.below(3);
    rows.insert('scenes', {
      id,
      title: titleOf(making, id),
      code: bare || id % 3 ? null : `C-${id}`,
      details: detailsOf(making, id),
      director: is(id, 13) ? hard[id % hard.length] : null,
      date: dated ? dayIn(making, 8000 + (id % 4000), year, month) : null,
      date_precision: precision(!dated, year, month),
      rating: bare || id % 3 === 0 ? null : is(id, 14) ? 150 : dice.below(101),
      studio_id: bare || id % 7 === 0 ? null : 1 + dice.below(plan.studios),
      organized: id % 2 === 0,
      created_at: timeAt(300 + id * 2),
      updated_at: timeAt(1000 + id * 5),
      resume_time: plays ? Math.round(dice.next() * 100_000) / 1000 : 0,
      play_duration: plays * 61.5,
      cover_blob: bare ? null : album.next(),
    });
    writeUrls(making, id);
    if (!bare) writeStashIds(making, 'scene_stash_ids', 'scene_id', id);
    writeCustomFields(making, 'scene_custom_fields', 'scene_id', id);
    writeHistory(making, id, plays);
    writeSceneFiles(making, id);
    if (!bare) writeRelations(making, id);
    for (let n = dice.chance(0.3) || id < 4 ? 1 + dice.below(3) : 0; n > 0; n -= 1) {
      marker += 1;
      writeMarker(making, id, marker);
    }
  }
}

function titleOf({ dice, plan }: Making, id: number): string | null {
  if (plan.hostile && is(id, 17)) return `nul\u0000 in a title ${id}`;
  if (is(id, 10)) return null;
  if (is(id, 11)) return '';
  if (id % 50 > 30 && id % 50 <= 30 + hard.length) return `${hard[(id % 50) - 31]} ${id}`;
  return `${dice.pick(manners)} ${dice.pick(weather)} over the ${dice.pick(scenery)} ${id}`;
}

function detailsOf({ dice, plan }: Making, id: number): string | null {
  if (plan.hostile && is(id, 18)) return `nul\u0000 in the details`;
  if (id === 6) return long;
  if (is(id, 10) || id % 4 === 0) return null;
  if (id % 10 === 5) return `${dice.pick(hard)}\n${dice.pick(hard)}`;
  return `A ${dice.pick(manners).toLowerCase()} ${dice.pick(scenery)} in ${dice.pick(weather)}, from dawn to noon.`;
}

function writeUrls({ rows }: Making, id: number): void {
  const url = `https://scene.example/${id}`;
  const urls = is(id, 1)
    ? [url, `${url}#frag`, url]
    : is(id, 10)
      ? []
      : id % 3
        ? [url]
        : [url, `${url}?ü=1`];
  urls.forEach((one, position) => {
    rows.insert('scene_urls', { scene_id: id, position, url: one });
  });
}

/** The same instant twice counts twice. */
function writeHistory({ rows, dice }: Making, id: number, plays: number): void {
  const first = 500_000 + dice.below(2_000_000);
  for (let n = 0; n < plays; n += 1) {
    const at = first + (n % 3) * 1440;
    rows.insert('scenes_view_dates', { scene_id: id, view_date: utcAt(at) });
    if (n % 2 === 0) rows.insert('scenes_o_dates', { scene_id: id, o_date: utcAt(at + 1) });
  }
  if (is(id, 7)) rows.insert('scenes_o_dates', { scene_id: id, o_date: utcAt(first + 1) });
}

function writeSceneFiles({ rows, dice, disk, plan }: Making, id: number): void {
  if (is(id, 2)) return;
  const place = is(id, 9) ? "Ünïcode 日本 'quoted'" : `films ${Math.floor(id / 500)}`;
  const folder = disk.inside(disk.folder('films'), place);
  const basename =
    plan.hostile && is(id, 19)
      ? Buffer.from(`caf\xe9 ${id}.mp4`, 'latin1')
      : // No name on Windows has a backslash.
        `scene ${id}${is(id, 12) ? ` naïve 'quote'${plan.windows ? '' : ' \\N'}` : ''}.mp4`;
  const file = disk.video({ folder, basename, size: 1_000_000 + dice.below(4_000_000_000) }, dice, {
    interactive: is(id, 9),
  });
  rows.insert('scenes_files', { scene_id: id, file_id: file, primary: true });
  if (is(id, 3)) {
    const copy = disk.video(
      { folder: disk.folder('copies'), basename: `scene ${id}-copy.mp4`, size: 1 },
      dice,
    );
    rows.insert('scenes_files', { scene_id: id, file_id: copy, primary: false });
  }
  if (is(id, 3) || is(id, 21)) {
    for (const [language_code, caption_type] of [
      ['en', 'srt'],
      ['de', 'vtt'],
    ] as const) {
      const filename = `scene ${id}.${language_code}.${caption_type}`;
      rows.insert('video_captions', { file_id: file, language_code, filename, caption_type });
    }
  }
}

function writeRelations({ rows, dice, plan }: Making, scene_id: number): void {
  for (const tag_id of dice.some(5 + dice.below(7), plan.tags)) {
    rows.insert('scenes_tags', { scene_id, tag_id });
  }
  for (const performer_id of dice.some(dice.below(4), plan.performers)) {
    rows.insert('performers_scenes', { performer_id, scene_id });
  }
  if (dice.chance(0.2)) {
    const [table, key] = rows.has('groups_scenes')
      ? ['groups_scenes', 'group_id']
      : ['movies_scenes', 'movie_id'];
    for (const group of dice.some(1 + (scene_id % 2), plan.groups)) {
      const scene_index = scene_id % 3 ? dice.below(12) : null;
      rows.insert(table, { [key]: group, scene_id, scene_index });
    }
  }
  if (dice.chance(0.05)) {
    for (const gallery_id of dice.some(1, plan.galleries)) {
      rows.insert('scenes_galleries', { scene_id, gallery_id });
    }
  }
}

function writeMarker({ rows, dice, plan }: Making, scene_id: number, id: number): void {
  const seconds = id % 4 ? Math.round(dice.next() * 1e9) / 1e6 : 0;
  const at = timeAt(2000 + id * 3);
  rows.insert('scene_markers', {
    id,
    title: id % 3 ? `${dice.pick(weather)} ${id}` : id % 2 ? hard[id % hard.length] : '',
    seconds,
    end_seconds: id % 5 === 0 ? seconds + 2 : null,
    primary_tag_id: 1 + dice.below(plan.tags),
    scene_id,
    created_at: at,
    updated_at: at,
  });
  for (const tag_id of id % 3 === 0 ? dice.some(2, plan.tags) : []) {
    rows.insert('scene_markers_tags', { scene_marker_id: id, tag_id });
  }
}

/** Filters with ids inside, of records that are there. */
export function writeFilters({ rows }: Making): void {
  const items = (id: string) => ({ items: [{ id, label: 'x' }], excluded: [] });
  const scenes = {
    performers: { modifier: 'INCLUDES_ALL', value: items('3') },
    rating100: { modifier: 'GREATER_THAN', value: 80 },
    studios: { modifier: 'INCLUDES', value: { ...items('1'), depth: 0 } },
    tags: {
      modifier: 'INCLUDES',
      value: { ...items('4'), excluded: [{ id: '5', label: 'y' }], depth: -1 },
    },
  };
  const filters = [
    { mode: 'SCENES', name: 'Favourites é', object: scenes, ui: { display_mode: 1 } },
    {
      mode: 'TAGS',
      name: hard[0],
      object: { parents: { modifier: 'EXCLUDES', value: items('2') } },
      ui: null,
    },
    { mode: 'IMAGES', name: 'empty', object: null, ui: null },
  ];
  filters.forEach(({ mode, name, object, ui }, i) => {
    rows.insert('saved_filters', {
      id: i + 1,
      mode,
      name,
      find_filter: json(
        i === 2 ? null : { q: 'x', page: null, per_page: null, sort: 'date', direction: 'DESC' },
      ),
      object_filter: json(object),
      ui_options: json(ui),
    });
  });
}

/** As a server stores it: what is left out is a JSON null, not NULL. */
const json = (value: unknown) => JSON.stringify(value);
