import type { ClientBase } from 'pg';
import { kindNumber } from '../library/layout.ts';
import { hasLinks, seenHashes } from '../library/seen.ts';
import type { Source } from '../library/sources.ts';
import type { Id } from '../model/fields.ts';
import type { Kind, Rec } from '../model/kinds.ts';
import type { Reading } from '../model/reading.ts';
import { hashOf, recordText } from '../model/records.ts';

/** What of a kind has to be looked at: numbers of the source, ascending. */
export interface Candidates {
  /** Records that are there, and may have changed on either side. */
  there: Id[];
  /** Of those, the ones that have no link yet. */
  fresh: Id[];
  /** Links whose record is not there any more. */
  gone: Id[];
  /** Links whose record the source refuses to tell: it is there, or may be. */
  untold: Id[];
  /** The source gave fewer records than it counts: nothing that is missing may be taken for gone. */
  isShort: boolean;
  /** How many have another time of creation than before, and are the same otherwise. */
  redated?: number;
}

export interface Looking {
  client: ClientBase;
  source: Source;
  reading: Reading;
  signal: AbortSignal;
  /** Look at every record, whatever a mirror has noted. */
  full: boolean;
  /** So many more records have been read. */
  progress(count: number): void;
}

/** Finds what of a kind may have changed since both sides last agreed: there, as the road tells it, or here, as links say. */
export async function candidatesOf(kind: Kind, looking: Looking): Promise<Candidates> {
  const { reading, full } = looking;
  const touched = full ? null : (reading.notes?.touched(kind) ?? null);
  const found = touched === null ? await all(kind, looking) : await among(kind, touched, looking);
  return withoutUntold(kind, await withUnsettled(kind, found, looking), reading);
}

/** What the source refuses to tell is not gone. */
function withoutUntold(kind: Kind, found: Candidates, reading: Reading): Candidates {
  const { ids, isOpen } = reading.untold(kind);
  if (!isOpen && ids.size === 0) return found;
  const isUntold = (id: Id) => isOpen || ids.has(id);
  return {
    ...found,
    gone: found.gone.filter((id) => !isUntold(id)),
    untold: found.gone.filter(isUntold),
  };
}

/** All records of the source; where none is linked yet, nothing of them has to be read for that. */
async function all(kind: Kind, looking: Looking): Promise<Candidates> {
  const { client, source, reading, progress } = looking;
  const ids = (await hasLinks(client, source, kind)) ? null : reading.ids(kind);
  if (ids === null) return comparing(kind, looking);
  progress(ids.length);
  return { there: [...ids], fresh: [...ids], gone: [], untold: [], isShort: false };
}

/** All records of the source against the hashes of what was last seen: a merge of two ordered streams. */
async function comparing(kind: Kind, looking: Looking): Promise<Candidates> {
  const { client, source, reading, signal, progress } = looking;
  const found: Candidates = { there: [], fresh: [], gone: [], untold: [], isShort: false };
  const counted = (await reading.counts())[kind];
  let read = 0;
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const links = seenHashes(client, source, kind)[Symbol.asyncIterator]();
    let batch: [Id, string][] = [];
    let at = 0;
    const peek = async () => {
      while (at >= batch.length) {
        const next = await links.next();
        if (next.done) return undefined;
        batch = next.value;
        at = 0;
      }
      return batch[at];
    };
    for await (const records of reading.records(kind, signal)) {
      for (const record of records as Rec<Kind>[]) {
        let link = batch[at] ?? (await peek());
        while (link && link[0] < record.id) {
          found.gone.push(link[0]);
          at++;
          link = batch[at] ?? (await peek());
        }
        if (link?.[0] !== record.id) {
          found.there.push(record.id);
          found.fresh.push(record.id);
          continue;
        }
        at++;
        if (hashOf(recordText(kind, record)).toString('hex') !== link[1])
          found.there.push(record.id);
      }
      read += records.length;
      progress(records.length);
    }
    for (let link = await peek(); link; link = await peek()) {
      found.gone.push(link[0]);
      at++;
    }
  } finally {
    await client.query('ROLLBACK');
  }
  const { ids: untold, isOpen } = reading.untold(kind);
  // Before v0.29 a server does not count its files, and counts() only guesses.
  found.isShort = kind !== 'file' && !isOpen && read + untold.size < counted;
  return found;
}

/** Those that the mirror found touched. */
async function among(kind: Kind, touched: readonly Id[], looking: Looking): Promise<Candidates> {
  const { client, source, reading, progress } = looking;
  const { rows } = await client.query<{ id: string }>(
    `SELECT remote_id AS id FROM stowage.links
      WHERE source_id = $1 AND kind = $2 AND remote_id = ANY ($3::bigint[])`,
    [source.id, kindNumber[kind], touched],
  );
  const linked = new Set(rows.map(({ id }) => Number(id)));
  const asked = [...new Set([...touched, ...linked])].sort((a, b) => a - b);
  const there = await present(reading, kind, asked);
  progress(asked.length);
  return {
    there: asked.filter((id) => there.has(id)),
    fresh: asked.filter((id) => there.has(id) && !linked.has(id)),
    gone: asked.filter((id) => !there.has(id) && linked.has(id)),
    untold: [],
    isShort: false,
  };
}

/** And those whose record was edited here, or that were gone: one may be back as it was. */
async function withUnsettled(kind: Kind, found: Candidates, looking: Looking): Promise<Candidates> {
  const { client, source, reading } = looking;
  const { rows } = await client.query<{ id: string }>(
    `SELECT remote_id AS id FROM stowage.links
      WHERE source_id = $1 AND kind = $2 AND (edited OR absent_since IS NOT NULL)`,
    [source.id, kindNumber[kind]],
  );
  const known = new Set([...found.there, ...found.gone]);
  const unsettled = rows.map(({ id }) => Number(id)).filter((id) => !known.has(id));
  if (unsettled.length === 0) return found;
  const there = await present(reading, kind, unsettled);
  return {
    ...found,
    there: [...found.there, ...unsettled.filter((id) => there.has(id))].sort((a, b) => a - b),
    gone: [...found.gone, ...unsettled.filter((id) => !there.has(id))].sort((a, b) => a - b),
  };
}

const atOnce = 500;

async function present(reading: Reading, kind: Kind, ids: readonly Id[]): Promise<Set<Id>> {
  const there = new Set<Id>();
  for (let from = 0; from < ids.length; from += atOnce) {
    for await (const batch of reading.some(kind, ids.slice(from, from + atOnce))) {
      for (const { id } of batch) there.add(id);
    }
  }
  return there;
}
