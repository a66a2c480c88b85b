import type { ClientBase } from 'pg';
import { closeConflicts, openConflict } from '../../library/conflicts.ts';
import { heldRecords } from '../../library/heldRecords.ts';
import { linksTo } from '../../library/links.ts';
import { type RecordLines, runRecords } from '../../library/runRecords.ts';
import { listSources, type Source } from '../../library/sources.ts';
import { idsIn, libraryIds, type NamedIds, toLibrary } from '../../library/translate.ts';
import type { Values } from '../../model/held.ts';
import type { Kind } from '../../model/kinds.ts';
import { sameValue } from '../../model/records.ts';
import { effectOf } from './effect.ts';

/**
 * What an undo took back in the library while a source keeps it waits as a question, so that the next sync neither
 * brings it again nor writes it silently (design.md §5.10). In the caller's transaction. Returns how many wait.
 */
export async function askAbout(
  client: ClientBase,
  undo: { id: number },
  isAsked: (source: Source) => boolean = () => true,
): Promise<number> {
  const sources = (await listSources(client)).filter(isAsked);
  let asked = 0;
  for await (const records of runRecords(client, undo.id, 'library')) {
    for (const [kind, some] of Map.groupBy(records, (record) => record.kind)) {
      for (const source of sources) asked += await askSource(client, undo, source, kind, some);
    }
  }
  return asked;
}

async function askSource(
  client: ClientBase,
  undo: { id: number },
  source: Source,
  kind: Kind,
  records: readonly RecordLines[],
): Promise<number> {
  const links = await linksTo(
    client,
    source,
    kind,
    records.map(({ libraryId }) => libraryId),
  );
  const named: NamedIds = new Map();
  for (const { base, sent } of links.values()) {
    idsIn(kind, base, named);
    idsIn(kind, sent, named);
  }
  const ids = await libraryIds(client, source, named);
  const agreed: Parameters<typeof closeConflicts>[2][number][] = [];
  let asked = 0;
  for (const record of records) {
    const link = links.get(record.libraryId);
    if (!link) continue;
    const { remoteId } = link;
    const of = { kind, remoteId, key: '' };
    const ask = async (field: string, library: unknown, there: unknown, base: unknown) => {
      const conflict = { ...of, field, libraryId: record.libraryId, runId: undo.id };
      await openConflict(client, source, { ...conflict, base, library, source: there });
      asked++;
    };
    const effect = effectOf(record);
    if (effect.wasThere && !effect.isThere) {
      if (link.absentSince === null) await ask('', 'deleted', 'changed', null);
      continue;
    }
    const [base, sent] = [toLibrary(kind, link.base, ids), toLibrary(kind, link.sent, ids)];
    for (const [field, { before, after }] of effect.fields) {
      if (base[field] === undefined) continue;
      if (sameValue(base[field], after)) agreed.push({ ...of, field });
      else if (wasAgreed(base, sent, field, before))
        await ask(field, after, base[field], base[field]);
    }
    if (!effect.wasThere && effect.isThere) agreed.push({ ...of, field: '' });
  }
  await closeConflicts(client, source, agreed);
  return asked;
}

/** Did the source have what the undo replaced? Otherwise it was an edit of the library's that waits to be sent. */
const wasAgreed = (base: Values, sent: Values, field: string, before: unknown): boolean =>
  sameValue(base[field], before) || (sent[field] !== undefined && sameValue(sent[field], before));

/**
 * What an undo took back at a source only, while the library keeps it, is asked too. In the caller's transaction.
 * Returns how many wait.
 */
export async function askAboutWritten(
  client: ClientBase,
  undo: { id: number },
  source: Source,
): Promise<number> {
  let asked = 0;
  for await (const records of runRecords(client, undo.id, 'source')) {
    for (const [kind, some] of Map.groupBy(records, (record) => record.kind)) {
      const ids = some.map(({ libraryId }) => libraryId);
      const held = await heldRecords(client, kind, ids);
      const links = await linksTo(client, source, kind, ids);
      for (const record of some) {
        const { libraryId } = record;
        const values = held.get(libraryId)?.values;
        const remoteId = links.get(libraryId)?.remoteId;
        if (!values || remoteId === undefined) continue;
        for (const [field, { after }] of effectOf(record).fields) {
          const library = values[field];
          if (sameValue(library, after)) continue;
          const of = { kind, remoteId, key: '', field, libraryId, runId: undo.id };
          await openConflict(client, source, { ...of, base: after, library, source: after });
          asked++;
        }
      }
    }
  }
  return asked;
}
