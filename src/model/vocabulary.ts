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
const kindOfPlural = new Map(Object.entries(plural).map(([kind, word]) => [word, kind as Kind]));

/** The kind that a table or address word stands for; undefined for a word that is none. */
export const kindOf = (word: string): Kind | undefined =>
  kindOfDiscreet.get(word as never) ?? kindOfPlural.get(word as never);
