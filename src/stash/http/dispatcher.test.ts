import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import { connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { inspect } from 'node:util';
import type { StowageError } from '../../model/errors.ts';
import { answer, listen, open, serve } from '../testing.ts';
import { ServerStatusDocument } from '../types.ts';

const fine = answer(200, JSON.stringify({ data: { version: { version: 'v0.30.1' } } }));

const folder = mkdtempSync(join(tmpdir(), 'stowage-tls-'));
after(() => rmSync(folder, { recursive: true }));
const pem = certificates();
const skip = pem ? false : 'no openssl here to make certificates with';

/** One certificate that signs, one for 127.0.0.1, one for the client. */
function certificates() {
  const run = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] });
  const signed = (name: string, ...more: string[]) =>
    run(
      ...`req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout ${name}.key -out ${name}.crt -subj /CN=${name}`.split(
        ' ',
      ),
      ...more,
    );
  try {
    signed('ca');
    for (const name of ['server', 'client']) {
      signed(
        name,
        '-CA',
        'ca.crt',
        '-CAkey',
        'ca.key',
        '-addext',
        'subjectAltName=IP:127.0.0.1',
        '-addext',
        'basicConstraints=critical,CA:FALSE',
      );
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !process.env.CI) return null;
    throw error;
  }
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  return {
    ca: read('ca.crt'),
    server: { cert: read('server.crt'), key: read('server.key') },
    client: { cert: read('client.crt'), key: read('client.key') },
  };
}

describe('HTTPS', { skip }, () => {
  const start = async (t: TestContext, options: ServerOptions = {}) => {
    const server = createHttpsServer({ ...pem?.server, ...options }, fine);
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return { server, address: `https://127.0.0.1:${await listen(server)}` };
  };

  test('with a certificate of one’s own is trusted once its signer is given', async (t) => {
    const { address } = await start(t);
    const distrusting = open(t, { address });
    await assert.rejects(distrusting.request(ServerStatusDocument, {}), (error: StowageError) => {
      assert.equal(error.code, 'source.tls');
      assert.match(error.remedy ?? '', /--ca/);
      return true;
    });
    const trusting = open(t, { address, ca: pem?.ca ?? '' });
    await trusting.request(ServerStatusDocument, {});
  });

  test('shows the gateway the certificate that it asks for', async (t) => {
    const gateway = { ca: pem?.ca ?? '', requestCert: true, rejectUnauthorized: true };
    const { server, address } = await start(t, gateway);
    const callers: unknown[] = [];
    server.on('request', ({ socket }) =>
      callers.push((socket as TLSSocket).getPeerCertificate().subject.CN),
    );
    const ca = pem?.ca ?? '';
    await assert.rejects(open(t, { address, ca }).request(ServerStatusDocument, {}));
    const known = open(t, { address, ca, ...(pem && { certificate: pem.client }) });
    await known.request(ServerStatusDocument, {});
    assert.deepEqual(callers, ['client']);
  });

  test('asked of a server that speaks HTTP says so', async (t) => {
    const { port } = await serve(t, fine);
    const client = open(t, { address: `https://127.0.0.1:${port}` });
    await assert.rejects(client.request(ServerStatusDocument, {}), (error: StowageError) => {
      assert.equal(error.code, 'source.tls');
      assert.match(error.remedy ?? '', /http:\/\/127/);
      return true;
    });
  });

  test('goes through an HTTP proxy as a tunnel', async (t) => {
    const { address } = await start(t);
    const proxy = createHttpServer();
    const asked: unknown[] = [];
    proxy.on('connect', (request, socket) => {
      asked.push(request.url, request.headers['proxy-authorization']);
      const [host, port] = request.url?.split(':') ?? [];
      const there = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        there.pipe(socket).pipe(there);
      });
    });
    const port = await listen(proxy);
    t.after(() => proxy.close());
    const client = open(t, {
      address,
      ca: pem?.ca ?? '',
      proxy: `http://me:pass@127.0.0.1:${port}`,
    });
    await client.request(ServerStatusDocument, {});
    assert.deepEqual(asked, [new URL(address).host, `Basic ${btoa('me:pass')}`]);
    await client.close();
  });
});

test('HTTP goes through an HTTP proxy without a tunnel, which many allow for HTTPS only', async (t) => {
  const { port } = await serve(t, fine);
  const proxy = await serve(t, (request, response) => {
    const { method = 'GET', headers } = request;
    request.pipe(
      httpRequest(request.url ?? '', { method, headers }, (answered) => {
        response.writeHead(answered.statusCode ?? 0, { ...answered.headers, via: 'proxy' });
        answered.pipe(response);
      }),
    );
  });
  const options = { address: `127.0.0.1:${port}`, proxy: `http://127.0.0.1:${proxy.port}` };
  const media = await open(t, options).media('/graphql');
  assert.equal(media?.headers.via, 'proxy');
  media.body.destroy();
});

describe('a SOCKS5 proxy', () => {
  /** RFC 1928 and 1929, as much as one connection needs. */
  const socks = async (t: TestContext, password: string) => {
    const reached: string[] = [];
    const server = createTcpServer(async (socket) => {
      const next = async (): Promise<Buffer> => (await once(socket, 'data'))[0];
      await next();
      socket.write(Buffer.from([5, 2]));
      const login = await next();
      const given = login.subarray(3 + (login[1] ?? 0)).toString();
      socket.write(Buffer.from([1, given === password ? 0 : 1]));
      if (given !== password) return void socket.end();
      const wanted = await next();
      const name = wanted.subarray(5, -2).toString();
      reached.push(name);
      const there = connect(wanted.readUInt16BE(wanted.length - 2), '127.0.0.1', () => {
        socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
        there.pipe(socket).pipe(there);
      });
    });
    const port = await listen(server);
    t.after(() => server.close());
    return { reached, address: (pass: string) => `socks5://me:${pass}@127.0.0.1:${port}` };
  };

  test('is asked for the host by its name', async (t) => {
    const { port } = await serve(t, fine);
    const { reached, address } = await socks(t, 'pass');
    const client = open(t, { address: `http://stash.internal:${port}`, proxy: address('pass') });
    await client.request(ServerStatusDocument, {});
    assert.deepEqual(reached, ['stash.internal']);
    await client.close();
  });

  test('that refuses is not told on with its password', async (t) => {
    const { address } = await socks(t, 'pass');
    const client = open(t, { address: 'http://stash.internal', proxy: address('not-this-one') });
    await assert.rejects(client.request(ServerStatusDocument, {}), (error: StowageError) => {
      assert.equal(error.code, 'source.unreachable');
      assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /not-this-one/);
      return true;
    });
  });
});

test('what is no proxy is refused', () => {
  assert.throws(() => open({} as never, { address: 'stash', proxy: 'ftp://x' }), { code: 'usage' });
});
