import type { ClientBase } from 'pg';
import { kindNames } from '../model/kinds.ts';
import { Boxes } from '../model/stashBoxes.ts';
import { kindNumber, storedFields } from './layout.ts';
import { listSources, type Source } from './sources.ts';

/** So many of its newest records of each kind show how a source writes the addresses of boxes. */
const sample = 2000;

/** What is one box: by what people said of any source; and how one of these writes their addresses. */
export async function boxesOf(client: ClientBase, source?: Pick<Source, 'id'>): Promise<Boxes> {
  const moves = (await listSources(client)).flatMap(({ endpoints }) => endpoints);
  if (source === undefined) return new Boxes(moves);
  const kinds = kindNames.filter((kind) =>
    storedFields[kind].some(({ name }) => name === 'stashIds'),
  );
  const { rows } = await client.query<{ endpoint: string }>(
    `SELECT e.endpoint FROM unnest($2::smallint[]) AS k (kind)
       CROSS JOIN LATERAL (SELECT base -> 'stashIds' AS ids FROM stowage.links
         WHERE source_id = $1 AND kind = k.kind ORDER BY remote_id DESC LIMIT ${sample}) l
       CROSS JOIN LATERAL jsonb_object_keys(CASE WHEN jsonb_typeof(l.ids) = 'object' THEN l.ids ELSE '{}' END) AS e (endpoint)
      GROUP BY e.endpoint ORDER BY count(*) DESC, e.endpoint`,
    [source.id, kinds.map((kind) => kindNumber[kind])],
  );
  return new Boxes(
    moves,
    rows.map(({ endpoint }) => endpoint),
  );
}
