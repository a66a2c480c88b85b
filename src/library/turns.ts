import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** The last thing that was asked of a connection. It does one at a time, and is to be asked one at a time. */
const last = new WeakMap<ClientBase, Promise<unknown>>();

export function inTurn<T>(client: ClientBase, ask: () => Promise<T>): Promise<T> {
  const turn = (last.get(client) ?? Promise.resolve()).then(ask, ask);
  last.set(client, turn);
  return turn;
}

/** The connection that one of `inTurns` is. */
const underlying = new WeakMap<ClientBase, ClientBase>();

/**
 * The same connection for work that goes on side by side: a statement waits for the one before it. While PostgreSQL is busy
 * with what one needs, the others have the processor.
 */
export function inTurns(client: ClientBase): ClientBase {
  const shared: ClientBase = Object.create(client);
  const query = (...asked: unknown[]): Promise<unknown> =>
    inTurn(client, () => client.query(...(asked as [string])));
  underlying.set(shared, client);
  return Object.assign(shared, { query });
}

/** Sends a finished COPY (see `CopyRows`): `options` besides its being binary. */
export function copyInto(
  client: ClientBase,
  table: string,
  columns: readonly string[],
  bytes: Buffer,
  options = '',
): Promise<void> {
  const one = underlying.get(client) ?? client;
  const send = () =>
    new Promise<void>((resolve, reject) => {
      const stream = one.query(
        copyFrom(`COPY ${table} (${columns.join(', ')}) FROM STDIN (FORMAT binary${options})`),
      );
      stream.on('error', reject);
      stream.on('finish', resolve);
      stream.end(bytes);
    });
  return inTurn(one, send);
}
