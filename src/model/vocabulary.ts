import type { Kind } from './kinds.ts';

/**
 * The library's discreet words for Stash's kinds. Database tables and API addresses speak these, so that
 * someone glancing at a table list, a log or an address bar learns nothing; nothing else knows the mapping.
 */
export const discreet = {
  scene: 'cargo',
  performer: 'crew',
  studio: 'fleet',
  tag: 'tags',
  group: 'groups',
  gallery: 'galleries',
  image: 'images',
  marker: 'markers',
  chapter: 'chapters',
  file: 'files',
  savedFilter: 'saved_filters',
} as const satisfies { [K in Kind]: string };

/** Where plays and Os are kept. */
export const historyTable = 'voyage_log';

/** Plain words, for people: command lines, reports, the `library` views. */
export const plural = {
  scene: 'scenes',
  performer: 'performers',
  studio: 'studios',
  tag: 'tags',
  group: 'groups',
  gallery: 'galleries',
  image: 'images',
  marker: 'markers',
  chapter: 'chapters',
  file: 'files',
  savedFilter: 'saved_filters',
} as const satisfies { [K in Kind]: string };

const kindOfDiscreet = new Map(
  Object.entries(discreet).map(([kind, word]) => [word, kind as Kind]),
);
const plainWords: { [word: string]: string } = {
  cargo: 'scene',
  crew: 'performer',
  fleet: 'studio',
};

/** The plain name of a column of the library: `cargo_id` → `scene_id`. */
export const plainColumn = (column: string): string =>
  column
    .split('_')
    .map((word) => plainWords[word] ?? word)
    .join('_');

/** The plain name of a table of the library: `cargo` → `scenes`, `gallery_crew` → `gallery_performers`. */
export function plainTable(table: string): string {
  if (table === historyTable) return 'watch_history';
  const kind = kindOfDiscreet.get(table as never);
  if (kind) return plural[kind];
  const words = table.split('_');
  if (words.length === 1) return table;
  const last = words.pop() as string;
  return [...words.map((word) => plainWords[word] ?? word), plainTable(last)].join('_');
}
