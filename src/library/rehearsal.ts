import type { ClientBase } from 'pg';

/**
 * Begins a transaction that is to be rolled back, to show what it would do. The numbers that it gives are taken back with it:
 * a sequence that was restarted in a transaction is a new one, and gone with a rollback.
 */
export async function beginRehearsal(client: ClientBase): Promise<void> {
  await client.query('BEGIN');
  const { rows } = await client.query<{ restart: string }>(
    `SELECT format('ALTER SEQUENCE %I.%I RESTART WITH %s', schemaname, sequencename,
       coalesce(last_value + increment_by, start_value)) AS restart
     FROM pg_sequences WHERE schemaname IN ('qar', 'stowage')`,
  );
  await client.query(rows.map(({ restart }) => restart).join(';'));
}
