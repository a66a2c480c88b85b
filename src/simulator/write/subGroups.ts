import type { Library } from '../library.ts';
import type { Field } from './fields.ts';

export interface GroupDescription {
  group_id: string;
  description?: string | null;
}

const lastIndex = (library: Library, containing: number): number =>
  (library.scalar(
    'select max(order_index) from groups_relations where containing_id = ?',
    containing,
  ) as number | null) ?? 0;

function insert(library: Library, containing: number, sub: number, description?: string | null) {
  checkLoop(library, containing, sub);
  library.run(
    `insert into groups_relations (containing_id, sub_id, order_index, description)
     values (?, ?, ?, ?)`,
    containing,
    sub,
    lastIndex(library, containing) + 1,
    description || null,
  );
}

function checkLoop(library: Library, containing: number, sub: number): void {
  const found = library.scalar(
    `with recursive below(id) as (select ? union select r.sub_id from groups_relations r
       join below on r.containing_id = below.id)
     select 1 from below where id = ?`,
    sub,
    containing,
  );
  if (found) throw new Error('a group cannot be contained by one of its subgroups');
}

/** Replaces what lies below a group, or above it. */
export const setSubGroups =
  (owner: 'containing_id' | 'sub_id', other: 'containing_id' | 'sub_id'): Field =>
  (write, list: GroupDescription[] | null) => {
    const { library, later } = write;
    later.push(() => {
      library.run(`delete from groups_relations where ${owner} = ?`, write.id);
      for (const { group_id, description } of list ?? []) {
        const pair = { [owner]: write.id, [other]: Number(group_id) };
        insert(library, pair.containing_id as number, pair.sub_id as number, description);
      }
    });
  };

export function addSubGroups(
  library: Library,
  containing: number,
  list: readonly GroupDescription[],
  index: number | null | undefined,
): void {
  const ids = list.map(({ group_id }) => Number(group_id));
  const there = library
    .rows('select sub_id from groups_relations where containing_id = ?', containing)
    .map(([sub]) => sub as number)
    .filter((sub) => ids.includes(sub));
  if (there.length > 0) throw new Error(`subgroups with IDs [${there.join(' ')}] already in group`);
  for (const { group_id, description } of list) {
    insert(library, containing, Number(group_id), description);
  }
  if (index === null || index === undefined) return;
  const at = library.scalar(
    'select sub_id from groups_relations where containing_id = ? and order_index = ?',
    containing,
    index,
  );
  if (typeof at !== 'number') return;
  reorderSubGroups(library, containing, ids, at, false);
}

export function reorderSubGroups(
  library: Library,
  containing: number,
  subs: readonly number[],
  at: number,
  after: boolean,
): void {
  for (const sub of subs) {
    const index = library.scalar(
      'select order_index from groups_relations where containing_id = ? and sub_id = ?',
      containing,
      at,
    );
    if (typeof index !== 'number') {
      throw new Error(`sub-group ${at} not found in containing group ${containing}`);
    }
    const next = library.scalar(
      'select min(order_index) from groups_relations where containing_id = ? and order_index > ?',
      containing,
      index,
    ) as number | null;
    const place = after ? (next ?? index + 1) : index;
    // By way of negative numbers: the index is unique at every moment.
    library.run(
      `update groups_relations set order_index = -order_index
       where containing_id = ? and order_index >= ?`,
      containing,
      place,
    );
    library.run(
      `update groups_relations set order_index = 1 - order_index
       where containing_id = ? and order_index < 0`,
      containing,
    );
    library.run(
      'update groups_relations set order_index = ? where containing_id = ? and sub_id = ?',
      place,
      containing,
      sub,
    );
  }
}
