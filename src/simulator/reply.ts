import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';

export interface Reply {
  status: number;
  headers: { [name: string]: string };
  body: Buffer | { file: string; size: number };
}

export const reply = (
  status: number,
  type: string,
  body: string | Buffer = '',
  headers: { [name: string]: string } = {},
): Reply => ({
  status,
  headers: { ...(type ? { 'content-type': type } : {}), ...headers },
  body: typeof body === 'string' ? Buffer.from(body) : body,
});

export const plainText = 'text/plain; charset=utf-8';
export const notFound = () => reply(404, plainText, 'Not Found\n');

/** Where an answer breaks off, and how. */
export interface Break {
  kind: 'reset' | 'truncate' | 'stall';
  after: number;
}

export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Reply,
  broken?: Break,
): Promise<void> {
  const { status, headers, body, start, end } = ranged(request, compressed(request, answer));
  const length = end - start;
  response.writeHead(status, { vary: 'Origin', ...headers });
  if (request.method === 'HEAD' || length === 0) {
    response.end();
    return;
  }
  if (broken) {
    const until = start + Math.min(broken.after, length - 1);
    await write(response, body, start, until);
    await breakOff(request, response, broken.kind);
  } else {
    await write(response, body, start, end);
    response.end();
  }
}

/** As a real server: JSON, HTML and drawings when asked; never a download, nor `application/graphql-response+json`. */
const compressible = /^(application\/json|text\/html|image\/svg\+xml)/;

function compressed(request: IncomingMessage, answer: Reply): Reply {
  const { headers, body } = answer;
  if (!Buffer.isBuffer(body) || body.length === 0) return answer;
  if (!compressible.test(headers['content-type'] ?? '')) return answer;
  if (!/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) return answer;
  return {
    ...answer,
    headers: { ...headers, 'content-encoding': 'gzip' },
    body: gzipSync(body, { level: 4 }),
  };
}

function ranged(request: IncomingMessage, answer: Reply) {
  const { status, body } = answer;
  const size = Buffer.isBuffer(body) ? body.length : body.size;
  const headers = { ...answer.headers };
  const whole = { status, headers, body, start: 0, end: size };
  // JSON goes out in chunks, as from a real server; the rest tells its length.
  if (!headers['content-type']?.includes('json')) headers['content-length'] = String(size);
  if (headers['accept-ranges'] !== 'bytes' || status !== 200) return whole;
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (!range) return whole;
  const start = Number(range[1]);
  const end = range[2] ? Math.min(Number(range[2]) + 1, size) : size;
  if (start >= end) {
    headers['content-range'] = `bytes */${size}`;
    headers['content-length'] = '0';
    return { status: 416, headers, body, start: 0, end: 0 };
  }
  headers['content-range'] = `bytes ${start}-${end - 1}/${size}`;
  headers['content-length'] = String(end - start);
  return { status: 206, headers, body, start, end };
}

async function write(
  response: ServerResponse,
  body: Reply['body'],
  start: number,
  end: number,
): Promise<void> {
  if (end <= start) return;
  if (Buffer.isBuffer(body)) {
    await new Promise<void>((done) => response.write(body.subarray(start, end), () => done()));
    return;
  }
  const source: Readable = createReadStream(body.file, { start, end: end - 1 });
  await pipeline(source, response, { end: false });
}

async function breakOff(
  request: IncomingMessage,
  response: ServerResponse,
  kind: Break['kind'],
): Promise<void> {
  const { socket } = request;
  if (kind === 'reset') socket.resetAndDestroy();
  else if (kind === 'truncate') socket.destroySoon();
  else await new Promise((closed) => response.once('close', closed));
}
