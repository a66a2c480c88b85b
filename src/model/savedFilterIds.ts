import type { Json } from './fields.ts';
import type { Kind } from './kinds.ts';

/**
 * Which records a condition of a saved filter names, by the condition's key. As in Stash's filter types
 * (`SceneFilterType.performers` and so on, v0.25 to v0.30); `parents` and `children` depend on the filter's mode.
 */
const kindOfCondition: { [key: string]: Kind } = {
  tags: 'tag',
  scene_tags: 'tag',
  performer_tags: 'tag',
  performers: 'performer',
  studios: 'studio',
  child_studios: 'studio',
  movies: 'group',
  groups: 'group',
  containing_groups: 'group',
  sub_groups: 'group',
  galleries: 'gallery',
  scenes: 'scene',
  images: 'image',
};

const kindOfParents: { [mode: string]: Kind } = { TAGS: 'tag', STUDIOS: 'studio', GROUPS: 'group' };

/** Without the mode, an id may be of any kind that has parents: fine for ids that no two kinds share. */
function kindsOf(key: string, mode: string | undefined): Kind[] {
  if (key !== 'parents' && key !== 'children') return [kindOfCondition[key] ?? []].flat();
  return mode === undefined ? Object.values(kindOfParents) : [kindOfParents[mode] ?? []].flat();
}

const wasNumber = '#';

const isId = (value: Json): value is string | number =>
  typeof value === 'string' || typeof value === 'number';

/**
 * The same document with every record's id replaced by what `map` makes of it. An id is the `id` of an item
 * (`{"id":"5","label":"…"}`) or, in older filters, a bare one in the condition's `value`. Scripts write numbers, too;
 * the mark before what was made of one tells that it is to become a number again.
 */
export function mapFilterIds(
  mode: string | undefined,
  document: Json,
  map: (kind: Kind, id: string) => string,
): Json {
  const mapped = (id: string | number, kind: Kind): Json => {
    const isMarked = typeof id === 'string' && id.startsWith(wasNumber);
    const plain = isMarked ? id.slice(wasNumber.length) : String(id);
    const found = map(kind, plain);
    if (found === plain) return id;
    if (isMarked) return /^\d+$/.test(found) ? Number(found) : id;
    return typeof id === 'number' ? wasNumber + found : found;
  };
  const within = (value: Json, kind: Kind): Json => {
    if (Array.isArray(value)) {
      return value.map((item) => (isId(item) ? mapped(item, kind) : within(item, kind)));
    }
    if (value === null || typeof value !== 'object') return value;
    return mapEntries(value, (key, inner) =>
      key === 'id' && isId(inner) ? mapped(inner, kind) : within(inner, kind),
    );
  };
  const conditions = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(conditions);
    if (value === null || typeof value !== 'object') return value;
    return mapEntries(value, (key, inner) => {
      const kinds = kindsOf(key, mode);
      return kinds.length > 0 ? kinds.reduce(within, inner) : conditions(inner);
    });
  };
  return conditions(document);
}

function mapEntries(
  value: { [key: string]: Json },
  change: (key: string, value: Json) => Json,
): { [key: string]: Json } {
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, change(key, inner)]));
}
