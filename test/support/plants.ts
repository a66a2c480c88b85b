/** Differences to plant in a library, each in one field of one record, for whoever claims to find them. */
import { kindNumber, ownerColumn, type StoredField, tableOf } from '../../src/library/layout.ts';
import type { Kind } from '../../src/model/kinds.ts';

/**
 * Statements that each make a field of one record differ from `value`, which it has now, and nothing else. `$1` is
 * the record's id in the library.
 */
export function plants(kind: Kind, field: StoredField, value: unknown): string[] {
  const filled = !isEmpty(value);
  if (field.fact) return factPlants(kind, field, value, filled);
  const { storage } = field;
  switch (storage.in) {
    case 'column': {
      const set = (to: string) =>
        `UPDATE qar.${tableOf(kind)} SET ${storage.column} = ${to} WHERE id = $1`;
      return columnPlants(field, `${tableOf(kind)}.${storage.column}`, filled).map(set);
    }
    case 'join': {
      const owner = ownerColumn[kind];
      const extra = storage.extra.map((name) => (name === 'description' ? "'planted'" : '7'));
      const target = tableOf(field.target as Kind);
      return [
        `INSERT INTO qar.${storage.table} (${[owner, storage.target, ...storage.extra].join(', ')})
         SELECT ${['$1', 'id', ...extra].join(', ')} FROM qar.${target} t
          WHERE NOT EXISTS (SELECT FROM qar.${storage.table} WHERE ${owner} = $1 AND ${storage.target} = t.id)
          ORDER BY id LIMIT 1`,
        ...(filled ? rowPlants(storage.table, owner, storage.extra.map(changed)) : []),
      ];
    }
    case 'stashIds':
      return [
        `INSERT INTO qar.${storage.table} VALUES ($1, 'https://planted.example', 'planted')`,
        ...(filled
          ? rowPlants(storage.table, ownerColumn[kind], [
              `endpoint = endpoint || '!'`,
              `stash_id = stash_id || '!'`,
              `updated_at = '2001-02-03T04:05:06Z'`,
            ])
          : []),
      ];
    case 'voyages': {
      const own = `${ownerColumn[kind]} = $1 AND what = '${storage.what}'`;
      const one = `ctid = (SELECT ctid FROM qar.${storage.table} WHERE ${own} LIMIT 1)`;
      return [
        `INSERT INTO qar.${storage.table} (cargo_id, what, at) VALUES ($1, '${storage.what}', now())`,
        ...(filled
          ? [
              `DELETE FROM qar.${storage.table} WHERE ${one}`,
              `UPDATE qar.${storage.table} SET at = at + interval '1 second' WHERE ${one}`,
              // The same instant once more.
              `INSERT INTO qar.${storage.table} (cargo_id, what, at)
               SELECT cargo_id, what, at FROM qar.${storage.table} WHERE ${one}`,
            ]
          : []),
      ];
    }
    case 'fingerprints':
      throw new Error('fingerprints are facts');
  }
}

/** One of the rows that a relation has for the record: gone, or with one of these changes. */
function rowPlants(table: string, owner: string, changes: string[]): string[] {
  const one = `ctid = (SELECT ctid FROM qar.${table} WHERE ${owner} = $1 LIMIT 1)`;
  return [
    `DELETE FROM qar.${table} WHERE ${one}`,
    ...changes.map((change) => `UPDATE qar.${table} SET ${change} WHERE ${one}`),
  ];
}

const changed = (column: string): string =>
  column === 'description'
    ? `description = description || '!'`
    : `${column} = coalesce(${column}, 0) + 1`;

/** What to set a column to. */
function columnPlants({ name, shape, target }: StoredField, column: string, filled: boolean) {
  const needed = name === 'oCounter' || name === 'playDuration';
  const empty = filled && !needed ? ['NULL'] : [];
  switch (shape) {
    case 'text':
      return [`${column} || ' '`, ...(filled ? [`''`] : [])];
    case 'integer':
      return [`coalesce(${column}, 0) + 1`, ...empty];
    case 'real':
      return [`coalesce(${column}, 0) + 0.001`, ...empty];
    case 'flag':
      return [`NOT ${column}`];
    case 'date':
      return [`'1987'`, ...empty];
    case 'choice':
      return [`'PLANTED'`, ...empty];
    case 'picture':
      return [
        `(SELECT md5 FROM qar.pictures WHERE md5 IS DISTINCT FROM ${column} LIMIT 1)`,
        `repeat('f', 32)`, // which is not held: shown as none
        ...empty,
      ];
    case 'document':
      return [`'{"planted": 1}'`, ...empty];
    case 'ref':
      return [
        `(SELECT id FROM qar.${tableOf(target as Kind)} t
           WHERE t.id IS DISTINCT FROM ${column} AND t.id <> $1 ORDER BY id LIMIT 1)`,
        ...empty,
      ];
    case 'names':
    case 'urls':
      return [`array_append(${column}, 'planted')`, ...(filled ? [`${column}[2:]`] : [])];
    case 'customFields':
      return [`${column} || '{"planted": null}'`, ...(filled ? [`'{}'`] : [])];
    default:
      throw new Error(`nothing to plant in ${name}`);
  }
}

/** Facts are kept with the link. */
function factPlants(kind: Kind, { name, shape }: StoredField, value: unknown, filled: boolean) {
  const set = (facts: string) =>
    `UPDATE stowage.links SET facts = ${facts} WHERE library_id = $1 AND kind = ${kindNumber[kind]}`;
  const to = (json: unknown) =>
    set(`facts || jsonb_build_object('${name}', '${JSON.stringify(json)}'::jsonb)`);
  const gone = filled ? [set(`facts - '${name}'`)] : [];
  switch (shape) {
    case 'text':
      return [to('planted'), ...gone];
    case 'instant':
      return [to('2001-02-03T04:05:06Z'), ...gone];
    case 'integer':
    case 'real':
      return [to(Number(value) + 1), ...gone];
    case 'flag':
      return [to(!value)];
    case 'ref':
      return [to(Number(value) + 1), ...gone];
    case 'files':
      return [to([...(value as number[]), 1_000_000]), ...gone];
    case 'document': {
      const first = (value as { [key: string]: unknown }[])?.[0] ?? value;
      const inside = Object.keys(first ?? {}).map((key) => {
        const other = { ...(first as object), [key]: 'planted' };
        return to(Array.isArray(value) ? [other, ...value.slice(1)] : other);
      });
      return [to(Array.isArray(value) ? [...value, {}] : { planted: 1 }), ...inside, ...gone];
    }
    default:
      throw new Error(`nothing to plant in the fact ${name}`);
  }
}

export const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.keys(value).length === 0
    : value === null || value === '' || value === false || value === 0;
