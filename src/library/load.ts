import type { ClientBase } from 'pg';
import { kindNames } from '../model/kinds.ts';
import type { Trouble } from '../model/reading.ts';
import { BareTables, type ForeignKey, type PutBackProgress } from './bareTables.ts';
import {
  importTables,
  kindNumber,
  linksTable,
  ownerColumn,
  storedFields,
  tableOf,
} from './layout.ts';
import { analyze } from './statistics.ts';
import { copyInto } from './turns.ts';

/**
 * The load of a first import, inside a transaction that the caller began: takes finished COPYs into bare tables, one after
 * another, and puts indexes and constraints back. It either happened or it did not; and tables emptied in the same
 * transaction are written without a log where PostgreSQL allows it (`wal_level = minimal`), and need no later freezing.
 */
export class Load {
  readonly #client: ClientBase;
  readonly #tables: BareTables;

  private constructor(client: ClientBase, tables: BareTables) {
    this.#client = client;
    this.#tables = tables;
  }

  static async begin(client: ClientBase): Promise<Load> {
    return new Load(client, await BareTables.empty(client, [...importTables, linksTable]));
  }

  /** Takes one finished COPY (see `CopyRows`). */
  copy(table: string, columns: readonly string[], bytes: Buffer): Promise<void> {
    return copyInto(this.#client, table, columns, bytes, ', FREEZE');
  }

  /**
   * Puts indexes and constraints back. A reference to a record that never came (a row removed while the source was
   * being read) is taken out, and returned as a trouble.
   */
  async finish(progress: PutBackProgress, signal?: AbortSignal): Promise<Trouble[]> {
    const client = this.#client;
    const troubles: Trouble[] = [];
    await this.#tables.putBack(progress, signal, async (key) => {
      troubles.push(...(await takeOutDangling(client, key)));
    });
    await analyze(client, [...importTables, linksTable]);
    return troubles;
  }
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
