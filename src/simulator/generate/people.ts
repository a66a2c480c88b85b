import type { Making } from '../generate.ts';
import { dayAt, timeAt } from './dice.ts';
import { birds, caseTwins, harbours, hard, manners, scenery, weather } from './words.ts';

const endpoints = ['https://box-a.example/graphql', 'https://box-b.example/graphql'] as const;
const nano = (id: number) =>
  `${timeAt(id).slice(0, 19)}.${String((id * 7919) % 1_000_000_000).padStart(9, '0')}Z`;

/** The same for every kind: the first at one server, some at two. */
export function writeStashIds(
  { rows, dice }: Making,
  table: string,
  owner: string,
  id: number,
): void {
  const count = id % 9 === 8 ? 2 : dice.chance(0.7) ? 1 : 0;
  for (const endpoint of endpoints.slice(0, count)) {
    rows.insert(table, { [owner]: id, endpoint, stash_id: dice.uuid(), updated_at: nano(id) });
  }
}

/** Values of every type that SQLite tells apart; a name that is also a field's, an empty text, a large number. */
export function writeCustomFields(
  { rows }: Making,
  table: string,
  owner: string,
  id: number,
): void {
  if (id % 7 !== 1) return;
  const values = {
    big: 12345678901n,
    date: '2020-01-01Tfoo',
    empty: '',
    image_path: 'a custom field of that name',
    'key é "q"': hard[id % hard.length] ?? '',
    n: id,
    neg: -5,
    real: 1.5,
  };
  for (const [field, value] of Object.entries(values)) {
    rows.insert(table, { [owner]: id, field, value });
  }
}

export function writeTags(making: Making): void {
  const { rows, dice, plan, album } = making;
  for (let id = 1; id <= plan.tags; id += 1) {
    const plain = `${weather[id % weather.length]} ${Math.floor(id / weather.length) || ''}`.trim();
    const twin = caseTwins[id - 18];
    rows.insert('tags', {
      id,
      name: twin ?? (id <= hard.length ? `${hard[id - 1]} tag ${id}` : plain),
      sort_name: id % 5 === 1 ? `zz${id}` : null,
      description: id % 3 === 0 ? `All about ${plain}.` : null,
      ignore_auto_tag: id % 17 === 1,
      favorite: id % 6 === 1,
      image_blob: album.next(),
      created_at: timeAt(id),
      updated_at: timeAt(id * 2),
    });
    if (id % 3 === 1) {
      rows.insert('tag_aliases', { tag_id: id, alias: `alias-${id}-é` });
      rows.insert('tag_aliases', { tag_id: id, alias: `alias-${id}-Ω` });
    }
    // A parent, often two: what hangs below both hangs there twice.
    if (id > 3) {
      for (const parent_id of new Set([Math.floor(id / 3), ...(id % 4 === 0 ? [id - 1] : [])])) {
        rows.insert('tags_relations', { parent_id, child_id: id });
      }
    }
    if (dice.chance(0.2)) writeStashIds(making, 'tag_stash_ids', 'tag_id', id);
    writeCustomFields(making, 'tag_custom_fields', 'tag_id', id);
  }
}

export function writeStudios(making: Making): void {
  const { rows, dice, plan, album } = making;
  for (let id = 1; id <= plan.studios; id += 1) {
    const plain = `${harbours[id % harbours.length]} ${scenery[id % scenery.length]} ${id}`;
    rows.insert('studios', {
      id,
      name: id <= hard.length ? `${hard[id - 1]} studio ${id}` : plain,
      url: id % 4 === 0 ? null : `https://studio.example/${id}?a=1&b=ü`,
      parent_id: id > 3 && id % 3 !== 0 ? Math.floor(id / 3) : null,
      details: id % 2 ? `Seen from ${plain}.` : null,
      rating: id % 5 ? dice.below(101) : null,
      ignore_auto_tag: id % 6 === 1,
      organized: id % 2 === 0,
      favorite: id % 3 === 1,
      image_blob: album.next(),
      created_at: timeAt(id + 50),
      updated_at: timeAt(id * 3 + 50),
    });
    if (id % 4 !== 0) {
      ['', '?a=1&b=ü', '/second'].forEach((rest, position) => {
        const url = `https://studio.example/${id}${rest}`;
        rows.insert('studio_urls', { studio_id: id, position, url });
      });
    }
    if (id % 2) rows.insert('studio_aliases', { studio_id: id, alias: `St ${id} «a»` });
    for (const tag_id of dice.some(2, plan.tags)) {
      rows.insert('studios_tags', { studio_id: id, tag_id });
    }
    writeStashIds(making, 'studio_stash_ids', 'studio_id', id);
    writeCustomFields(making, 'studio_custom_fields', 'studio_id', id);
  }
}

const genders = ['FEMALE', 'MALE', 'NON_BINARY', 'TRANSGENDER_FEMALE', null] as const;

export function writePerformers(making: Making): void {
  const { rows, dice, plan, album } = making;
  for (let id = 1; id <= plan.performers; id += 1) {
    const plain = `${manners[id % manners.length]} ${birds[id % birds.length]} ${id}`;
    const name = id <= 2 ? 'Same Name' : id - 2 <= hard.length ? `${hard[id - 3]} ${id}` : plain;
    const born = 3000 + dice.below(4000);
    const [year, month] = [id % 8 === 5, id % 8 === 6];
    rows.insert('performers', {
      id,
      name,
      disambiguation: id === 2 ? 'the other one' : null,
      gender: genders[id % genders.length],
      url: id % 3 ? `https://performer.example/${id}` : null,
      twitter: id % 4 ? `@bird${id}` : null,
      instagram: id % 5 ? `bird_${id}` : null,
      birthdate: id % 7 === 0 ? null : dayIn(making, born, year, month),
      birthdate_precision: precision(id % 7 === 0, year, month),
      death_date: id % 9 === 4 ? dayIn(making, born + 6000, false, month) : null,
      death_date_precision: precision(id % 9 !== 4, false, month),
      ethnicity: id % 4 ? null : 'coastal',
      country: id % 3 ? 'PT' : null,
      eye_color: 'green',
      hair_color: id % 2 ? 'brown' : null,
      height: id % 3 ? 150 + (id % 50) : null,
      weight: id % 4 ? 50 + (id % 40) : null,
      measurements: id % 2 ? '34-24-36' : null,
      fake_tits: null,
      penis_length: id % 3 === 1 ? 12.5 : null,
      circumcised: id % 3 === 1 ? 'CUT' : null,
      career_length: id % 2 ? '2001 - 2010' : null,
      career_start: id % 2 ? '2001-01-01' : null,
      career_start_precision: id % 2 ? 2 : null,
      career_end: id % 4 === 1 ? '2010-06-01' : null,
      career_end_precision: id % 4 === 1 ? 1 : null,
      tattoos: id % 6 ? null : hard[id % hard.length],
      piercings: null,
      favorite: id % 10 === 1,
      ignore_auto_tag: id % 12 === 1,
      rating: id % 3 ? dice.below(101) : null,
      details: id % 2 ? `${plain}, often seen in ${dice.pick(weather)}.` : null,
      image_blob: album.next(),
      created_at: timeAt(id + 100),
      updated_at: timeAt(id * 2 + 100),
    });
    if (id % 3) {
      [`https://performer.example/${id}`, `https://x.example/@bird${id}`].forEach(
        (url, position) => {
          rows.insert('performer_urls', { performer_id: id, position, url });
        },
      );
    }
    for (const alias of id % 3 === 1 ? ['Al “ias”', 'a,b', `x/y ${id}`, 'アリアス'] : []) {
      rows.insert('performer_aliases', { performer_id: id, alias });
    }
    for (const tag_id of dice.some(3, plan.tags)) {
      rows.insert('performers_tags', { performer_id: id, tag_id });
    }
    writeStashIds(making, 'performer_stash_ids', 'performer_id', id);
    writeCustomFields(making, 'performer_custom_fields', 'performer_id', id);
  }
}

/** A day; where only the year or month is known, and the version can say so, its first. */
export function dayIn({ rows }: Making, days: number, year: boolean, month: boolean): string {
  const day = dayAt(days);
  if (!rows.has('scenes', 'date_precision')) return day;
  return year ? `${day.slice(0, 4)}-01-01` : month ? `${day.slice(0, 7)}-01` : day;
}

export const precision = (none: boolean, year: boolean, month: boolean): number | null =>
  none ? null : year ? 2 : month ? 1 : 0;

export function writeGroups(making: Making): void {
  const { rows, dice, plan, album } = making;
  const [table, key] = rows.has('groups') ? ['groups', 'group_id'] : ['movies', 'movie_id'];
  for (let id = 1; id <= plan.groups; id += 1) {
    const plain = `${dice.pick(manners)} ${scenery[id % scenery.length]} ${id}`;
    const [year, month] = [id % 6 === 3, id % 6 === 2];
    const synopsis = id % 3 ? `${plain}: ${hard[id % hard.length]}` : null;
    rows.insert(table, {
      id,
      name: id <= hard.length ? `Group ${hard[id - 1]} ${id}` : plain,
      aliases: id % 2 ? 'one, two' : null,
      duration: id % 4 ? 3600 + id : null,
      date: id % 5 ? dayIn(making, 7000 + id, year, month) : null,
      date_precision: precision(id % 5 === 0, year, month),
      rating: id % 3 ? dice.below(101) : null,
      studio_id: id % 2 ? 1 + dice.below(plan.studios) : null,
      director: id % 3 ? hard[(id + 3) % hard.length] : null,
      description: synopsis,
      synopsis,
      url: `https://group.example/${id}`,
      front_image_blob: album.next(),
      back_image_blob: album.next(),
      created_at: timeAt(id + 200),
      updated_at: timeAt(id * 2 + 200),
    });
    rows.insert('group_urls', { [key]: id, position: 0, url: `https://group.example/${id}` });
    for (const tag_id of dice.some(2, plan.tags)) {
      rows.insert('groups_tags', { [key]: id, tag_id });
    }
    // Sub-groups in an order that is not that of their ids.
    if (id % 10 === 1) {
      [id + 3, id + 1].forEach((sub_id, i) => {
        if (sub_id > plan.groups) return;
        const description = i ? hard[id % hard.length] : null;
        rows.insert('groups_relations', {
          containing_id: id,
          sub_id,
          order_index: i + 1,
          description,
        });
      });
    }
    writeCustomFields(making, 'group_custom_fields', 'group_id', id);
  }
}
