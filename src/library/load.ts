import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { kindNames } from '../model/kinds.ts';
import type { Trouble } from '../model/reading.ts';
import { kindNumber, ownerColumn, storedFields, tableOf } from './layout.ts';

/** How many indexes and constraints are back, of how many. */
export type LoadProgress = (done: number, of: number) => void;

/**
 * The load of a first import, inside a transaction that the caller began: empties the tables and takes off their
 * indexes, constraints and triggers, takes finished COPYs one after another, and puts everything back. It either
 * happened or it did not; and tables emptied in the same transaction are written without a log where PostgreSQL allows it
 * (`wal_level = minimal`), and need no later freezing.
 */
export class Load {
  readonly #client: ClientBase;
  readonly #taken: Taken;

  private constructor(client: ClientBase, taken: Taken) {
    this.#client = client;
    this.#taken = taken;
  }

  static async begin(client: ClientBase): Promise<Load> {
    const taken = await readDefinitions(client);
    await client.query(`TRUNCATE ${[...importTables, linksTable].join(', ')}`);
    for (const { table, name } of taken.triggers) {
      await client.query(`DROP TRIGGER ${quote(name)} ON ${table}`);
    }
    for (const { table, name } of [...taken.foreignKeys, ...taken.keys]) {
      await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${quote(name)}`);
    }
    for (const { schema, name } of taken.indexes) {
      await client.query(`DROP INDEX ${quote(schema)}.${quote(name)}`);
    }
    return new Load(client, taken);
  }

  /** Takes one finished COPY (see `CopyRows`). */
  copy(table: string, columns: readonly string[], bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const stream = this.#client.query(
        copyFrom(`COPY ${table} (${columns.join(', ')}) FROM STDIN (FORMAT binary, FREEZE)`),
      );
      stream.on('error', reject);
      stream.on('finish', resolve);
      stream.end(bytes);
    });
  }

  /**
   * Puts indexes and constraints back. A reference to a record that never came (a row removed while the source was
   * being read) is taken out, and returned as a trouble.
   */
  async finish(progress: LoadProgress, signal?: AbortSignal): Promise<Trouble[]> {
    const client = this.#client;
    const troubles: Trouble[] = [];
    const { keys, indexes, foreignKeys } = this.#taken;
    const of = keys.length + indexes.length + foreignKeys.length;
    let done = 0;
    const step = async (run: () => Promise<unknown>) => {
      signal?.throwIfAborted();
      await run();
      progress(++done, of);
    };
    for (const { table, name, definition } of keys) {
      await step(() =>
        client.query(`ALTER TABLE ${table} ADD CONSTRAINT ${quote(name)} ${definition}`),
      );
    }
    for (const { definition } of indexes) await step(() => client.query(definition));
    for (const key of foreignKeys) {
      await step(async () => {
        const add = `ALTER TABLE ${key.table} ADD CONSTRAINT ${quote(key.name)} ${key.definition}`;
        await client.query('SAVEPOINT foreign_key');
        try {
          await client.query(add);
        } catch (error) {
          if ((error as { code?: string }).code !== foreignKeyViolation) throw error;
          await client.query('ROLLBACK TO SAVEPOINT foreign_key');
          troubles.push(...(await takeOutDangling(client, key)));
          await client.query(add);
        }
        await client.query('RELEASE SAVEPOINT foreign_key');
      });
    }
    for (const { definition } of this.#taken.triggers) await client.query(definition);
    // A fifth of the usual sample: rows of one import are alike, and the whole sample costs as much as half the indexes.
    await client.query('SET LOCAL default_statistics_target = 20');
    await client.query(`ANALYZE ${[...importTables, linksTable].join(', ')}`);
    return troubles;
  }
}

const foreignKeyViolation = '23503';
const linksTable = 'stowage.links';

/** Every table that an import fills. */
export const importTables: readonly string[] = [
  ...new Set(
    kindNames.flatMap((kind) => [
      `qar.${tableOf(kind)}`,
      ...storedFields[kind].flatMap(({ storage }) =>
        storage.in === 'column' ? [] : [`qar.${storage.table}`],
      ),
    ]),
  ),
];

interface Definition {
  table: string;
  name: string;
  definition: string;
}
interface ForeignKey extends Definition {
  column: string;
  target: string;
  notNull: boolean;
}
interface Taken {
  /** Primary keys and unique constraints. */
  keys: Definition[];
  foreignKeys: ForeignKey[];
  indexes: { schema: string; name: string; definition: string }[];
  /** What notes edits: an import is none. Even switched off they would have PostgreSQL set every row of a COPY aside. */
  triggers: Definition[];
}

/** From PostgreSQL's catalog, so that what a later migration adds is put back too. */
async function readDefinitions(client: ClientBase): Promise<Taken> {
  const tables = [...importTables, linksTable];
  const { rows: constraints } = await client.query(
    `SELECT c.conrelid::regclass::text AS table, c.conname AS name, c.contype AS type,
            pg_get_constraintdef(c.oid) AS definition, c.confrelid::regclass::text AS target,
            a.attname AS column, a.attnotnull AS "notNull"
       FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
      WHERE c.conrelid = ANY ($1::regclass[]) AND c.contype IN ('p', 'u', 'f')
      ORDER BY c.conrelid::regclass::text, c.conname`,
    [tables],
  );
  const { rows: indexes } = await client.query(
    `SELECT n.nspname AS schema, i.relname AS name, pg_get_indexdef(x.indexrelid) AS definition
       FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = i.relnamespace
      WHERE x.indrelid = ANY ($1::regclass[])
        AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.indexrelid AND c.contype IN ('p', 'u'))
      ORDER BY x.indrelid::regclass::text, i.relname`,
    [tables],
  );
  const { rows: triggers } = await client.query(
    `SELECT tgrelid::regclass::text AS table, tgname AS name, pg_get_triggerdef(oid) AS definition
       FROM pg_trigger WHERE tgrelid = ANY ($1::regclass[]) AND NOT tgisinternal ORDER BY 1, 2`,
    [tables],
  );
  return {
    triggers,
    keys: constraints.filter(({ type }) => type !== 'f'),
    foreignKeys: constraints.filter(({ type }) => type === 'f'),
    indexes,
  };
}

/** Empties a column, or removes the rows of a relation, where they name a record that is not there. */
async function takeOutDangling(client: ClientBase, key: ForeignKey): Promise<Trouble[]> {
  const missing = `NOT EXISTS (SELECT FROM ${key.target} target WHERE target.id = t.${key.column})`;
  const owner = ownerOf(key.table);
  if (!owner) throw new Error(`${key.table} is no table of an import`);
  const statement = key.notNull
    ? `DELETE FROM ${key.table} t WHERE ${missing} RETURNING t.${owner.column} AS id`
    : `UPDATE ${key.table} t SET ${key.column} = NULL
        WHERE ${key.column} IS NOT NULL AND ${missing} RETURNING t.${owner.column} AS id`;
  const { rows } = await client.query(
    `WITH taken AS (${statement})
     SELECT DISTINCT l.remote_id::float8 AS id FROM taken JOIN stowage.links l ON l.library_id = taken.id
      WHERE l.kind = $1 LIMIT 1000`,
    [kindNumber[owner.kind]],
  );
  return rows.map(({ id }) => ({
    kind: owner.kind,
    id,
    field: owner.fieldOf(key.column),
    why: 'names a record that the source does not have; left out',
  }));
}

/** Which kind owns a table, and which of its fields a column belongs to. */
function ownerOf(table: string) {
  for (const kind of kindNames) {
    const fields = storedFields[kind];
    if (table === `qar.${tableOf(kind)}`) {
      const fieldOf = (column: string) =>
        fields.find(({ storage }) => storage.in === 'column' && storage.column === column)?.name ??
        null;
      return { kind, column: 'id', fieldOf };
    }
    const child = fields.find(
      ({ storage }) => storage.in !== 'column' && `qar.${storage.table}` === table,
    );
    if (child) return { kind, column: ownerColumn[kind], fieldOf: () => child.name };
  }
  return undefined;
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
