import type { Field } from '../../../src/model/fields.ts';
import { sameValue } from '../../../src/model/records.ts';
import { foldedName } from '../../../src/sync/merging/sets.ts';
import { isPartial, placesAt, toLibrary } from './round.ts';
import { type Kept, mergeable, type Server, type World } from './world.ts';

/**
 * Where a server and the library do not agree though nothing is asked: each as a line. What the server has no place
 * for, and what the library has deleted, is left out of the comparison.
 */
export function disagreements(world: World, server: Server): string[] {
  const found: string[] = [];
  const places = placesAt(server);
  const isCommon = (id: string) => places.has(id) && !(world.library.get(id)?.isDeleted ?? true);
  for (const [id, link] of server.links) {
    const [here, there] = [world.library.get(link.libraryId) as Kept, server.records.get(id)];
    if (!there || here.isDeleted) continue;
    const told = toLibrary(server, here.kind, there.values);
    // As long as it is asked which name a record has, neither is an alias of the other side's.
    const names = [here.values.name, told.name].map((of) => foldedName(String(of)));
    const besides = (aliases: unknown) =>
      Array.isArray(aliases)
        ? aliases.filter((alias) => !names.includes(foldedName(alias)))
        : aliases;
    for (const [name, field] of mergeable[here.kind]) {
      const open = link.open.get(name) ?? new Set();
      if (open.has('')) continue;
      const [ours, theirs] = [here.values[name], told[name]]
        .map((value) =>
          name === 'aliases' && link.open.get('name')?.has('') ? besides(value) : value,
        )
        .map((value) => comparable(field, value, isCommon, open));
      const isRef = field.shape === 'ref' && (ours === unclear || theirs === unclear);
      const isUnheld = !server.keepsPartialDates && isPartial(ours);
      const isTrimmed =
        server.trims && typeof ours === 'string' && ours.trim() === String(theirs).trim();
      if (isRef || isUnheld || isTrimmed || sameValue(ours, theirs)) continue;
      found.push(
        `${here.kind}.${name}: ${link.libraryId} has ${JSON.stringify(ours)}, ${id} ${JSON.stringify(theirs)}`,
      );
    }
  }
  return found;
}

const unclear = Symbol('a record that one side does not have');

function comparable(
  { shape, target }: Field,
  value: unknown,
  isCommon: (id: string) => boolean,
  open: ReadonlySet<string>,
): unknown {
  if (shape === 'ref') return value === null || isCommon(value as string) ? value : unclear;
  if (shape === 'refs') return (value as string[]).filter(isCommon);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(
    ([key]) => !open.has(key) && (!target || isCommon(key)),
  );
  if (shape !== 'subGroups') return Object.fromEntries(entries);
  return entries
    .sort(([, a], [, b]) => a.position - b.position)
    .map(([id, { description }]) => [id, description]);
}
