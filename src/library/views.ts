import type { ClientBase } from 'pg';
import { plainColumn, plainTable } from '../model/vocabulary.ts';

/**
 * Schema `library`: views of the tables of `qar` under plain names, for people who write SQL. Made only on request:
 * who glances at a list of tables learns nothing unless the owner wanted it so.
 */
export async function makeViews(client: ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ table: string; columns: string[] }>(
    `SELECT c.relname AS table, array_agg(a.attname::text ORDER BY a.attnum) AS columns
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relnamespace = 'qar'::regnamespace AND c.relkind = 'r'
      GROUP BY c.relname ORDER BY c.relname`,
  );
  const views = rows.map(({ table, columns }) => {
    const shown = columns.filter((column) => column !== 'deleted_at');
    const selected = shown.map((column) => `"${column}" AS "${plainColumn(column)}"`).join(', ');
    const kept = columns.includes('deleted_at') ? ' WHERE deleted_at IS NULL' : '';
    const view = `library."${plainTable(table)}"`;
    return {
      view,
      definition: `CREATE VIEW ${view} AS SELECT ${selected} FROM qar."${table}"${kept}`,
    };
  });
  await client.query('BEGIN');
  try {
    await client.query('DROP SCHEMA IF EXISTS library CASCADE; CREATE SCHEMA library');
    for (const { definition } of views) await client.query(definition);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
  return views.map(({ view }) => view.replaceAll('"', ''));
}

export async function dropViews(client: ClientBase): Promise<void> {
  await client.query('DROP SCHEMA IF EXISTS library CASCADE');
}
