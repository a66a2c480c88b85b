import type { ClientBase } from 'pg';
import type { Id, Instant } from '../model/fields.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { instantOf } from '../model/instants.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import { jsonText, parseJson } from '../model/records.ts';
import { bufferSize, CopyRows } from './copy.ts';
import { asText, type Cell } from './cursor.ts';
import type { Differs } from './differences.ts';
import { kindNumber, tableOf } from './layout.ts';
import type { Source } from './sources.ts';
import { recordset, storableJson } from './storable.ts';
import { copyInto } from './turns.ts';

/** What ties a record of a source to one of the library. */
export interface Link {
  kind: Kind;
  remoteId: Id;
  libraryId: LibraryId;
  /** The record as both sides last agreed to it, in the source's ids. */
  base: Values;
  /** The source's own facts. */
  facts: Values;
  /** Hash of the record as it was last seen there. */
  seen: Buffer;
  /** Values that were sent there and came back otherwise: what was sent, in the source's ids. */
  sent: Values;
  /** Edited in the library since the base was agreed. */
  edited: boolean;
  /** Since when the source has not had it any more. */
  absentSince: Instant | null;
  /** What both sides go on having differently, and why. */
  differs: Differs;
}

export interface NewLink
  extends Pick<Link, 'kind' | 'remoteId' | 'libraryId' | 'base' | 'facts' | 'seen'> {
  /** Left as it was where this is absent. */
  sent?: Values;
  /** Nothing where this is absent. */
  differs?: Differs | undefined;
  /** The library's revision that was looked at: where the record is at another by now, it stays marked as edited. */
  revision?: number;
}

/** A part of a link that moves. */
export interface BasePatch extends Pick<Link, 'kind' | 'remoteId'> {
  /** The fields that both sides agree to now. */
  base: Values;
  /** Those of them that were sent otherwise. */
  sent?: Values;
  facts?: Values;
  /** Left as it was where this is absent. */
  differs?: Differs | undefined;
  /** It was seen there: it is not absent, whatever it was before. */
  seen?: Buffer;
  /** Where the record still is at this revision of the library's, it is no longer marked as edited. */
  looked?: { libraryId: LibraryId; revision: number };
  /** The library has something for the source, which is looked at again: as if it had been edited. */
  waits?: boolean;
}

export async function linksOf(
  client: ClientBase,
  source: Source,
  kind: Kind,
  remoteIds: readonly Id[],
): Promise<Map<Id, Link>> {
  const links = await select(client, source, kind, 'l.remote_id = ANY ($3::bigint[])', remoteIds);
  return new Map(links.map((link) => [link.remoteId, link]));
}

export async function linksTo(
  client: ClientBase,
  source: Source,
  kind: Kind,
  libraryIds: readonly LibraryId[],
): Promise<Map<LibraryId, Link>> {
  const links = await select(client, source, kind, 'l.library_id = ANY ($3::uuid[])', libraryIds);
  return new Map(links.map((link) => [link.libraryId, link]));
}

/** What a source has of a kind, and which record here each is: a page at a time, by its numbers. */
export async function* linkedPages(
  client: ClientBase,
  source: Source,
  kind: Kind,
  size = 500,
): AsyncGenerator<Map<Id, LibraryId>> {
  for (let after = -1; ; ) {
    const { rows } = await client.query<{ remoteId: string; libraryId: LibraryId }>(
      `SELECT remote_id AS "remoteId", library_id AS "libraryId" FROM stowage.links
        WHERE source_id = $1 AND kind = $2 AND absent_since IS NULL AND remote_id > $3
        ORDER BY remote_id LIMIT ${size}`,
      [source.id, kindNumber[kind], after],
    );
    if (rows.length === 0) return;
    yield new Map(rows.map(({ remoteId, libraryId }) => [Number(remoteId), libraryId]));
    after = Number(rows.at(-1)?.remoteId);
  }
}

/** When a source's records of a kind were created there. */
export async function linkedAt(
  client: ClientBase,
  source: Source,
  kind: Kind,
): Promise<[number, LibraryId][]> {
  const { rows } = await client.query<{ id: LibraryId; created: string }>(
    `SELECT library_id AS id, facts ->> 'createdAt' AS created FROM stowage.links
      WHERE source_id = $1 AND kind = $2 AND facts ? 'createdAt'`,
    [source.id, kindNumber[kind]],
  );
  return rows.map(({ id, created }) => [Date.parse(created), id]);
}

/** Those of records of which the source keeps something otherwise than it was sent. */
export const linksKeptOtherwise = (
  client: ClientBase,
  source: Source,
  kind: Kind,
): Promise<Link[]> => select(client, source, kind, `l.sent <> '{}'`);

/** What a source keeps otherwise than it was sent, it is sent once more. */
export async function sendAgain(client: ClientBase, source: Pick<Source, 'id'>): Promise<void> {
  await client.query(
    `UPDATE stowage.links SET sent = '{}', edited = true WHERE source_id = $1 AND sent <> '{}'`,
    [source.id],
  );
}

async function select(
  client: ClientBase,
  source: Source,
  kind: Kind,
  where: string,
  ids?: readonly (Id | LibraryId)[],
): Promise<Link[]> {
  if (ids?.length === 0) return [];
  const { rows } = await client.query<Cell[]>({
    text: `SELECT l.remote_id, l.library_id, l.base, l.facts, encode(l.seen, 'hex'), l.sent, l.edited,
        (extract(epoch FROM l.absent_since) * 1000000)::bigint, l.differs
      FROM stowage.links l WHERE l.source_id = $1 AND l.kind = $2 AND ${where} ORDER BY l.remote_id`,
    values: [source.id, kindNumber[kind], ...(ids ? [ids] : [])],
    rowMode: 'array',
    types: asText,
  });
  return rows.map(
    ([remoteId, libraryId, base, facts, seen, sent, edited, absentSince, differs]) => ({
      kind,
      remoteId: Number(remoteId),
      libraryId: libraryId as LibraryId,
      base: parseJson(base as string) as Values,
      facts: parseJson(facts as string) as Values,
      seen: Buffer.from(seen as string, 'hex'),
      sent: parseJson(sent as string) as Values,
      edited: edited === 't',
      absentSince: absentSince == null ? null : instantOf(Number(absentSince)),
      differs: differs == null ? {} : (JSON.parse(differs) as Differs),
    }),
  );
}

/** Ties records, or says anew what both sides agree to: they are there, and what was edited here has been seen. */
export async function writeLinks(
  client: ClientBase,
  source: Source,
  runId: number,
  links: readonly NewLink[],
): Promise<void> {
  if (links.length === 0) return;
  const edited = await editedMeanwhile(client, links);
  await client.query(
    `CREATE TEMPORARY TABLE IF NOT EXISTS new_links (kind smallint, remote_id bigint, library_id uuid, base jsonb, facts jsonb,
       seen bytea, sent jsonb, edited boolean, differs jsonb)`,
  );
  await copyLinks(client, links, edited);
  await client.query(
    `WITH n AS (DELETE FROM pg_temp.new_links RETURNING *)
     INSERT INTO stowage.links (source_id, kind, remote_id, library_id, base, facts, seen, sent, edited, differs, run_id)
     SELECT $1, n.kind, n.remote_id, n.library_id, n.base, n.facts, n.seen,
       coalesce(n.sent, (SELECT o.sent FROM stowage.links o
         WHERE o.source_id = $1 AND o.kind = n.kind AND o.remote_id = n.remote_id), '{}'), n.edited,
       nullif(n.differs, '{}'), $2
       FROM n
     ON CONFLICT (source_id, kind, remote_id) DO UPDATE SET library_id = excluded.library_id, base = excluded.base,
       facts = excluded.facts, seen = excluded.seen, sent = excluded.sent, edited = excluded.edited, differs = excluded.differs,
       run_id = excluded.run_id, absent_since = NULL`,
    [source.id, runId],
  );
}

/** By COPY: of a second source there are as many as the library has records, and PostgreSQL takes these thrice as fast. */
async function copyLinks(
  client: ClientBase,
  links: readonly NewLink[],
  edited: (link: NewLink) => boolean,
): Promise<void> {
  const copies: Buffer[] = [];
  const rows = new CopyRows('pg_temp.new_links', copiedColumns, {
    buffer: () => Buffer.allocUnsafe(bufferSize),
    giveBack: () => {},
    send: (_, __, bytes) => copies.push(bytes),
  });
  const json = (value: unknown) => rows.jsonb(storableJson(jsonText(value)));
  for (const link of links) {
    rows.row();
    rows.smallint(kindNumber[link.kind]);
    rows.bigint(link.remoteId);
    rows.uuid((target, offset) => writeUuid(link.libraryId, target, offset));
    json(link.base);
    json(link.facts);
    rows.bytea(link.seen);
    if (link.sent === undefined) rows.null();
    else json(link.sent);
    rows.boolean(edited(link));
    if (link.differs === undefined) rows.null();
    else json(link.differs);
  }
  rows.flush();
  for (const bytes of copies) await copyInto(client, rows.table, rows.columns, bytes);
}

const copiedColumns = 'kind remote_id library_id base facts seen sent edited differs'.split(' ');

const writeUuid = (id: LibraryId, target: Buffer, offset: number): void => {
  target.write(id.replaceAll('-', ''), offset, 'hex');
};

/** Moves parts of bases, as one side took over what the other had. */
export async function patchBases(
  client: ClientBase,
  source: Source,
  patches: readonly BasePatch[],
): Promise<void> {
  if (patches.length === 0) return;
  const edited = await editedMeanwhile(
    client,
    patches.flatMap(({ kind, looked }) => (looked ? [{ kind, ...looked }] : [])),
  );
  await client.query(
    `UPDATE stowage.links l SET base = l.base || p.base, facts = l.facts || coalesce(p.facts, '{}'),
       seen = coalesce(decode(p.seen, 'hex'), l.seen), edited = l.edited AND p.edited OR p.waits,
       absent_since = CASE WHEN p.seen IS NULL THEN l.absent_since END,
       differs = CASE WHEN p.differs IS NULL THEN l.differs ELSE nullif(p.differs, '{}') END,
       sent = (l.sent - ARRAY(SELECT jsonb_object_keys(p.base))) || coalesce(p.sent, '{}')
     FROM json_to_recordset($2::json) AS p (kind smallint, remote_id bigint, base jsonb, facts jsonb, seen text,
       sent jsonb, edited boolean, waits boolean, differs jsonb)
     WHERE l.source_id = $1 AND l.kind = p.kind AND l.remote_id = p.remote_id`,
    [
      source.id,
      recordset(
        patches.map((patch) => ({
          kind: kindNumber[patch.kind],
          remote_id: patch.remoteId,
          base: patch.base,
          facts: patch.facts,
          seen: patch.seen?.toString('hex'),
          sent: patch.sent,
          edited: !patch.looked || edited({ kind: patch.kind, ...patch.looked }),
          waits: patch.waits ?? false,
          differs: patch.differs,
        })),
      ),
    ],
  );
}

/** The next sync looks at them, as if they had been edited in the library: a question about them was settled. */
export async function markEdited(
  client: ClientBase,
  source: Source,
  kind: Kind,
  remoteIds: readonly Id[],
): Promise<void> {
  await client.query(
    `UPDATE stowage.links SET edited = true
      WHERE source_id = $1 AND kind = $2 AND remote_id = ANY ($3::bigint[]) AND NOT edited`,
    [source.id, kindNumber[kind], remoteIds],
  );
}

/** The same for what was deleted in the library: whether that may go to the source was said anew. */
export async function markDeletedEdited(client: ClientBase, source: Source): Promise<void> {
  const deleted = kindNames.map(
    (kind) =>
      `SELECT ${kindNumber[kind]} AS kind, id FROM qar.${tableOf(kind)} WHERE deleted_at IS NOT NULL`,
  );
  await client.query(
    `UPDATE stowage.links l SET edited = true FROM (${deleted.join(' UNION ALL ')}) d
      WHERE l.source_id = $1 AND l.kind = d.kind AND l.library_id = d.id AND NOT l.edited`,
    [source.id],
  );
}

/** The same for the source's links of some records, of whatever kind. */
export async function markRecordsEdited(
  client: ClientBase,
  source: Pick<Source, 'id'>,
  libraryIds: readonly LibraryId[],
): Promise<void> {
  await client.query(
    `UPDATE stowage.links SET edited = true
      WHERE source_id = $1 AND library_id = ANY ($2::uuid[]) AND NOT edited`,
    [source.id, libraryIds],
  );
}

/**
 * Which records are at another revision than the one that was looked at. The others stay at it until the transaction
 * ends: whoever edits one meanwhile waits, and then marks its link.
 */
async function editedMeanwhile(
  client: ClientBase,
  links: readonly Looked[],
): Promise<(link: Looked) => boolean> {
  const now = new Map<LibraryId, number>();
  const looked = links.filter(({ revision }) => revision !== undefined);
  for (const [kind, some] of Map.groupBy(looked, (link) => link.kind)) {
    const { rows } = await client.query<{ id: LibraryId; revision: number }>(
      `SELECT id, revision FROM qar.${tableOf(kind)} WHERE id = ANY ($1::uuid[]) ORDER BY id FOR SHARE`,
      [some.map(({ libraryId }) => libraryId)],
    );
    for (const { id, revision } of rows) now.set(id, revision);
  }
  return ({ libraryId, revision }) => revision !== undefined && now.get(libraryId) !== revision;
}

type Looked = Pick<NewLink, 'kind' | 'libraryId' | 'revision'>;
