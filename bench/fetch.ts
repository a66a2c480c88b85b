/**
 * `fetch.ts URL`: fetches every page that a migration through GraphQL asks for, and throws it away. Prints the seconds
 * of each kind, and of all, as JSON.
 */
import { StashClient } from '../src/stash/client.ts';
import { type ById, Listing } from '../src/stash/graphql/listing.ts';
import { Paging } from '../src/stash/graphql/paging.ts';
import { Refusals } from '../src/stash/graphql/refusals.ts';
import { connect } from '../src/stash/server.ts';
import * as ask from '../src/stash/types.ts';

const client = new StashClient({ address: process.argv[2] ?? '' });
const server = await connect(client);
const kinds = {
  tag: { ids: ask.TagIdsDocument, batch: ask.TagsDocument },
  studio: { ids: ask.StudioIdsDocument, batch: ask.StudiosDocument },
  performer: { ids: ask.PerformerIdsDocument, batch: ask.PerformersDocument },
  group: { ids: ask.GroupIdsDocument, batch: ask.GroupsDocument },
  image: { ids: ask.ImageIdsDocument, batch: ask.ImagesDocument },
  gallery: { ids: ask.GalleryIdsDocument, batch: ask.GalleriesDocument },
  scene: { ids: ask.SceneIdsDocument, batch: ask.ScenesDocument },
  marker: { ids: ask.MarkerIdsDocument, batch: ask.MarkersDocument },
} as const;
const files = { ids: ask.FileIdsDocument, page: ask.FilesDocument };
const seconds: { [kind: string]: number } = {};
const started = performance.now();
for (const kind of [...Object.keys(kinds), 'file'] as (keyof typeof kinds | 'file')[]) {
  const before = performance.now();
  const options = { kind, files: false, refusals: new Refusals() };
  const listing =
    kind === 'file'
      ? new Paging(server, files, options)
      : new Listing(server, kinds[kind] as unknown as ById<never>, options);
  for await (const _ of listing.batches());
  seconds[kind] = (performance.now() - before) / 1000;
}
console.log(JSON.stringify({ ...seconds, seconds: (performance.now() - started) / 1000 }));
await client.close();
