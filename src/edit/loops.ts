import type { ClientBase } from 'pg';
import { edgesFrom } from '../library/folds.ts';
import { labelsOf } from '../library/labels.ts';
import { storedFields } from '../library/layout.ts';
import { StowageError } from '../model/errors.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { fieldsOf, type Kind } from '../model/kinds.ts';
import { closesLoop, edgesOf, hierarchies } from '../sync/hierarchy.ts';

/** No record may come to stand above itself. @throws StowageError `usage` that names the other end. */
export async function refuseLoop(
  client: ClientBase,
  kind: Kind,
  id: LibraryId,
  values: Values,
): Promise<void> {
  const name = hierarchies[kind];
  const stored = storedFields[kind].find((field) => field.name === name);
  const field = fieldsOf[kind].find(([known]) => known === name)?.[1];
  if (name === undefined || !stored || !field || values[name] === undefined) return;
  const wanted = edgesOf(field, values[name]);
  const found = await edgesFrom(client, kind, stored, wanted);
  const closing = wanted.find((to) => closesLoop((of) => found.get(of) ?? [], id, to));
  if (closing === undefined) return;
  const label = (await labelsOf(client, kind, [closing])).get(closing);
  throw new StowageError('usage', `That would make the ${kind} stand above itself.`, {
    item: `${name}: ${label}`,
    remedy: 'Take it out on the other side first; `stowage show` says what stands where.',
  });
}
