import { StowageError } from '../model/errors.ts';
import type { Id } from '../model/fields.ts';
import type { Kind } from '../model/kinds.ts';
import type { StashServer } from './server.ts';
import * as ask from './types.ts';

/** What Stash calls a picture's field in an `is_missing` filter. */
const missing: { [field: string]: string } = {
  image: 'image',
  cover: 'cover',
  frontImage: 'front_image',
  backImage: 'back_image',
};

/** A list of all ids may take long before its first byte. */
const listTimeout = 600_000;

/**
 * The records of a kind that have no picture of their own in a field. These filters are the only way to tell through
 * GraphQL for scenes, whose address always shows something; and they tell it for all kinds in v0.25 to v0.30.
 */
export async function withoutPicture(
  server: StashServer,
  kind: Kind,
  field: string,
  signal: AbortSignal,
): Promise<Id[]> {
  const variables = { missing: missing[field] ?? field };
  const list = async <R>(operation: ask.TypedDocumentString<R, typeof variables>): Promise<R> =>
    server.request(operation, variables, { signal, timeout: listTimeout });
  const ids = (records: { id: string }[]) => records.map(({ id }) => Number(id));
  switch (kind) {
    case 'tag':
      return ids((await list(ask.TagsWithoutPictureDocument)).findTags.tags);
    case 'studio':
      return ids((await list(ask.StudiosWithoutPictureDocument)).findStudios.studios);
    case 'performer':
      return ids((await list(ask.PerformersWithoutPictureDocument)).findPerformers.performers);
    case 'scene':
      return ids((await list(ask.ScenesWithoutPictureDocument)).findScenes.scenes);
    case 'group':
      return server.supports(ask.GroupsWithoutPictureDocument)
        ? ids((await list(ask.GroupsWithoutPictureDocument)).findGroups.groups)
        : ids((await list(ask.MoviesWithoutPictureDocument)).findMovies.movies);
    default:
      throw new StowageError('internal', `A ${kind} has no picture.`);
  }
}
