import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { eventsOf, start, stowage, stowageProgram } from '../../test/support/program.ts';

test('simulate serves a made-up library until it is interrupted', async () => {
  const words = ['simulate', '--scenes', '30', '--images', '20', '--port', '0', '--json'];
  const program = start(stowageProgram, [...words, '--api-key', 'a key of its own']);
  await program.wrote('"listening"');
  const written = program.written.stdout;
  const { url } = eventsOf(written).find(({ event }) => event === 'listening') ?? { url: '' };
  const ask = (headers: { [name: string]: string }) =>
    fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query: '{findScenes{count} version{version}}' }),
    });
  assert.equal((await ask({})).status, 401);
  const { data } = (await (await ask({ ApiKey: 'a key of its own' })).json()) as {
    data: { findScenes: { count: number }; version: { version: string } };
  };
  assert.equal(data.findScenes.count, 30);
  assert.match(data.version.version, /^v0\.30/);
  program.child.kill('SIGINT');
  const { code, stdout, stderr } = await program.ended;
  assert.equal(code, 0);
  const { event, ok, requests } = eventsOf(stdout).at(-1) ?? { event: 'none' };
  assert.deepEqual({ event, ok, requests }, { event: 'summary', ok: true, requests: 2 });
  assert.doesNotMatch(stdout + stderr, /a key of its own/);
});

test('a port that is taken is named', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  const { code, stderr } = await stowage(['simulate', '--scenes', '1', '--port', String(port)]);
  other.close();
  assert.equal(code, 2);
  assert.match(stderr, new RegExp(`Something else listens on port ${port} already`));
});
