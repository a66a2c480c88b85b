import { listed } from '../graphql/lists.ts';
import * as ask from '../types.ts';
import type { Item } from './item.ts';
import { fold } from './names.ts';
import type { Run } from './run.ts';

/** What a server says where a name cannot be had. */
const isTaken = /already exists|is used as (an )?alias|UNIQUE constraint failed: .*\.name/i;

interface Named {
  id: string;
  name: string;
  aliases?: string[];
  disambiguation?: string | null;
  mode?: string;
}

interface Wanted {
  name?: string;
  aliases?: string[];
  disambiguation?: string;
  mode?: string;
}

/** Finds out who has the names that were refused to these. Asked for once: a few hundred bytes a record. */
export async function tellWhoHasTheName(run: Run, items: readonly Item[]): Promise<void> {
  const refused = items.filter(({ error }) => error && isTaken.test(error.message));
  if (refused.length === 0) return;
  const named = await namesOf(run);
  for (const item of refused) {
    const { name, aliases, disambiguation, mode } = item.change.after as Wanted;
    const wanted = new Set([name ?? [], aliases ?? []].flat().map(fold));
    const others = named.filter(({ id }) => Number(id) !== item.remoteId);
    const holder =
      others.find(
        (one) =>
          wanted.has(fold(one.name)) &&
          (disambiguation === undefined ||
            fold(one.disambiguation ?? '') === fold(disambiguation)) &&
          (mode === undefined || one.mode === mode),
      ) ?? others.find((one) => one.aliases?.some((alias) => wanted.has(fold(alias))));
    if (holder) item.takenBy = Number(holder.id);
  }
}

async function namesOf(run: Run): Promise<Named[]> {
  const filter = { per_page: -1 };
  const { server, signal } = run;
  switch (run.kind) {
    case 'tag':
      return listed(await server.request(ask.TagNamesDocument, { filter }, { signal }));
    case 'studio':
      return listed(await server.request(ask.StudioNamesDocument, { filter }, { signal }));
    case 'performer':
      return listed(await server.request(ask.PerformerNamesDocument, { filter }, { signal }));
    case 'group':
      return server.supports(ask.GroupNamesDocument)
        ? listed(await server.request(ask.GroupNamesDocument, { filter }, { signal }))
        : listed(await server.request(ask.MovieNamesDocument, { filter }, { signal }));
    case 'savedFilter':
      return (await server.request(ask.SavedFiltersDocument, {}, { signal })).findSavedFilters;
    default:
      return [];
  }
}
