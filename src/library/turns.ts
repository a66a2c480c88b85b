import type { ClientBase } from 'pg';

/** The last thing that was asked of a connection. It does one at a time, and is to be asked one at a time. */
const last = new WeakMap<ClientBase, Promise<unknown>>();

export function inTurn<T>(client: ClientBase, ask: () => Promise<T>): Promise<T> {
  const turn = (last.get(client) ?? Promise.resolve()).then(ask, ask);
  last.set(client, turn);
  return turn;
}

/**
 * The same connection for work that goes on side by side: a statement waits for the one before it. While PostgreSQL is busy
 * with what one needs, the others have the processor.
 */
export function inTurns(client: ClientBase): ClientBase {
  const shared: ClientBase = Object.create(client);
  const query = (...asked: unknown[]): Promise<unknown> =>
    inTurn(client, () => client.query(...(asked as [string])));
  return Object.assign(shared, { query });
}
