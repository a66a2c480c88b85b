import type { ClientBase } from 'pg';
import { StowageError } from '../model/errors.ts';
import type { Json } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { mapFilterIds } from '../model/savedFilterIds.ts';
import { recordNamed } from './find.ts';

/** How a saved filter sorts and pages, with every key that there is, as all roads give it. */
export function findFilterOf(document: Json): Json {
  if (document === null) return null;
  const given = Object.entries(document);
  if (Array.isArray(document) || given.some(([key]) => !findFilterKeys.includes(key))) {
    throw new StowageError('usage', 'That is no findFilter.', {
      remedy: `It is an object that may have: ${findFilterKeys.join(', ')}.`,
    });
  }
  const none = findFilterKeys.map((key) => [key, null]);
  return Object.fromEntries([...none, ...given]);
}

const findFilterKeys = ['q', 'page', 'per_page', 'sort', 'direction'];

/** The conditions of a saved filter, in which records are named as people name them, in library ids. */
export async function conditionsOf(
  client: ClientBase,
  mode: string,
  document: Json,
): Promise<Json> {
  const named = new Map<string, { kind: Kind; text: string }>();
  mapFilterIds(mode, document, (kind, text) => {
    named.set(`${kind} ${text}`, { kind, text });
    return text;
  });
  const ids = new Map<string, LibraryId>();
  for (const [key, { kind, text }] of named) ids.set(key, await recordNamed(client, kind, text));
  return mapFilterIds(mode, document, (kind, text) => ids.get(`${kind} ${text}`) ?? text);
}
