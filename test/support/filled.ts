/** Libraries of a test, made without a Stash. */
import pg from 'pg';
import { bufferSize } from '../../src/library/copy.ts';
import { Encoder } from '../../src/library/encode.ts';
import type { Feed, FirstImport } from '../../src/library/firstImport.ts';
import { type Kind, kindNames, type Rec } from '../../src/model/kinds.ts';
import { type Scope, testDatabase } from './database.ts';

/** Records as a source has them. */
export type Records = { [K in Kind]?: Rec<K>[] };

/** A connection to a new, empty library. */
export async function connected(t: Scope): Promise<{ client: pg.Client; url: string }> {
  const url = await testDatabase(t);
  const client = new pg.Client(url);
  await client.connect();
  client.on('error', () => {}); // its database is dropped under it at the end
  return { client, url };
}

/** A first import of these records, from a source called `main`. */
export function importOf(client: pg.Client, records: Records): FirstImport {
  return {
    client,
    source: { name: 'main', profile: { version: null, schema: 75, types: {} }, pictures: 'none' },
    road: 'snapshot',
    feed: feedOf(records),
    progress: () => {},
    signal: new AbortController().signal,
  };
}

const feedOf =
  (records: Records): Feed =>
  async (identity, send) => {
    const copies: Parameters<typeof send>[] = [];
    const encoder = new Encoder({
      identity,
      target: {
        buffer: () => Buffer.allocUnsafe(bufferSize),
        giveBack: () => {},
        send: (...copy) => copies.push(copy),
      },
    });
    for (const kind of kindNames) {
      for (const record of records[kind] ?? []) encoder.add(kind, record as never);
    }
    encoder.flush();
    for (const copy of copies) await send(...copy);
    const { counts, known, troubles } = encoder;
    return { counts, known: known.result(), troubles };
  };
