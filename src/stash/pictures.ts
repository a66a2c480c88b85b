import { StowageError } from '../model/errors.ts';
import type { Id } from '../model/fields.ts';
import type { Kind } from '../model/kinds.ts';
import { Ids } from './graphql/ids.ts';
import type { IdsQuery } from './graphql/lists.ts';
import { Refusals } from './graphql/refusals.ts';
import type { StashServer } from './server.ts';
import { idsWithoutSelect } from './tables/selects.ts';
import * as ask from './types.ts';

/** What Stash calls a picture's field in an `is_missing` filter; its column has `_blob` after that. */
const missing: { [field: string]: string } = {
  image: 'image',
  cover: 'cover',
  frontImage: 'front_image',
  backImage: 'back_image',
};

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
  const name = missing[field] ?? field;
  const among = {
    variables: { missing: name },
    select: (table: string) => idsWithoutSelect(table, `${name}_blob`),
  };
  // What the server refuses to list is named where it is read.
  const options = { kind, refusals: new Refusals(), signal, among };
  return new Ids(server, queryOf(server, kind), options).all();
}

function queryOf(server: StashServer, kind: Kind): IdsQuery {
  switch (kind) {
    case 'tag':
      return ask.TagsWithoutPictureDocument as unknown as IdsQuery;
    case 'studio':
      return ask.StudiosWithoutPictureDocument as unknown as IdsQuery;
    case 'performer':
      return ask.PerformersWithoutPictureDocument as unknown as IdsQuery;
    case 'scene':
      return ask.ScenesWithoutPictureDocument as unknown as IdsQuery;
    case 'group':
      return (server.supports(ask.GroupsWithoutPictureDocument)
        ? ask.GroupsWithoutPictureDocument
        : ask.MoviesWithoutPictureDocument) as unknown as IdsQuery;
    default:
      throw new StowageError('internal', `A ${kind} has no picture.`);
  }
}
