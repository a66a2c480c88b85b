/** What this folder's tests share: small servers on loopback. */
import { once } from 'node:events';
import { createServer, type RequestListener, request as send } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import type { TestContext } from 'node:test';
import { type ClientOptions, StashClient } from './client.ts';

/** A server on loopback, and a client of it; both gone when the test is. */
export async function serve(
  t: TestContext,
  listener: RequestListener,
  options: Partial<ClientOptions> = {},
): Promise<{ port: number; client: StashClient }> {
  const server = createServer(listener);
  const port = await listen(server);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const client = open(t, { address: `http://127.0.0.1:${port}`, ...options });
  return { port, client };
}

/** The port that the server got. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export function open(t: TestContext, options: ClientOptions): StashClient {
  const client = new StashClient({ firstPause: 1, ...options });
  t.after(() => client.close());
  return client;
}

/** Answers each request with the next of these, the last one for ever. */
export function inTurn(...listeners: RequestListener[]): RequestListener & { asked: number } {
  const all = Object.assign(
    ((request, response) => {
      const listener = listeners[Math.min(all.asked++, listeners.length - 1)];
      request.resume().on('end', () => listener?.(request, response));
    }) as RequestListener,
    { asked: 0 },
  );
  return all;
}

export const answer =
  (status: number, body: string, headers: { [name: string]: string } = {}): RequestListener =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);

/** A server in front of another one's GraphQL, which may change its answers. */
export const inFrontOf =
  (
    url: string,
    change: (told: string, operation: string) => string,
    headers: { [name: string]: string } = {},
  ): RequestListener =>
  async (request, response) => {
    const body = (await request.toArray()).join('');
    const type = { 'content-type': 'application/json' };
    const forwarded = send(`${url}/graphql`, { method: 'POST', headers: type, agent: false });
    // One that was given up by its caller is nobody's concern.
    forwarded.on('error', () => response.destroy());
    forwarded.on('response', async (answered) => {
      const told = (await answered.toArray()).join('');
      response.writeHead(200, { ...type, ...headers });
      response.end(change(told, JSON.parse(body || '{}').operationName));
    });
    forwarded.end(body);
  };
