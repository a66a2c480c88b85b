import type { Id } from '../../model/fields.ts';
import * as ask from '../types.ts';
import type { Item } from './item.ts';
import type { Operation } from './mutations.ts';
import type { Run } from './run.ts';
import type { Piece } from './sender.ts';

const most = 100;

/**
 * A gallery's images and its cover, which have mutations of their own. What leaves goes before what comes, the cover
 * last: it must be among the images, and goes with the image that was it.
 */
export async function writeGalleries(run: Run, items: readonly Item[]): Promise<void> {
  const concerned = items.filter((item) => item.awaits('images'));
  const pieces: Piece[] = [];
  for (const item of concerned) {
    const before = ids(item.change.before.images);
    const after = ids(item.change.after.images);
    const strokes = [
      { operation: ask.RemoveGalleryImagesDocument, images: without(before, after) },
      { operation: ask.AddGalleryImagesDocument, images: without(after, before) },
    ].filter(({ images }) => images.length > 0);
    if (strokes.length === 0) item.wrote('images', after);
    strokes.forEach(({ operation, images }, i) => {
      const done = i === strokes.length - 1 ? () => item.wrote('images', after) : () => {};
      const variables = { id: String(item.remoteId), images: images.map(String) };
      pieces.push(pieceOf(run, item, operation, variables, done));
    });
  }
  await run.send(pieces, { most });

  const covers = items.filter((item) => item.awaits('cover') && item.kind === 'gallery');
  await run.send(
    covers.map((item) => {
      const cover = item.change.after.cover as Id | null;
      const done = () => item.wrote('cover', cover);
      const id = String(item.remoteId);
      return cover === null
        ? pieceOf(run, item, ask.ResetGalleryCoverDocument, { id }, done)
        : pieceOf(run, item, ask.SetGalleryCoverDocument, { id, image: String(cover) }, done);
    }),
    { most },
  );
}

function pieceOf(
  run: Run,
  item: Item,
  operation: Operation,
  variables: Piece['variables'],
  done: () => void,
): Piece {
  return {
    change: item.change,
    mutation: run.mutation(operation),
    variables,
    asks: [],
    done: () => {
      delete item.record.updatedAt; // these move it
      done();
    },
    failed: (error) => item.fail(error),
  };
}

const ids = (value: unknown): Id[] => (value as Id[] | undefined) ?? [];

function without(list: readonly Id[], other: readonly Id[]): Id[] {
  const others = new Set(other);
  return list.filter((id) => !others.has(id));
}
