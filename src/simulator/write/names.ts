import type { Library } from '../library.ts';
import { trims, type Write } from './fields.ts';

type Input = { [field: string]: unknown };

/** A tag's or studio's name is unique ignoring (ASCII) case, and no other's alias. */
function checkName(
  { library, id }: Write,
  name: string,
  { table, aliases, key, word }: { table: string; aliases: string; key: string; word: string },
): void {
  const other = library.scalar(
    `select id from ${table} where name = ? collate nocase and id <> ?`,
    name,
    id,
  );
  if (other) throw new Error(`${word} with name '${name}' already exists`);
  const owner = library.scalar(
    `select t.name from ${aliases} a join ${table} t on t.id = a.${key}
     where a.alias = ? collate nocase and t.id <> ?`,
    name,
    id,
  );
  if (owner) throw new Error(`name '${name}' is used as alias for '${owner}'`);
}

const tagNames = { table: 'tags', aliases: 'tag_aliases', key: 'tag_id', word: 'tag' };
const studioNames = {
  table: 'studios',
  aliases: 'studio_aliases',
  key: 'studio_id',
  word: 'studio',
};

const asKept = (library: Library, list: unknown): string[] =>
  ((list ?? []) as string[]).map((alias) => (trims(library) ? alias.trim() : alias));

export function checkTag(write: Write, input: Input): void {
  const { library, id } = write;
  if (write.columns.name) checkName(write, String(write.columns.name), tagNames);
  for (const alias of asKept(library, input.aliases)) checkName(write, alias, tagNames);
  if (!id) return;
  for (const parent of (input.parent_ids ?? []) as string[]) {
    refuseLoop(library, id, id, Number(parent), 'parent', 'a descendant');
  }
  for (const child of (input.child_ids ?? []) as string[]) {
    refuseLoop(library, id, Number(child), id, 'child', 'an ancestor');
  }
}

/** What is to become a parent may not hang below, nor what is to become a child above. */
export function refuseLoop(
  library: Library,
  id: number,
  above: number,
  below: number,
  as: string,
  already: string,
): void {
  const path = library.scalar(
    `with recursive below(id, path) as (select id, name from tags where id = ?1
       union select r.child_id, b.path || '->' || t.name from tags_relations r
         join below b on r.parent_id = b.id join tags t on t.id = r.child_id where r.child_id <> ?1)
     select path from below where id = ?2 limit 1`,
    above,
    below,
  );
  if (path === undefined) return;
  const name = (tag: number) => library.scalar('select name from tags where id = ?', tag);
  const other = id === above ? below : above;
  throw new Error(
    `cannot apply tag "${name(other)}" as a ${as} of "${name(id)}" as it is already ${already} (${path})`,
  );
}

export function checkStudio(write: Write, input: Input): void {
  const { library, id, columns } = write;
  if (columns.name) checkName(write, String(columns.name), studioNames);
  for (const alias of asKept(library, input.aliases)) checkName(write, alias, studioNames);
  let ancestor = columns.parent_id as number | null | undefined;
  while (id && ancestor) {
    if (!library.scalar('select 1 from studios where id = ?', ancestor)) {
      throw new Error(`studio with id ${ancestor} not found`);
    }
    if (ancestor === id) throw new Error('studio cannot be an ancestor of itself');
    ancestor = library.scalar('select parent_id from studios where id = ?', ancestor) as number;
  }
}

/** A performer's name is unique together with its disambiguation; its aliases among themselves. */
export function checkPerformer(write: Write, input: Input): void {
  const { library, id, columns } = write;
  const [row] = library.objects('select name, disambiguation from performers where id = ?', id);
  const { name, disambiguation = null } = { ...row, ...columns } as Write['columns'];
  // None, an empty one and one of spaces are the same to it.
  const other = library.scalar(
    `select id from performers where name = ? collate nocase
       and trim(coalesce(disambiguation, '')) = trim(coalesce(?, '')) collate nocase and id <> ?`,
    name as string,
    disambiguation as string | null,
    id,
  );
  if (other) {
    const more = disambiguation ? ` and disambiguation '${disambiguation}'` : '';
    throw new Error(`performer with name '${name}'${more} already exists`);
  }
  const seen = new Set([String(name).toLowerCase()]);
  for (const alias of asKept(library, input.alias_list)) {
    if (seen.has(alias.toLowerCase())) {
      throw new Error(`performer contains duplicate alias '${alias}'`);
    }
    seen.add(alias.toLowerCase());
  }
  const days = { ...library.objects('select * from performers where id = ?', id)[0], ...columns };
  if (days.birthdate && days.death_date && days.birthdate > days.death_date) {
    throw new Error(`death date ${days.death_date} should be after birthdate ${days.birthdate}`);
  }
}
