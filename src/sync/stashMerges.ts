import { linksOf } from '../library/links.ts';
import { toLibrary } from '../library/translate.ts';
import type { Id } from '../model/fields.ts';
import type { LibraryId, Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { namedBy } from './names.ts';
import { batchesOf, type Planning } from './planning.ts';

/** A record that became part of another at the source. */
export interface StashMerge {
  /** Its number there, which is gone. */
  remoteId: Id;
  libraryId: LibraryId;
  /** What both sides agreed to of it, in library ids. */
  base: Values;
  into: { remoteId: Id; libraryId: LibraryId };
}

/**
 * Merges that were made at the source (design.md §5.4). They look like a deletion and a change: a tag, performer or
 * studio is gone whose name became an alias of another; a scene is gone whose file another has now.
 */
export async function stashMerges(
  planning: Planning,
  kind: Kind,
  gone: readonly Id[],
  there: readonly Id[],
): Promise<StashMerge[]> {
  const signs = signsOf[kind];
  if (!signs || gone.length === 0 || there.length === 0) return [];
  const { client, source, reading, plan, signal } = planning;
  const lost = new Map<string, Omit<StashMerge, 'into'>>();
  for (const some of batchesOf(gone)) {
    const links = [...(await linksOf(client, source, kind, some)).values()];
    const bases = links.map(({ base }) => ({ kind, values: base }));
    const { before } = await namedBy(client, source, plan, bases);
    for (const link of links) {
      if (link.absentSince !== null) continue; // it was gone before: whoever has its name now is another
      const { remoteId, libraryId, base, facts } = link;
      const origin = { remoteId, libraryId, base: toLibrary(kind, base, before) };
      for (const sign of signs.left({ ...base, ...facts })) lost.set(sign, origin);
    }
  }
  const merges = new Map<Id, StashMerge>();
  for (const some of batchesOf(there)) {
    const links = await linksOf(client, source, kind, some);
    const fresh = plan.fresh(kind, some);
    for await (const batch of reading.some(kind, some, signal)) {
      for (const record of batch) {
        const link = links.get(record.id);
        const libraryId = link?.libraryId ?? fresh.get(record.id)?.libraryId;
        const before = new Set(link ? signs.gained({ ...link.base, ...link.facts }) : []);
        for (const sign of signs.gained(record as never)) {
          const origin = lost.get(sign);
          if (!origin || !libraryId || before.has(sign) || origin.libraryId === libraryId) continue;
          merges.set(origin.remoteId, { ...origin, into: { remoteId: record.id, libraryId } });
        }
      }
    }
  }
  return [...merges.values()];
}

interface Signs {
  /** What a record that went leaves behind, by which it may be found in another. */
  left(record: { [field: string]: unknown }): string[];
  /** What a record has of others. */
  gained(record: { [field: string]: unknown }): string[];
}

const folded = (name: unknown): string =>
  String(name ?? '').replace(/[A-Z]/g, (letter) => letter.toLowerCase());

const byAlias: Signs = {
  left: ({ name }) => (name ? [folded(name)] : []),
  gained: ({ aliases }) => ((aliases as string[] | undefined) ?? []).map(folded),
};

const signsOf: { [K in Kind]?: Signs } = {
  tag: byAlias,
  performer: byAlias,
  studio: byAlias,
  scene: {
    left: ({ files }) => ((files as Id[] | undefined) ?? []).map(String),
    gained: ({ files }) => ((files as Id[] | undefined) ?? []).map(String),
  },
};
