import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { Kind } from '../model/kinds.ts';
import { sameValue } from '../model/records.ts';
import { openConflicts } from './conflicts.ts';
import { kindNumber, kindOfNumber } from './layout.ts';
import { linksOf } from './links.ts';
import type { Source } from './sources.ts';

/**
 * Why both sides go on having something differently though a sync has looked at it. A sync writes it down with the link, and
 * whoever says how things stand reads it there.
 */
export type Lasting =
  /** The record was deleted here, and deletions do not travel to the source. */
  | 'deleted'
  /** The record is part of another one here, and stands beside it at the source. */
  | 'part'
  /** The field names a record that only one of the two sides has deleted. */
  | 'gone'
  /** The field names a record that the source does not have. */
  | 'missing'
  /** The server has no place for the value. */
  | 'place'
  /** Something that we have no word for. */
  | 'other';

/** By field; '' is the record as a whole. */
export type Differs = { [field: string]: Lasting };

/** Those, and what does not last: a question, an edit that waits, a record that is gone from the source. */
export type Reason = Lasting | 'question' | 'unsent' | 'absent';

/** How often something differs, and why. */
export interface Differing {
  why: Lasting;
  kind: Kind;
  field: string;
  count: number;
}

export async function differingOf(
  client: ClientBase,
  { id }: Pick<Source, 'id'>,
): Promise<Differing[]> {
  const { rows } = await client.query<{
    why: Lasting;
    kind: number;
    field: string;
    count: number;
  }>(
    `SELECT d.value AS why, l.kind, d.key AS field, count(*)::int AS count
       FROM stowage.links l CROSS JOIN LATERAL jsonb_each_text(l.differs) d
      WHERE l.source_id = $1 AND l.differs IS NOT NULL AND l.absent_since IS NULL
      GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    [id],
  );
  return rows.map((row) => ({ ...row, kind: kindOfNumber.get(row.kind) as Kind }));
}

/** By their numbers there: records of which a field lastingly differs for this reason. */
export async function numbersDiffering(
  client: ClientBase,
  { id }: Pick<Source, 'id'>,
  kind: Kind,
  why: Lasting,
): Promise<Id[]> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT remote_id AS id FROM stowage.links
      WHERE source_id = $1 AND kind = $2 AND differs IS NOT NULL AND absent_since IS NULL
        AND EXISTS (SELECT FROM jsonb_each_text(differs) d WHERE d.value = $3)`,
    [id, kindNumber[kind], why],
  );
  return rows.map((row) => Number(row.id));
}

/** A difference that a proof has found; `field` is null where one side lacks the record. */
interface Found {
  id: Id;
  field: string | null;
  source: unknown;
}

/** Why differences of a kind are there, in their order; undefined where nothing is known that explains one. */
export async function reasonsFor(
  client: ClientBase,
  source: Source,
  kind: Kind,
  found: readonly Found[],
): Promise<(Reason | undefined)[]> {
  const ids = [...new Set(found.map(({ id }) => id))];
  const links = await linksOf(client, source, kind, ids);
  const open = await openConflicts(client, source, kind, ids);
  return found.map(({ id, field, source: there }) => {
    const link = links.get(id);
    if (!link) return undefined;
    const asked = open.get(id);
    if (asked?.has('') || (field !== null && asked?.has(field))) return 'question';
    if (link.absentSince !== null) return 'absent';
    const lasting = link.differs[field ?? ''];
    if (lasting) return lasting;
    // It is there as both sides last agreed: since then the library got another value, which waits.
    const isAsAgreed = field === null ? there !== undefined : sameValue(link.base[field], there);
    return link.edited && isAsAgreed ? 'unsent' : undefined;
  });
}
