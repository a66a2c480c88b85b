import type { ClientBase } from 'pg';

/** How many indexes and constraints are back, of how many. */
export type PutBackProgress = (done: number, of: number) => void;

interface Definition {
  table: string;
  name: string;
  definition: string;
}
export interface ForeignKey extends Definition {
  column: string;
  target: string;
  notNull: boolean;
}

/**
 * Tables without their indexes, constraints and triggers, so that rows go in fast and in any order; inside a transaction
 * that the caller began.
 */
export class BareTables {
  readonly #client: ClientBase;
  readonly #taken: Taken;

  private constructor(client: ClientBase, taken: Taken) {
    this.#client = client;
    this.#taken = taken;
  }

  /** Empties the tables, and takes everything off. */
  static async empty(client: ClientBase, tables: readonly string[]): Promise<BareTables> {
    const taken = await readDefinitions(client, tables);
    await client.query(`TRUNCATE ${tables.join(', ')}`);
    for (const { table, name } of taken.triggers) {
      await client.query(`DROP TRIGGER ${quote(name)} ON ${table}`);
    }
    for (const { table, name } of [...taken.foreignKeys, ...taken.keys]) {
      await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${quote(name)}`);
    }
    for (const { schema, name } of taken.indexes) {
      await client.query(`DROP INDEX ${quote(schema)}.${quote(name)}`);
    }
    return new BareTables(client, taken);
  }

  /**
   * Puts everything back.
   *
   * @param violated mends what violates a foreign key; without it that fails
   */
  async putBack(
    progress: PutBackProgress,
    signal?: AbortSignal,
    violated?: (key: ForeignKey) => Promise<void>,
  ): Promise<void> {
    const client = this.#client;
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
          if (!violated || (error as { code?: string }).code !== foreignKeyViolation) throw error;
          await client.query('ROLLBACK TO SAVEPOINT foreign_key');
          await violated(key);
          await client.query(add);
        }
        await client.query('RELEASE SAVEPOINT foreign_key');
      });
    }
    for (const { definition } of this.#taken.triggers) await client.query(definition);
  }
}

const foreignKeyViolation = '23503';

interface Taken {
  /** Primary keys and unique constraints. */
  keys: Definition[];
  foreignKeys: ForeignKey[];
  indexes: { schema: string; name: string; definition: string }[];
  /** What notes edits: an import is none. Even switched off they would have PostgreSQL set every row of a COPY aside. */
  triggers: Definition[];
}

/** From PostgreSQL's catalog, so that what a later migration adds is put back too. */
async function readDefinitions(client: ClientBase, tables: readonly string[]): Promise<Taken> {
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

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
