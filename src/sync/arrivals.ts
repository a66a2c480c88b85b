import type { ClientBase } from 'pg';
import { kindNumber, storedFields } from '../library/layout.ts';
import { linkedFiltersNaming, linkedNaming } from '../library/naming.ts';
import type { Source } from '../library/sources.ts';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import type { Candidates } from './candidates.ts';
import { batchesOf, type Planning } from './planning.ts';

/** A second source may bring a whole library that is there already: each batch is a query for every field that names. */
const atOnce = 5000;

/**
 * Records whose counterparts here name what the source has only now: found there as one that the library has, or back
 * after it was gone. Until then it could not be told of them.
 */
export async function namingArrivals(
  planning: Planning,
  found: { readonly [K in Kind]: Candidates },
): Promise<{ [K in Kind]: Id[] }> {
  const { client, source } = planning;
  const naming = Object.fromEntries(kindNames.map((kind) => [kind, []])) as never as {
    [K in Kind]: Id[];
  };
  for (const kind of kindNames) {
    for (const arrived of batchesOf(await arrivals(planning, kind, found[kind].there), atOnce)) {
      for (const owner of kindNames) {
        for (const field of storedFields[owner]) {
          if (field.target !== kind || field.fact) continue;
          const ids = await linkedNaming(client, source, owner, field, arrived);
          naming[owner] = naming[owner].concat(ids); // of a popular tag more than a call may be given
        }
      }
      naming.savedFilter.push(...(await linkedFiltersNaming(client, source, arrived)));
    }
  }
  return naming;
}

async function arrivals(
  { client, source, plan }: Planning,
  kind: Kind,
  there: readonly Id[],
): Promise<LibraryId[]> {
  const found: LibraryId[] = [];
  for (const some of batchesOf(plan.freshNumbers(kind), atOnce)) {
    for (const { libraryId, isNew } of plan.fresh(kind, some).values()) {
      if (!isNew) found.push(libraryId);
    }
  }
  return [...found, ...(await backAmong(client, source, kind, there))];
}

/** Of records that are there, those that were gone. */
async function backAmong(
  client: ClientBase,
  source: Source,
  kind: Kind,
  there: readonly Id[],
): Promise<LibraryId[]> {
  const { rows } = await client.query<{ id: LibraryId }>(
    `SELECT library_id AS id FROM stowage.links WHERE source_id = $1 AND kind = $2
        AND absent_since IS NOT NULL AND remote_id = ANY ($3::bigint[])`,
    [source.id, kindNumber[kind], there],
  );
  return rows.map(({ id }) => id);
}
