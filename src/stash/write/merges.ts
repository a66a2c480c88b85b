import type { Id } from '../../model/fields.ts';
import type { Kind } from '../../model/kinds.ts';
import type { StashServer } from '../server.ts';
import {
  PerformerMergeDocument,
  SceneMergeDocument,
  TagsMergeDocument,
  type TypedDocumentString,
} from '../types.ts';

type Merge = TypedDocumentString<unknown, { input: { source: string[]; destination: string } }>;

/**
 * Kinds whose records a Stash can be told to make one; performers only one newer than v0.30. A scene gets the other's files
 * (none is deleted or moved on disk) and markers; its own fields stay, histories too: what the library made of both is
 * written afterwards.
 */
const merges: { readonly [K in Kind]?: Merge } = {
  scene: SceneMergeDocument,
  performer: PerformerMergeDocument,
  tag: TagsMergeDocument,
};

export function canMerge(server: StashServer, kind: Kind): boolean {
  const operation = merges[kind];
  return operation !== undefined && server.supports(operation);
}

/** Makes a record part of another. Told twice it fails the second time, and changes nothing. */
export async function mergeThere(
  server: StashServer,
  kind: Kind,
  origin: Id,
  destination: Id,
  signal: AbortSignal,
): Promise<void> {
  const operation = merges[kind];
  if (!operation) throw new Error(`${kind} records cannot be merged there`);
  const input = { source: [String(origin)], destination: String(destination) };
  await server.request(operation, { input }, { signal });
}
