import { StowageError } from '../model/errors.ts';
import type { Field } from '../model/fields.ts';
import { fieldsOf, type Kind, kindNames } from '../model/kinds.ts';
import { plural } from '../model/vocabulary.ts';

/** How people write kinds and fields: as we call them, or as Stash does; large or small, with `_` or `-` or without. */
const plain = (word: string): string => word.toLowerCase().replaceAll(/[_-]/g, '');

const kindOfWord = new Map<string, Kind>([
  ...kindNames.flatMap((kind): [string, Kind][] => [
    [plain(kind), kind],
    [plain(plural[kind]), kind],
  ]),
  ['movie', 'group'],
  ['movies', 'group'],
]);

/** @throws StowageError `usage` that names those there are. */
export function kindNamed(word: string): Kind {
  const kind = kindOfWord.get(plain(word));
  if (kind) return kind;
  throw new StowageError('usage', `There is no kind of record called ${word}.`, {
    remedy: `There are: ${kindNames.join(', ')}.`,
  });
}

/** What Stash's API calls fields, where that is more than another spelling of ours. A kind has one of these. */
const inStash: { [word: string]: readonly string[] } = {
  rating100: ['rating'],
  tagids: ['tags'],
  performerids: ['performers'],
  galleryids: ['galleries'],
  imageids: ['images'],
  studioid: ['studio'],
  parentid: ['parent'],
  parentstudio: ['parent'],
  parentids: ['parents'],
  sceneid: ['scene'],
  galleryid: ['gallery'],
  primarytagid: ['primaryTag'],
  movies: ['groups'],
  url: ['urls'],
  aliaslist: ['aliases'],
  heightcm: ['height'],
  coverimage: ['cover'],
  playhistory: ['plays'],
  ohistory: ['os'],
  ocounter: ['os'],
  filter: ['objectFilter'],
};

/** A field by whichever of its names, and its own one. @throws StowageError `usage` that names those there are. */
export function fieldNamed(kind: Kind, word: string): readonly [string, Field] {
  const asked = plain(word);
  const named = (name: string) => fieldsOf[kind].find(([own]) => plain(own) === plain(name));
  const field = [asked, ...(inStash[asked] ?? [])].map(named).find(Boolean);
  if (field) return field;
  const names = fieldsOf[kind].flatMap(([name, { merge }]) => (merge === 'fact' ? [] : [name]));
  throw new StowageError('usage', `A ${kind} has no field ${word}.`, {
    remedy:
      names.length > 0 ? `It has: ${names.join(', ')}.` : 'What its source says of it is all.',
  });
}

/** As `fieldNamed`, of those that a person may change. */
export function editableField(kind: Kind, word: string): readonly [string, Field] {
  const [name, field] = fieldNamed(kind, word);
  if (field.merge !== 'fact') return [name, field];
  throw new StowageError('usage', `The ${name} of a ${kind} cannot be edited.`, {
    remedy: 'It is a fact, and each source has its own to tell.',
  });
}
