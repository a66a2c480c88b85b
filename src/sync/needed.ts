import type { ClientBase } from 'pg';
import { heldRecords } from '../library/heldRecords.ts';
import { refusedCreations } from '../library/journal.ts';
import { kindNumber, tableOf } from '../library/layout.ts';
import { listMatches } from '../library/matches.ts';
import type { Source } from '../library/sources.ts';
import { idsIn, isLibraryId, type NamedIds } from '../library/translate.ts';
import type { StashIds } from '../model/fields.ts';
import type { HeldRecord, LibraryId, Values } from '../model/held.ts';
import { fieldsOf, type Kind, kindNames } from '../model/kinds.ts';
import type { Boxes } from '../model/stashBoxes.ts';
import { namedBy } from './names.ts';
import { emptyItem } from './planItem.ts';
import { batchesOf, type Planning } from './planning.ts';
import { creatable, lacksNeeded, withReferences } from './projection.ts';

/**
 * Plans what is created at the source: what records there need (tags, studios, performers, groups), markers and
 * chapters of records that it has, and what was made in the library and came from no source at all.
 */
export async function planNeeded(planning: Planning): Promise<void> {
  const { client, source, plan, createScenes, createAll } = planning;
  if (!source.writes) return;
  const refused = await refusedCreations(client, source.id);
  for (const [id, fields] of planning.retried ?? []) if (fields.has('')) refused.delete(id);
  const wanted: NamedIds = new Map();
  const want = (kind: Kind, id: LibraryId) =>
    wanted.set(kind, (wanted.get(kind) ?? new Set()).add(id));
  for (const items of plan.items({ there: 'update' })) {
    for (const { kind, source: values } of items) idsIn(kind, values, wanted);
  }
  // What may be a record of the source is asked about, not made beside it.
  const waiting = createAll ? await listMatches(client, { sourceId: source.id }) : [];
  const asked = new Set([...plan.suggestions, ...waiting].map(({ otherId }) => otherId));
  const own = new Set<LibraryId>();
  for (const kind of ['tag', 'studio', 'performer', 'group', 'gallery', 'savedFilter'] as const) {
    const all = createAll
      ? (await unlinked(client, source, kind, withoutFiles[kind] ?? 'true')).filter(
          (id) => !asked.has(id),
        )
      : await withoutAnyLink(client, kind, withoutFiles[kind] ?? 'true');
    if (!createAll) for (const id of all) own.add(id);
    for (const id of all) want(kind, id);
  }
  if (createScenes)
    for (const id of await unlinked(client, source, 'scene', 'true')) want('scene', id);
  const belongs = (column: string) =>
    `EXISTS (SELECT FROM stowage.links o WHERE o.library_id = r.${column} AND o.source_id = $1 AND o.absent_since IS NULL)`;
  for (const id of await unlinked(client, source, 'marker', belongs('cargo_id')))
    want('marker', id);
  for (const id of await unlinked(
    client,
    source,
    'chapter',
    `${belongs('gallery_id')} AND ${hasItsImage}`,
  ))
    want('chapter', id);

  // What is created may need others in turn; those come first in the plan.
  const planned = new Map<LibraryId, { kind: Kind; record: HeldRecord }>();
  for (let more: NamedIds = wanted; more.size > 0; ) {
    const next: NamedIds = new Map();
    for (const [kind, ids] of more) {
      const open = await notThere(planning, kind, [...ids].filter(isLibraryId));
      for (const some of batchesOf(open.filter((id) => !planned.has(id) && !refused.has(id)))) {
        for (const record of (await heldRecords(client, kind, some)).values()) {
          if (record.deletedAt !== null) continue;
          planned.set(record.id, { kind, record });
          idsIn(kind, withoutFacts(kind, record.values), next);
        }
      }
    }
    more = new Map();
    for (const [kind, ids] of next) {
      const others = new Set([...ids].filter((id) => !planned.has(id as LibraryId)));
      if (creatable.has(kind) && others.size > 0) more.set(kind, others);
    }
  }
  for (const kind of kindNames) {
    const records = [...planned.values()].filter((one) => one.kind === kind);
    for (const some of batchesOf(records)) {
      await planCreations(
        planning,
        kind,
        some.map(({ record }) => record),
        planned,
        (id) => (own.has(id) ? 'made in the library' : 'the source needs it'),
      );
    }
  }
}

async function planCreations(
  { client, source, plan, canHold, boxes }: Planning,
  kind: Kind,
  records: readonly HeldRecord[],
  planned: ReadonlyMap<LibraryId, unknown>,
  whyOf: (id: LibraryId) => string,
): Promise<void> {
  const named = await namedBy(
    client,
    source,
    plan,
    records.map(({ values }) => ({ kind, values })),
  );
  for (const { id, values, revision } of records) {
    const has = (target: Kind, other: LibraryId) =>
      planned.has(other) || named.toSource.get(target, other) !== undefined;
    if (lacksNeeded(kind, values, has)) continue;
    const item = emptyItem({ kind, libraryId: id, remoteId: null, why: whyOf(id) });
    item.there = 'create';
    item.revision = revision;
    for (const [field, value] of Object.entries(
      withReferences(kind, withoutFacts(kind, values), has),
    )) {
      if (canHold(kind, field, value)) item.source[field] = asWritten(field, value, boxes);
    }
    plan.add(item);
  }
}

/** With the addresses of stash-boxes as the source writes them. */
const asWritten = (field: string, value: unknown, boxes: Boxes): unknown =>
  field === 'stashIds' ? boxes.respelled(value as StashIds, {}, (box) => boxes.spell(box)) : value;

export const withoutFacts = (kind: Kind, values: Values): Values =>
  Object.fromEntries(
    fieldsOf[kind].flatMap(([field, { merge }]) =>
      merge === 'fact' || values[field] === undefined ? [] : [[field, values[field]]],
    ),
  );

/** Those that have no link to the source, and get none by this plan. */
async function notThere(
  { client, source, plan }: Planning,
  kind: Kind,
  ids: readonly LibraryId[],
): Promise<LibraryId[]> {
  const open: LibraryId[] = [];
  for (const some of batchesOf(ids)) {
    const fresh = plan.freshOf(kind, some);
    const { rows } = await client.query<{ id: LibraryId }>(
      `SELECT id FROM unnest($1::uuid[]) AS id WHERE NOT EXISTS (
         SELECT FROM stowage.links WHERE library_id = id AND source_id = $2)`,
      [some, source.id],
    );
    open.push(...rows.map(({ id }) => id).filter((id) => !fresh.has(id)));
  }
  return open;
}

/** A chapter is refused while its gallery has fewer images there: unless more will never come, it waits for them. */
const linkedImages = `FROM qar.gallery_images i LEFT JOIN stowage.links l ON l.library_id = i.image_id
   AND l.source_id = $1 AND l.absent_since IS NULL WHERE i.gallery_id = r.gallery_id`;
const hasItsImage = `(SELECT count(l.library_id) >= r.image_index OR count(*) = count(l.library_id) ${linkedImages})`;

/** What a source finds on its own disk is not made there. */
const withoutFiles: { [K in Kind]?: string } = {
  gallery: `r.folder IS NULL AND NOT EXISTS (SELECT FROM qar.gallery_files f WHERE f.gallery_id = r.id)`,
};

/** Made in the library: no source has it. */
async function withoutAnyLink(client: ClientBase, kind: Kind, where: string): Promise<LibraryId[]> {
  const { rows } = await client.query<{ id: LibraryId }>(
    `SELECT r.id FROM qar.${tableOf(kind)} r WHERE r.deleted_at IS NULL AND ${where}
       AND NOT EXISTS (SELECT FROM stowage.links l WHERE l.library_id = r.id) ORDER BY r.id`,
  );
  return rows.map(({ id }) => id);
}

async function unlinked(
  client: ClientBase,
  source: Source,
  kind: Kind,
  where: string,
): Promise<LibraryId[]> {
  // Hardly any is left once those with a link are out: only of these is the rest asked.
  const { rows } = await client.query<{ id: LibraryId }>(
    `WITH r AS MATERIALIZED (SELECT r.* FROM qar.${tableOf(kind)} r WHERE r.deleted_at IS NULL
       AND NOT EXISTS (SELECT FROM stowage.links l
         WHERE l.library_id = r.id AND l.source_id = $1 AND l.kind = ${kindNumber[kind]}))
     SELECT id FROM r WHERE ${where} ORDER BY id`,
    [source.id],
  );
  return rows.map(({ id }) => id);
}
