import type { Id } from '../../model/fields.ts';
import type { Kind } from '../../model/kinds.ts';
import type { StashServer } from '../server.ts';
import { TagsMergeDocument } from '../types.ts';

/** Kinds whose records a Stash can be told to make one. */
export const canMerge = (kind: Kind): boolean => kind === 'tag';

/** Makes a record part of another. Told twice it fails the second time, and changes nothing. */
export async function mergeThere(
  server: StashServer,
  kind: Kind,
  origin: Id,
  destination: Id,
  signal: AbortSignal,
): Promise<void> {
  if (!canMerge(kind)) throw new Error(`${kind} records cannot be merged there`);
  const input = { source: [String(origin)], destination: String(destination) };
  await server.request(TagsMergeDocument, { input }, { signal });
}
