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

/**
 * The same document with every record's id replaced by what `map` makes of it. An id is the `id` of an item
 * (`{"id":"5","label":"…"}`) or, in older filters, a bare text in the condition's `value`.
 */
export function mapFilterIds(
  mode: string,
  document: Json,
  map: (kind: Kind, id: string) => string,
): Json {
  const within = (value: Json, kind: Kind): Json => {
    if (Array.isArray(value)) {
      return value.map((item) => (typeof item === 'string' ? map(kind, item) : within(item, kind)));
    }
    if (value === null || typeof value !== 'object') return value;
    return mapEntries(value, (key, inner) =>
      key === 'id' && typeof inner === 'string' ? map(kind, inner) : within(inner, kind),
    );
  };
  const conditions = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(conditions);
    if (value === null || typeof value !== 'object') return value;
    return mapEntries(value, (key, inner) => {
      const kind =
        key === 'parents' || key === 'children' ? kindOfParents[mode] : kindOfCondition[key];
      return kind ? within(inner, kind) : conditions(inner);
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
