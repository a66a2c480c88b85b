import type { ClientBase } from 'pg';
import { type Differing, differingOf } from './differences.ts';
import { refusedCreations } from './journal.ts';
import { refusals } from './refusals.ts';
import type { Source } from './sources.ts';

/** What of a source waits: for a person, or for the next sync. */
export interface Waiting {
  /** Fields that both sides changed differently. */
  conflicts: number;
  /** Records that may be one. */
  suggestions: number;
  /** Records that the source has no more, and that are kept here. */
  absent: number;
  /** Records that were edited here since both sides last agreed. */
  unsent: number;
  /** Records that were made here, and that the source refused: until they are changed, they are not sent again. */
  refused: number;
  /** What differs and stays so: by the person's settings, by what the server can hold, by what it lacks. */
  differing: Differing[];
  /** Parts of records (an alias, a custom field) that the source does not take: they stay here. */
  leftOut: number;
}

/** Nothing is otherwise on one side than on the other, but for records that may be one, and parts that a source refused. */
export const isInStep = ({ conflicts, absent, unsent, refused, differing }: Waiting): boolean =>
  conflicts + absent + unsent + refused + differing.length === 0;

/** Nothing waits for a person's word. */
export const isSettled = ({ conflicts, refused }: Waiting): boolean => conflicts + refused === 0;

export async function waitingOf(client: ClientBase, source: Source): Promise<Waiting> {
  const { id } = source;
  const { rows } = await client.query<Omit<Waiting, 'refused' | 'leftOut' | 'differing'>>(
    `SELECT
       (SELECT count(*)::int FROM stowage.conflicts WHERE source_id = $1 AND settled_at IS NULL) AS conflicts,
       (SELECT count(*)::int FROM stowage.matches WHERE source_id = $1 AND answer IS NULL) AS suggestions,
       (SELECT count(*)::int FROM stowage.links WHERE source_id = $1 AND absent_since IS NOT NULL) AS absent,
       (SELECT count(*)::int FROM stowage.links WHERE source_id = $1 AND edited AND absent_since IS NULL) AS unsent`,
    [id],
  );
  const refused = (await refusedCreations(client, id)).size;
  const leftOut = (await refusals(client, { id })).length;
  const differing = await differingOf(client, source);
  return {
    ...(rows[0] as Omit<Waiting, 'refused' | 'leftOut' | 'differing'>),
    refused,
    leftOut,
    differing,
  };
}
