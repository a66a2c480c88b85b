import type { ClientBase } from 'pg';
import { labelOf } from '../library/labels.ts';
import { tableOf } from '../library/layout.ts';
import { StowageError } from '../model/errors.ts';
import type { LibraryId, Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import { folded } from './find.ts';

/**
 * The library may hold two of a name, since two servers may; but a Stash takes no second one, so a person makes none: no
 * two tags or studios of a name, nor with another's for an alias; no two performers of a name and disambiguation.
 *
 * @throws StowageError `usage` that names the one there is.
 */
export async function refuseTakenName(
  client: ClientBase,
  kind: Kind,
  id: LibraryId,
  changes: Values,
  before: Values = {},
): Promise<void> {
  if (kind !== 'tag' && kind !== 'studio' && kind !== 'performer') return;
  const isNew = (field: string) =>
    Object.hasOwn(changes, field) && changes[field] !== before[field];
  const { name, disambiguation = '' } = { ...before, ...changes };
  const isCalled = isNew('name') || (kind === 'performer' && isNew('disambiguation'));
  const former = new Set((before.aliases ?? []) as string[]);
  const aliases = ((changes.aliases ?? []) as string[]).filter((alias) => !former.has(alias));
  const names = [...(isCalled ? [name] : []), ...(kind === 'performer' ? [] : aliases)];
  if (names.length === 0) return;
  const where =
    kind === 'performer'
      ? `${folded('r.name')} = ANY (SELECT ${folded('n')} FROM unnest($2::text[]) n)
          AND ${folded('r.disambiguation')} = ${folded('$3')}`
      : `(${folded('r.name')} = ANY (SELECT ${folded('n')} FROM unnest($2::text[]) n)
          OR EXISTS (SELECT FROM unnest(r.aliases) a WHERE ${folded('a')} = ${folded('$3')}))`;
  const { rows } = await client.query<{ id: LibraryId; label: string }>(
    `SELECT r.id, ${labelOf[kind]} AS label FROM qar.${tableOf(kind)} r
      WHERE r.deleted_at IS NULL AND r.id <> $1 AND ${where} LIMIT 1`,
    [id, names, kind === 'performer' ? disambiguation : isCalled ? name : null],
  );
  const [taken] = rows;
  if (!taken) return;
  throw new StowageError(
    'usage',
    `There is a ${kind} of that name already, or with it for an alias.`,
    {
      item: `${taken.label}, ${taken.id}`,
      remedy: `Choose another, or make them one with \`stowage merge ${kind} …\`.`,
    },
  );
}
