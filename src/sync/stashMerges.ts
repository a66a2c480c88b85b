import { type Link, linksOf } from '../library/links.ts';
import { isLibraryId, toLibrary } from '../library/translate.ts';
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
    const told = links.map((link) => ({ kind, values: toldBy(link) }));
    const { before } = await namedBy(client, source, plan, [], told);
    for (const link of links) {
      if (link.absentSince !== null) continue; // it was gone before: whoever has its name now is another
      const { remoteId, libraryId, base } = link;
      const origin = { remoteId, libraryId, base: toLibrary(kind, base, before) };
      for (const sign of signs.left(toLibrary(kind, toldBy(link), before))) lost.set(sign, origin);
    }
  }
  const merges = new Map<Id, StashMerge>();
  for (const some of batchesOf(there)) {
    const links = await linksOf(client, source, kind, some);
    const fresh = plan.fresh(kind, some);
    for await (const batch of reading.some(kind, some, signal)) {
      const named = await namedBy(
        client,
        source,
        plan,
        batch.map((record) => ({ kind, values: record as unknown as Values })),
        [...links.values()].map((link) => ({ kind, values: toldBy(link) })),
      );
      for (const record of batch) {
        // A number that is given to another record is that one's.
        const again = fresh.get(record.id);
        const link = again ? undefined : links.get(record.id);
        const libraryId = (again ?? link)?.libraryId;
        const before = new Set(
          link ? signs.gained(toLibrary(kind, toldBy(link), named.before)) : [],
        );
        const now = toLibrary(kind, record as unknown as Values, named.toLibrary);
        for (const sign of signs.gained(now)) {
          const origin = lost.get(sign);
          if (!origin || !libraryId || before.has(sign) || origin.libraryId === libraryId) continue;
          merges.set(origin.remoteId, { ...origin, into: { remoteId: record.id, libraryId } });
        }
      }
    }
  }
  return [...merges.values()];
}

const toldBy = ({ base, facts }: Link): Values => ({ ...base, ...facts });

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

const filesOf = ({ files }: Values): LibraryId[] =>
  ((files ?? []) as unknown[]).filter(isLibraryId);

const signsOf: { [K in Kind]?: Signs } = {
  tag: byAlias,
  performer: byAlias,
  studio: byAlias,
  // By what they are here: a source that was put back may have given a file's number to another.
  scene: { left: filesOf, gained: filesOf },
};
